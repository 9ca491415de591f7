// The noise mask of a latent: where 1 the sampler works, where 0 the latent is kept (comfy.samplers KSamplerX0Inpaint).
import { interpolate } from '../image/interpolate.ts';
import { map, repeatToBatch, reshape, type Tensor } from '../tensor/tensor.ts';
import { add, f32, type Vector } from './float32.ts';
import type { ModelSampling } from './model-sampling.ts';
import type { Denoise } from './samplers/sampler.ts';

/** A mask [N,h,w] (or [h,w], [N,1,h,w]) of any resolution as weights [B,C,H,W] of a latent of `shape`; soft values stay soft. */
export function latentMask(mask: Tensor, [batch, channels, height, width]: readonly number[]): Tensor {
  const [h, w] = mask.shape.slice(-2);
  const resized = interpolate(reshape(mask, [mask.data.length / (h * w), 1, h, w]), height, width, 'bilinear');
  const each = height * width;
  const data = new Float32Array(resized.shape[0] * channels * each);
  for (let i = 0; i < resized.shape[0] * channels; i++) {
    const item = Math.floor(i / channels);
    data.set(resized.data.subarray(item * each, (item + 1) * each), i * each);
  }
  return repeatToBatch({ shape: [resized.shape[0], channels, height, width], data }, batch);
}

export interface KeptPart {
  /** [B,C,H,W] as from `latentMask`. */
  readonly mask: Tensor;
  /** The latent that is kept, in model units. */
  readonly latent: Vector;
  /** Noise that the kept part is shown to the network with. */
  readonly noise: Vector;
  readonly sampling: ModelSampling;
}

/** Blends the kept latent in before the network sees it (noised to the step's level) and after. The sampler's own latent is not blended. */
export function withKeptPart(denoise: Denoise, { mask, latent, noise, sampling }: KeptPart): Denoise {
  const inside = mask.data;
  const outside = map(mask, (m) => 1 - m).data;
  const product = (a: Vector, b: Vector): Vector => a.map((value, i) => f32(value * b[i]));
  const kept = product(latent, outside);
  return async (x, sigma) => {
    const shown = add(product(x, inside), product(sampling.noiseScaling(sigma, noise, latent), outside));
    return add(product(await denoise(shown, sigma), inside), kept);
  };
}
