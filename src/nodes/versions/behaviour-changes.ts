// What results depend on besides inputs: the changes between releases of ComfyUI, in one table.
import type { SamplerRules } from '../../sampling/sampling-types.ts';
import { includes, type Release } from './comfyui-versions.ts';

interface BehaviourChange<T> {
  /** The first release with the change. */
  readonly since: Release;
  /** One sentence for the documentation. */
  readonly what: string;
  /** The nodes, samplers or requests whose results it changes. */
  readonly where: string;
  readonly before: T;
  readonly after: T;
}

const change = <T>(entry: BehaviourChange<T>): BehaviourChange<T> => entry;

/** The changes in the order of releases, by the name under which code reads them. */
export const BEHAVIOUR_CHANGES = {
  previewIndent: change<number | undefined>({
    since: '0.3.65',
    what: 'Lists and dictionaries are shown on several lines, indented by 4; before, on one.',
    where: 'PreviewAny',
    before: undefined,
    after: 4,
  }),
  alphaIsAddedInBatches: change<boolean>({
    since: '0.3.71',
    what:
      'An image without alpha that is joined to one with alpha becomes opaque; before, an ' +
      'error.',
    where: 'ImageBatch',
    before: false,
    after: true,
  }),
  maskPreviewHasWorkflow: change<boolean>({
    since: '0.4.0',
    what:
      'Files contain no workflow, and clients are told that they are not animated; before, they ' +
      'were saved as SaveImage saves images.',
    where: 'MaskPreview',
    before: true,
    after: false,
  }),
  saSolverReturnsPrediction: change<boolean>({
    since: '0.5.1',
    what:
      'A run whose last sigma is not 0 returns the last predicted latent; before, it returned ' +
      'the latent before the last step.',
    where: 'sa_solver, sa_solver_pece',
    before: false,
    after: true,
  }),
  wholePixelsInTotal: change<boolean>({
    since: '0.6.0',
    what:
      'The number of pixels that sides are computed from is not rounded down to a whole number: ' +
      'one side in a thousand is a pixel longer.',
    where: 'ImageScaleToTotalPixels',
    before: true,
    after: false,
  }),
  ancestralSeedOffset: change<bigint>({
    since: '0.7.0',
    what:
      'On the CPU, the noise added between steps is that of seed + 1; before, its first draw was ' +
      'the initial noise again. (On a GPU the two were never equal.)',
    where:
      'euler_ancestral, euler_ancestral_cfg_pp, dpm_2_ancestral, dpmpp_2s_ancestral, ' +
      'dpmpp_2s_ancestral_cfg_pp, ddpm, lcm, res_multistep_ancestral, ' +
      'res_multistep_ancestral_cfg_pp, er_sde, seeds_2, seeds_3, sa_solver, sa_solver_pece, ' +
      'SamplerDPMAdaptative with eta above 0',
    before: 0n,
    after: 1n,
  }),
  oneImageHasAnimatedFlag: change<boolean>({
    since: '0.7.0',
    what:
      'Clients show a single image as an image; before, that of SaveAnimatedPNG as an animation ' +
      '(`animated` of the output).',
    where: 'SaveAnimatedPNG, SaveAnimatedWEBP',
    before: true,
    after: false,
  }),
  missingNodesHaveTitles: change<boolean>({
    since: '0.12.0',
    what:
      'Nodes of a missing or unknown class are errors of the type `missing_node_type` with the ' +
      "node's id, class and title; before, of the type `invalid_prompt`.",
    where: '`POST /prompt`',
    before: false,
    after: true,
  }),
  previewEdgeItems: change<number>({
    since: '0.20.0',
    what: 'Of a long axis of a tensor, 6 elements are shown at each end; before, 3.',
    where: 'PreviewAny',
    before: 3,
    after: 6,
  }),
  cyclesAreNamed: change<boolean>({
    since: '0.20.0',
    what:
      'Nodes that are connected in a cycle get an error of the type `dependency_cycle` each; ' +
      'before, Python ran out of stack (`exception_during_inner_validation`).',
    where: '`POST /prompt`',
    before: false,
    after: true,
  }),
  readsImagesAsFfmpeg: change<boolean>({
    since: '0.21.0',
    what:
      'Files are read by FFmpeg (PyAV) instead of Pillow: chroma of JPEG is repeated where the ' +
      'height is even, grey is not on 8-bit levels (white is 0.9961), palettes and GIF files ' +
      'have a mask of the full size, and LoadImageMask returns what LoadImage does, of all frames.',
    where: 'LoadImage, LoadImageOutput, LoadImageMask, WebcamCapture',
    before: false,
    after: true,
  }),
  counterEndsAtDot: change<boolean>({
    since: '0.21.0',
    what:
      'Files without an underscore after the number (`a_00007.png`) count too when a new file is ' +
      'numbered.',
    where: 'all nodes that save files',
    before: false,
    after: true,
  }),
  shorterBatchIsRepeated: change<boolean>({
    since: '0.21.0',
    what:
      'Of images and masks, the shorter batch is repeated to the length of the longer; before, ' +
      'the longer was cut.',
    where: 'JoinImageWithAlpha',
    before: false,
    after: true,
  }),
  refusedValuesAreRepr: change<boolean>({
    since: '0.21.0',
    what:
      'Details of `value_not_in_list` contain the value as repr() prints it; before, in ' +
      'quotes.',
    where: '`POST /prompt`',
    before: false,
    after: true,
  }),
  lcmNeedsTwoSigmas: change<boolean>({
    since: '0.21.1',
    what: 'A single sigma is an error; before, the latent came back as it was.',
    where: 'lcm, SamplerLCM',
    before: false,
    after: true,
  }),
  featherStartsAtEdge: change<boolean>({
    since: '0.22.0',
    what:
      'The fades of the right and bottom edges begin at the last column and row; before, their ' +
      'weakest step fell on the first column and row.',
    where: 'FeatherMask',
    before: false,
    after: true,
  }),
  embeddingsEndAtBrackets: change<boolean>({
    since: '0.28.0',
    what:
      'The name after `embedding:` ends at `<` or `[` too, from where on the text is tokenized, ' +
      'and `embedding:` may follow any white space; before, names ended at white space only, and ' +
      '`embedding:` had to follow a space or a line break.',
    where: 'all nodes that encode prompts',
    before: false,
    after: true,
  }),
  etaScalesErSde: change<boolean>({
    since: '0.32.0',
    what:
      'eta scales the noise of solver_type ER-SDE too, and 0 makes it an ODE; before, that ' +
      'solver did not use eta.',
    where: 'SamplerER_SDE',
    before: false,
    after: true,
  }),
  flowRescalesDenoised: change<boolean>({
    since: '0.33.0',
    what:
      'Of flow models, the deviation of denoised latents is rescaled; before, that of what would ' +
      'be velocities in other models.',
    where: 'RescaleCFG',
    before: false,
    after: true,
  }),
  previewIsAscii: change<boolean>({
    since: '0.33.0',
    what: 'Characters beyond ASCII in lists and dictionaries are shown; before, as \\uXXXX.',
    where: 'PreviewAny',
    before: true,
    after: false,
  }),
} as const;

type Changes = typeof BEHAVIOUR_CHANGES;

/** How a release behaves: one value per change. */
export type Behaviour = SamplerRules & {
  readonly [Name in keyof Changes]: Changes[Name]['after'];
};

/** How a release of ComfyUI behaves; one older than all changes behaves like the oldest known. */
export const behaviourOf = (release: Release): Behaviour =>
  Object.fromEntries(
    Object.entries(BEHAVIOUR_CHANGES).map(([name, { since, before, after }]) => [
      name,
      includes(release, since) ? after : before,
    ]),
  ) as unknown as Behaviour;
