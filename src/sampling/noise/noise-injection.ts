// The arithmetic of ComfyUI_Noise: noise as a latent, blended and added within a mask.
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
import { SD_LATENT } from '../model/latent-format.ts';
import type { Latent, Model } from '../sampling-types.ts';
import { type KSamplerSigmas, ksamplerSigmas } from '../schedules/schedules.ts';
import { slerp } from './variation.ts';

const cells = (pixels: number): number => Math.floor(pixels / SD_LATENT.downscaleRatio);

/** Returns standard normal noise as a Stable Diffusion latent; sides in pixels. */
export const noiseLatent = (
  seed: bigint,
  width: number,
  height: number,
  batch: number,
): Latent => ({
  samples: prepareNoise([batch, SD_LATENT.channels, cells(height), cells(width)], seed),
});

/**
 * Repeats one item of a batch; indices beyond the batch mean the last. Copies the latent's other
 * fields.
 */
export function duplicateBatchIndex(latent: Latent, index: number, count: number): Latent {
  const { samples } = latent;
  const item = Math.min(samples.shape[0] - 1, index);
  return { ...latent, samples: repeatToBatch(sliceBatch(samples, item, item + 1), count) };
}

/** Whether two tensors have the same shape. */
export const sameShape = (a: Tensor, b: Tensor): boolean => a.shape.join() === b.shape.join();

/**
 * latent + noise * strength, [B,C,H,W]; blended by the mask ([N,H,W] or [H,W], any size), if any.
 */
export function injectNoise(
  latent: Tensor,
  noise: Tensor,
  strength: number,
  mask?: Tensor,
): Tensor {
  const noised = tensor(latent.shape, addScaled(latent.data, noise.data, strength));
  return mask ? blendByMask(noised, latent, mask) : noised;
}

/**
 * Spherical interpolation of each item from `from` (0) to `to` (1), blended by the mask, if any.
 */
export function slerpLatents(from: Tensor, to: Tensor, factor: number, mask?: Tensor): Tensor {
  const between = slerp(factor, from, to);
  return mask ? blendByMask(between, from, mask) : between;
}

/**
 * mask * inside + (1 - mask) * outside, with the mask resized bilinearly. A batch of masks turns a
 * single latent into a batch.
 */
function blendByMask(inside: Tensor, outside: Tensor, mask: Tensor): Tensor {
  const [batch, ...planes] = inside.shape.slice(0, -2);
  const [height, width] = inside.shape.slice(-2);
  const resized = resizeMask(mask, { width, height });
  const masks = resized.shape[0] < batch ? repeatToBatch(resized, batch) : resized;
  const count = masks.shape[0];
  if (count > batch && batch !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `a batch of ${count} masks does not fit ${batch} latents`,
      hint: 'Give one mask, or one for each latent.',
      input: 'mask',
    });
  const spread = (x: Tensor): Tensor =>
    batch < count ? concatBatch(Array.from({ length: count }, () => x)) : x;
  const [a, b] = [spread(inside).data, spread(outside).data];
  const plane = height * width;
  const each = inside.data.length / batch;
  const data = a.map((value, i) => {
    const m = masks.data[Math.floor(i / each) * plane + (i % plane)];
    return f32(m * value) + f32(f32(1 - m) * b[i]);
  });
  return tensor([count, ...planes, height, width], data);
}

export interface InjectionRange extends Omit<KSamplerSigmas, 'sampling' | 'denoise'> {
  readonly model: Model;
  readonly startAtStep: number;
  readonly endAtStep: number;
}

/**
 * Returns the difference of the sigmas of two steps, in units of VAE latents: the factor for noise
 * that is added between them. Throws DR_INPUT_INVALID if the schedule has fewer sigmas
 * (ddim_uniform, beta).
 */
export function injectionSigma({ model, startAtStep, endAtStep, ...run }: InjectionRange): number {
  const sigmas = ksamplerSigmas({ ...run, sampling: model.sampling });
  const end = Math.min(run.steps, endAtStep);
  const start = Math.min(startAtStep, end);
  if (end >= sigmas.length)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `the scheduler '${run.scheduler}' has no step ${end} of ${run.steps}: ` +
        `its last step is ${sigmas.length - 1}`,
      hint: 'Use a smaller end_at_step, or another scheduler.',
      input: 'end_at_step',
    });
  return f32(f32(sigmas[start] - sigmas[end]) / f32(model.latentFormat.scale));
}
