// The noise mask of a latent: where 1 the sampler works, where 0 the latent is kept (comfy.samplers KSamplerX0Inpaint).
import { map, type Tensor } from '../tensor/tensor.ts';
import { add, f32, type Vector } from './float32.ts';
import type { ModelSampling } from './model-sampling.ts';
import type { Denoise } from './samplers/sampler.ts';

export interface KeptPart {
  /** [B,C,H,W] as from `prepareMask`. */
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
