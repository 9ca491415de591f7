// Skip-layer guidance of diffusion transformers (Stability AI; comfy_extras/nodes_slg.py): guides
// away from a prediction in which some blocks return their input. After "Perturbed-Attention
// Guidance" (arXiv 2403.17377). UNets have no such blocks: nothing is skipped there.
import type { DenoiserVariant } from '../../models/denoiser.ts';
import { tensor } from '../../tensor/tensor.ts';
import { deviation } from '../deviation.ts';
import { add, f32, scale, sub } from '../float32.ts';
import type { Model } from '../sampling-types.ts';
import { addPostCfg, setPatches } from './patch-model.ts';

export type SkippedBlocks = NonNullable<DenoiserVariant['skippedBlocks']>;

/** Fractions of the whole denoising between which guidance acts, both included. */
export interface GuidedRange {
  readonly startPercent: number;
  readonly endPercent: number;
}

export interface SkipLayerOptions extends GuidedRange {
  readonly amount: number;
  /** How far the deviation of the result is moved to that of the positive side; 0 not at all. */
  readonly rescale?: number;
}

const skipsNone = ({ double, single }: SkippedBlocks): boolean =>
  double.length === 0 && single.length === 0;

/** Whether a sigma is in the range, for the model's sampling when the node runs. */
function inRange({ sampling }: Model, { startPercent, endPercent }: GuidedRange) {
  const [high, low] = [startPercent, endPercent].map(sampling.percentToSigma);
  return (sigma: number): boolean => low <= f32(sigma) && f32(sigma) <= high;
}

/**
 * Adds `amount` times the difference that the blocks make to the positive side, after cfg; each
 * step in the range needs one evaluation more. Without blocks, returns the model.
 */
export function withSkipLayerGuidance(
  model: Model,
  skippedBlocks: SkippedBlocks,
  { amount, rescale = 0, ...range }: SkipLayerOptions,
): Model {
  if (skipsNone(skippedBlocks)) return model;
  const acts = inRange(model, range);
  return addPostCfg(model, async (denoised, { sigma, cond, evaluate }) => {
    if (!(amount > 0 && acts(sigma))) return denoised;
    const skipped = await evaluate('positive', { variant: { skippedBlocks } });
    const guided = add(denoised.data, scale(sub(cond.data, skipped.data), amount));
    if (rescale === 0) return tensor(denoised.shape, guided);
    const ratio = f32(deviation(cond.data) / deviation(guided));
    const factor = f32(f32(f32(rescale) * ratio) + f32(1 - rescale));
    return tensor(denoised.shape, scale(guided, factor));
  });
}

/**
 * Skips the blocks where the negative side is predicted: an evaluation of its own in the range. A
 * second one replaces the first, as in the original. Without blocks, returns the model.
 */
export function withSkippedNegative(
  model: Model,
  skippedBlocks: SkippedBlocks,
  range: GuidedRange,
): Model {
  if (skipsNone(skippedBlocks)) return model;
  const acts = inRange(model, range);
  return setPatches(model, {
    negativeVariant: (sigma) => (acts(sigma) ? { skippedBlocks } : undefined),
  });
}
