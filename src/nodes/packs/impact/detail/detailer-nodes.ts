// Detailers: parts of a picture drawn anew at a larger size. Source: Impact Pack impact_pack.py, segs_nodes.py.
import { squeezeMask } from '../../../../image/mask/mask-shape.ts';
import { pythonRandom } from '../../../../random/python-random.ts';
import type { Refiner } from '../../../../sampling/runs/refined.ts';
import type { SamplingHooks } from '../../../../sampling/sampling-types.ts';
import {
  type DetailerResult,
  detailForEach,
  detailSegs,
} from '../../../../segs/detail/detailer.ts';
import type { EnhanceSettings } from '../../../../segs/detail/enhance-segment.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import { maskToSegs } from '../../../../segs/make/mask-to-segs.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { concatBatch, type Tensor } from '../../../../tensor/tensor.ts';
import { parseSegmentPrompts, type SegmentPrompts } from '../../../../text/segment-prompts.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  defineNode,
  float,
  type InputValues,
  int,
  type NodeResult,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import { blankImage } from '../control/segs-preview-nodes.ts';
import { encodeWithLoras } from '../control/wildcard-nodes.ts';
import {
  denoiseSamplerOf,
  enabled,
  feather,
  optionalInpaintInputs,
  requireSingleImage,
  samplerInputs,
  schedulerFunc,
  segmentDenoise,
} from '../impact-inputs.ts';
import type { BasicPipe } from '../impact-sockets.ts';

const DETAILER = 'ImpactPack/Detailer';

const size = (value: number, tooltip: string) =>
  float({ default: value, min: 64, max: MAX_RESOLUTION, step: 8, tooltip });
const guide = (on = 'bbox', off = 'crop_region', most = 1024) => ({
  guide_size: size(512, 'What the shorter side of a part becomes.'),
  guide_size_for: boolean({
    default: true,
    label_on: on,
    label_off: off,
    tooltip: 'Which side: of the bbox, or with its surroundings.',
  }),
  max_size: size(most, 'The longer side becomes no more.'),
});
const noiseMask = { noise_mask: enabled(true), force_inpaint: enabled(true) };
const cycle = {
  cycle: int({
    default: 1,
    min: 1,
    max: 10,
    step: 1,
    tooltip: 'How often each part is sampled, one after the other.',
  }),
};
const wildcard = {
  wildcard: string({
    multiline: true,
    dynamicPrompts: false,
    tooltip: 'A prompt for the parts, if not empty.',
  }),
};
const refinerRatio = {
  refiner_ratio: float({
    default: 0.2,
    min: 0,
    max: 1,
    tooltip: "Share of the steps that are the refiner's.",
  }),
};
const hook = { detailer_hook: socket('DETAILER_HOOK', { optional: true }) };
const refinerPipe = { refiner_basic_pipe_opt: socket('BASIC_PIPE', { optional: true }) };
const options = { ...optionalInpaintInputs, ...schedulerFunc };

export const detailWidgets = { guide, noiseMask, cycle, wildcard, refinerRatio, options, hook };

/** What every detailer's settings are made of. */
export type DetailInputs = Partial<InputValues<typeof options>> &
  InputValues<typeof samplerInputs & typeof cycle & ReturnType<typeof guide>> & {
    readonly denoise: number;
    readonly force_inpaint?: boolean;
  };

type Models = Pick<BasicPipe, 'model' | 'vae' | 'positive' | 'negative'>;

/** The refiner of a pipe; undefined where one of its parts is missing. */
export function refinerOf(
  pipe: Partial<Omit<BasicPipe, 'vae'>> | undefined,
  ratio: number | undefined,
): Refiner | undefined {
  const { model, clip, positive, negative } = pipe ?? {};
  return model && clip && positive && negative && ratio !== undefined
    ? { model, positive, negative, ratio }
    : undefined;
}

/** Settings of a detailer. Absent optional inputs are what the original's functions have for them, not what its widgets show. */
export function detailSettings(
  { model, vae, positive, negative }: Models,
  i: DetailInputs,
  { signal, warn }: NodeContext,
): EnhanceSettings {
  return {
    sampler: denoiseSamplerOf({ model, positive, negative }, i),
    vae,
    guideSize: i.guide_size,
    guideSizeForBbox: i.guide_size_for,
    maxSize: i.max_size,
    forceInpaint: i.force_inpaint ?? true,
    cycle: i.cycle,
    inpaintModel: i.inpaint_model ?? false,
    noiseMaskFeather: i.noise_mask_feather ?? 0,
    signal,
    warn,
  };
}

/** Reports parts as text, and steps over all parts as progress. */
export function segmentProgress(
  context: NodeContext,
  steps: number,
): { onSegment(done: number, total: number): void; onStep: Required<SamplingHooks>['onStep'] } {
  const { status, progress } = context;
  let [part, count, step] = [0, 0, 0];
  const reached = (): [number, number] => [
    Math.min(part * steps + step, count * steps),
    count * steps,
  ];
  const { onStep } = samplingHooks(context, () => {
    step = Math.min(step + 1, steps);
    return reached();
  });
  return {
    onStep,
    onSegment(done, total) {
      [part, count, step] = [done, total, 0];
      status(
        done < total ? `${done + 1}/${total} segments` : '',
        total > 0 ? done / total : undefined,
      );
      if (total > 0) progress(...reached());
    },
  };
}

/** The texts of a detailer's wildcard; random choices follow from the seed, where the original draws from a generator that nobody seeds. */
const promptsOf = (text: string | undefined, seed: bigint): SegmentPrompts | undefined =>
  text === undefined ? undefined : parseSegmentPrompts(text, pythonRandom(seed));

export interface DetailCall {
  readonly image: Tensor;
  readonly segs: Segs;
  readonly pipe: BasicPipe;
  readonly refiner?: Refiner;
  readonly inputs: DetailInputs & { readonly feather: number };
  readonly noiseMask: boolean;
  readonly hook?: DetailerHook;
  readonly wildcard?: string;
  readonly seed: bigint;
}

/** DetailerForEach.do_detail */
export function detailForEachSeg(
  { image, segs, pipe, refiner, inputs, noiseMask, hook, wildcard, seed }: DetailCall,
  context: NodeContext,
): Promise<DetailerResult> {
  return detailForEach(rgbChannels(image), segs, {
    ...detailSettings(pipe, { ...inputs, seed }, context),
    ...segmentProgress(context, inputs.steps * inputs.cycle),
    feather: inputs.feather,
    noiseMask,
    hook,
    refiner,
    prompts: promptsOf(wildcard, seed),
    async encodePrompt(text, model, segmentSeed) {
      const encoded = await encodeWithLoras(text, { model, clip: pipe.clip }, segmentSeed, context);
      return { model: encoded.model, positive: encoded.conditioning };
    },
  });
}

/** A list, or a picture of nothing when it is empty. */
export const orBlank = (images: readonly Tensor[]): readonly Tensor[] =>
  images.length > 0 ? images : [blankImage()];

const list = (name: string) => output('IMAGE', name, true);
const CROPPED = [
  list('cropped'),
  list('cropped_refined'),
  list('cropped_refined_alpha'),
  list('cnet_images'),
];
const crops = ({ cropped, enhanced, enhancedAlpha, controlImages }: DetailerResult): unknown[] =>
  [cropped, enhanced, enhancedAlpha, controlImages].map(orBlank);

const forEach = (type: string, display: string, debug: boolean) =>
  defineNode({
    type,
    display,
    category: DETAILER,
    description: 'Draws each part of a picture anew at a larger size and pastes it back.',
    inputs: {
      image: socket('IMAGE'),
      segs: socket('SEGS'),
      model: socket('MODEL'),
      clip: socket('CLIP'),
      vae: socket('VAE'),
      ...guide(),
      ...samplerInputs,
      positive: socket('CONDITIONING'),
      negative: socket('CONDITIONING'),
      denoise: segmentDenoise,
      feather,
      ...noiseMask,
      ...wildcard,
      ...cycle,
      ...hook,
      ...options,
    },
    outputs: debug ? [output('IMAGE', 'image'), ...CROPPED] : [output('IMAGE')],
    async run(
      { image, segs, model, clip, vae, positive, negative, ...i },
      context,
    ): Promise<NodeResult> {
      requireSingleImage(image, type);
      const pipe = { model, clip, vae, positive, negative };
      const { noise_mask, detailer_hook, wildcard, seed } = i;
      const result = await detailForEachSeg(
        {
          image,
          segs,
          pipe,
          inputs: i,
          noiseMask: noise_mask,
          hook: detailer_hook,
          wildcard,
          seed,
        },
        context,
      );
      return outputs(result.image, ...(debug ? crops(result) : []));
    },
  });

const forEachPipe = (type: string, display: string, debug: boolean) =>
  defineNode({
    type,
    display,
    category: DETAILER,
    description: 'Draws each part of a picture anew at a larger size and pastes it back.',
    inputs: {
      image: socket('IMAGE'),
      segs: socket('SEGS'),
      ...guide(),
      ...samplerInputs,
      denoise: segmentDenoise,
      feather,
      ...noiseMask,
      basic_pipe: socket('BASIC_PIPE'),
      ...wildcard,
      ...refinerRatio,
      ...cycle,
      ...hook,
      ...refinerPipe,
      ...options,
    },
    outputs: [
      output('IMAGE', 'image'),
      output('SEGS', 'segs'),
      output('BASIC_PIPE', 'basic_pipe'),
      ...(debug ? CROPPED : [list('cnet_images')]),
    ],
    async run({ image, segs, basic_pipe, ...i }, context): Promise<NodeResult> {
      requireSingleImage(image, type);
      const { noise_mask, detailer_hook, wildcard, seed } = i;
      const refiner = refinerOf(i.refiner_basic_pipe_opt, i.refiner_ratio);
      const call = {
        image,
        segs,
        pipe: basic_pipe,
        refiner,
        inputs: i,
        noiseMask: noise_mask,
        hook: detailer_hook,
        wildcard,
        seed,
      };
      const result = await detailForEachSeg(call, context);
      return outputs(
        result.image,
        result.segs,
        basic_pipe,
        ...(debug ? crops(result) : [orBlank(result.controlImages)]),
      );
    },
  });

const MaskDetailerPipe = defineNode({
  type: 'MaskDetailerPipe',
  display: 'MaskDetailer (pipe)',
  category: DETAILER,
  description: 'Draws what lies under a mask anew at a larger size and pastes it back.',
  inputs: {
    image: socket('IMAGE'),
    mask: socket('MASK'),
    basic_pipe: socket('BASIC_PIPE'),
    ...guide('mask bbox', 'crop region'),
    mask_mode: boolean({ default: true, label_on: 'masked only', label_off: 'whole' }),
    ...samplerInputs,
    denoise: segmentDenoise,
    feather,
    crop_factor: float({ default: 3, min: 1, max: 10, step: 0.1 }),
    drop_size: int({ default: 10, min: 1, max: MAX_RESOLUTION, step: 1 }),
    ...refinerRatio,
    batch_size: int({ default: 1, min: 1, max: 100 }),
    ...cycle,
    ...refinerPipe,
    ...hook,
    ...optionalInpaintInputs,
    bbox_fill: boolean({
      default: false,
      label_on: 'enabled',
      label_off: 'disabled',
      optional: true,
    }),
    contour_fill: boolean({
      default: true,
      label_on: 'enabled',
      label_off: 'disabled',
      optional: true,
    }),
    ...schedulerFunc,
  },
  outputs: [
    output('IMAGE', 'image'),
    list('cropped_refined'),
    list('cropped_enhanced_alpha'),
    output('BASIC_PIPE', 'basic_pipe'),
    output('BASIC_PIPE', 'refiner_basic_pipe_opt'),
  ],
  async run({ image, mask, basic_pipe, refiner_basic_pipe_opt, ...i }, context) {
    requireSingleImage(image, 'MaskDetailerPipe');
    const segs = maskToSegs(squeezeMask(mask), {
      combined: false,
      cropFactor: i.crop_factor,
      bboxFill: i.bbox_fill ?? false,
      dropSize: i.drop_size,
      isContour: i.contour_fill ?? true,
    });
    const refiner = refinerOf(refiner_basic_pipe_opt, i.refiner_ratio);
    const results: DetailerResult[] = [];
    for (let n = 0; n < i.batch_size; n++) {
      const call = {
        image,
        segs,
        pipe: basic_pipe,
        refiner,
        inputs: i,
        noiseMask: i.mask_mode,
        hook: i.detailer_hook,
      };
      results.push(await detailForEachSeg({ ...call, seed: i.seed + BigInt(n) }, context));
    }
    return outputs(
      concatBatch(results.map((result) => result.image)),
      orBlank(results.flatMap(({ enhanced }) => enhanced)),
      orBlank(results.flatMap(({ enhancedAlpha }) => enhancedAlpha)),
      basic_pipe,
      refiner_basic_pipe_opt,
    );
  },
});

const SEGSDetailer = defineNode({
  type: 'SEGSDetailer',
  display: 'SEGSDetailer',
  category: DETAILER,
  description:
    "Draws each part anew at a larger size, as the parts' own pictures; SEGSPaste puts them into the picture.",
  inputs: {
    image: socket('IMAGE'),
    segs: socket('SEGS'),
    ...guide('bbox', 'crop_region', 768),
    ...samplerInputs,
    denoise: segmentDenoise,
    ...noiseMask,
    basic_pipe: socket('BASIC_PIPE'),
    ...refinerRatio,
    batch_size: int({ default: 1, min: 1, max: 100 }),
    ...cycle,
    ...refinerPipe,
    ...options,
  },
  outputs: [output('SEGS', 'segs'), list('cnet_images')],
  async run(
    { image, segs, basic_pipe, refiner_basic_pipe_opt, noise_mask, batch_size, ...i },
    context,
  ) {
    requireSingleImage(image, 'SEGSDetailer');
    const settings = {
      ...detailSettings(basic_pipe, i, context),
      ...segmentProgress(context, i.steps * i.cycle),
      noiseMask: noise_mask,
      refiner: refinerOf(refiner_basic_pipe_opt, i.refiner_ratio),
    };
    const result = await detailSegs(rgbChannels(image), segs, settings, batch_size);
    return outputs(result.segs, orBlank(result.controlImages));
  },
});

export const DETAILER_NODES = [
  forEach('DetailerForEach', 'Detailer (SEGS)', false),
  forEach('DetailerForEachDebug', 'DetailerDebug (SEGS)', true),
  forEachPipe('DetailerForEachPipe', 'Detailer (SEGS/pipe)', false),
  forEachPipe('DetailerForEachDebugPipe', 'DetailerDebug (SEGS/pipe)', true),
  MaskDetailerPipe,
  SEGSDetailer,
];
