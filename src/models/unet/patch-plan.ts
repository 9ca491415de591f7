// What the patches of a UNet need in one evaluation: the inputs of its graph that depend on the
// sizes of features, the noise level and the draws.
import { DarkroomError } from '../../errors.ts';
import type { Size } from '../../image/geometry.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ControlResiduals, DenoiserInputs, DenoiserVariant } from '../denoiser.ts';
import { guidanceInputs } from './attention-guidance.ts';
import type { UNetConfig, UNetLayer } from './config.ts';
import { nearestInputs, resizeInputs } from './feature-resize.ts';
import {
  type FeatureSizes,
  featureSizes,
  type ShrinkPoints,
  shrinkPoints,
} from './feature-sizes.ts';
import { planQueries, type QueryChange } from './query-patches.ts';
import { joinInput, shrinkInput, upInput } from './skip-joins.ts';
import { patchesOf, type QueryPatch, type UNetPatch } from './unet-patch.ts';

export interface EvaluationPlan {
  readonly queryChanges?: ReadonlyMap<number, QueryChange>;
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** The residuals that fit the features. */
  readonly control?: ControlResiduals;
}

const isQueryPatch = (patch: UNetPatch): patch is QueryPatch =>
  patch.kind === 'hyperTile' || patch.kind === 'tokenMerging';

/**
 * Returns the function that plans an evaluation. It throws DR_INPUT_INVALID where the patches
 * cannot be applied to the input's size.
 */
export function evaluationPlanner(
  config: UNetConfig,
  patches: readonly UNetPatch[],
  { perturbedMiddle }: DenoiserVariant,
): (inputs: DenoiserInputs) => EvaluationPlan {
  const shrinks = patchesOf(patches, 'deepShrink');
  const queryPatches = patches.filter(isQueryPatch);
  const guidances = patchesOf(patches, 'attentionGuidance');
  if (shrinks.length + queryPatches.length === 0)
    return (inputs) => ({ inputs: guidanceInputs(guidances, inputs), control: inputs.control });
  const points = shrinkPoints(config, shrinks);
  const beforeMiddle = transformersIn(config.input.flat());
  const reads = [...config.input, config.middle, ...config.output].flat().flatMap(promptReaders);
  return (all) => {
    const { x, sigma, draws, control } = all;
    if (sigma === undefined) throw new Error('internal: an evaluation without its noise level');
    const size = { width: x.shape[3], height: x.shape[2] };
    const sizes = featureSizes(config, points, size, sigma);
    const queries = planQueries(queryPatches, size, sizes.attentions, draws);
    if (reads.some((readsPrompt, i) => readsPrompt && queries.changes.get(i) === 'tiled'))
      throw tiledPrompt();
    if (perturbedMiddle && queries.changes.has(beforeMiddle)) throw tiledPerturbation();
    return {
      queryChanges: queries.changes,
      inputs: {
        ...queries.inputs,
        ...shrinkInputs(points, sizes),
        ...guidanceInputs(guidances, all),
      },
      control: control && (shrinks.length > 0 ? fittingResiduals(control, sizes) : control),
    };
  };
}

const transformersIn = (layers: UNetConfig['middle']): number =>
  layers.reduce((count, layer) => count + (layer.kind === 'transformer' ? layer.depth : 0), 0);

/** For each transformer block of a layer, whether its first attention reads the prompt. */
const promptReaders = (layer: UNetLayer): boolean[] =>
  layer.kind === 'transformer' ? Array(layer.depth).fill(layer.withoutSelfAttention) : [];

const tiledPrompt = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'HyperTile cannot cut the attention of this model, which is to the prompt, into tiles',
    hint: 'Remove HyperTile, or use a smaller max_depth.',
    input: 'max_depth',
  });

const tiledPerturbation = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message:
      'PerturbedAttentionGuidance cannot perturb an attention that HyperTile cuts into tiles',
    hint: "Use a smaller max_depth of HyperTile, so that it does not reach the UNet's middle.",
    input: 'max_depth',
  });

/** The inputs of all resizes, those that change no size included. */
function shrinkInputs(
  { shrinks, joins: joinPoints, ups: upPoints }: ShrinkPoints,
  { shrunk, joins, ups }: FeatureSizes,
): Record<string, Tensor> {
  if (shrinks.length === 0) return {};
  return Object.assign(
    {},
    ...shrunk.map((resize, i) => resize && resizeInputs(shrinkInput(i), shrinks[i].down, resize)),
    ...[...joinPoints].map((j) => resizeInputs(joinInput(j), shrinks[0].up, joins[j])),
    ...[...upPoints].map((j) => nearestInputs(upInput(j), ups[j])),
  );
}

/** As the original, leaves out residuals that differ in size from the features. */
function fittingResiduals(
  { input, middle, output }: ControlResiduals,
  sizes: FeatureSizes,
): ControlResiduals {
  const fitting = (residual: Tensor | null | undefined, size: Size): Tensor | null => {
    const [height, width] = residual?.shape.slice(2) ?? [];
    const fits = [size.height, 1].includes(height) && [size.width, 1].includes(width);
    return residual && fits ? residual : null;
  };
  return {
    input: input?.map((residual, i) => fitting(residual, sizes.input[i])),
    middle: fitting(middle, sizes.middle),
    output: output.map((residual, j) => fitting(residual, sizes.skips[sizes.skips.length - 1 - j])),
  };
}

/** Names the parts of a graph that patches change; their numbers are inputs. */
export function patchesName(
  patches: readonly UNetPatch[],
  queryChanges: ReadonlyMap<number, QueryChange> = new Map(),
): string[] {
  const merging = patches.findIndex(({ kind }) => kind === 'tokenMerging');
  const names = patches.map((patch, i) => {
    switch (patch.kind) {
      case 'freeU':
        return `freeu${patch.version}`;
      case 'deepShrink': {
        const { block, afterSkip, down, up } = patch;
        return `shrink ${block} ${afterSkip ? 'after' : 'before'} ${down} ${up}`;
      }
      case 'attentionGuidance':
        return merging >= 0 && i > merging ? 'guided after merging' : 'guided';
      default:
        return '';
    }
  });
  return [...names, ...[...queryChanges].map(([index, change]) => `${change} ${index}`)];
}
