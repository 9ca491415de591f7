// The arithmetic of ComfyUI_Noise: noise as a latent of its own, blended and added where a mask is.
import { DarkroomError } from '../../errors.ts';
import { resizeMask } from '../../image/resize/impact-resize.ts';
import { prepareNoise } from '../../random/prepare-noise.ts';
import {
  concatBatch,
  repeatToBatch,
  sliceBatch,
  type Tensor,
  tensor,
} from '../../tensor/tensor.ts';
import { addScaled, f32 } from '../float32.ts';
import type { Latent, Model } from '../sampling-types.ts';
import { type KSamplerSigmas, ksamplerSigmas } from '../schedules/schedules.ts';
import { slerp } from './variation.ts';

/** Standard normal noise as a latent [batch,4,H/8,W/8]; sides in pixels. */
export const noiseLatent = (
  seed: bigint,
  width: number,
  height: number,
  batch: number,
): Latent => ({
  samples: prepareNoise([batch, 4, Math.floor(height / 8), Math.floor(width / 8)], seed),
});

/** One item of a batch `count` times; an index beyond the batch is its last. The latent's other keys stay. */
export function duplicateBatchIndex(latent: Latent, index: number, count: number): Latent {
  const { samples } = latent;
  const at = Math.min(samples.shape[0] - 1, index);
  return { ...latent, samples: repeatToBatch(sliceBatch(samples, at, at + 1), count) };
}

export const sameShape = (a: Tensor, b: Tensor): boolean => a.shape.join() === b.shape.join();

/** latent + noise x strength, [B,C,H,W]; with a mask (any size, [N,H,W] or [H,W]) only where it is. */
export function injectNoise(
  latent: Tensor,
  noise: Tensor,
  strength: number,
  mask?: Tensor,
): Tensor {
  const noised = tensor(latent.shape, addScaled(latent.data, noise.data, strength));
  return mask ? blendByMask(noised, latent, mask) : noised;
}

/** Along the arc from `from` (0) to `to` (1), each batch item by itself; with a mask only where it is. */
export function slerpLatents(from: Tensor, to: Tensor, factor: number, mask?: Tensor): Tensor {
  const between = slerp(factor, from, to);
  return mask ? blendByMask(between, from, mask) : between;
}

/** mask x inside + (1 - mask) x outside, the mask resized bilinearly; a batch of masks makes a batch of a single latent. */
function blendByMask(inside: Tensor, outside: Tensor, mask: Tensor): Tensor {
  const [batch, channels, height, width] = inside.shape;
  const resized = resizeMask(mask, { width, height });
  const cover = resized.shape[0] < batch ? repeatToBatch(resized, batch) : resized;
  const count = cover.shape[0];
  if (count > batch && batch !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `a batch of ${count} masks for ${batch} latents`,
      hint: 'Give one mask, or as many as there are latents.',
      input: 'mask',
    });
  const spread = (x: Tensor): Tensor =>
    batch < count ? concatBatch(Array.from({ length: count }, () => x)) : x;
  const [a, b] = [spread(inside).data, spread(outside).data];
  const plane = height * width;
  const data = a.map((value, i) => {
    const m = cover.data[Math.floor(i / (channels * plane)) * plane + (i % plane)];
    return f32(m * value) + f32(f32(1 - m) * b[i]);
  });
  return tensor([count, channels, height, width], data);
}

export interface SigmaRange extends Omit<KSamplerSigmas, 'sampling' | 'denoise'> {
  readonly model: Model;
  readonly startAtStep: number;
  readonly endAtStep: number;
}

/**
 * The noise between two steps of a run, in units of VAE latents: what noise must be multiplied with before it is added.
 * Throws DR_INPUT_INVALID when the schedule has fewer sigmas (ddim_uniform, beta).
 */
export function injectionSigma({ model, startAtStep, endAtStep, ...run }: SigmaRange): number {
  const sigmas = ksamplerSigmas({ ...run, sampling: model.sampling });
  const end = Math.min(run.steps, endAtStep);
  const start = Math.min(startAtStep, end);
  if (end >= sigmas.length)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the schedule '${run.scheduler}' has no step ${end} of ${run.steps}: it ends at ${sigmas.length - 1}`,
      hint: 'Give a smaller end_at_step, or another schedule.',
      input: 'end_at_step',
    });
  return f32(f32(sigmas[start] - sigmas[end]) / f32(model.latentFormat.scale));
}
