// The noise mask of a latent: where 1 the sampler works, where 0 the latent is kept (comfy.samplers KSamplerX0Inpaint).
import { DarkroomError } from '../../errors.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { add, f32, type Vector } from '../float32.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import type { GuidedPrediction } from '../samplers/sampler.ts';

export interface KeptPart {
  /** The mask at a noise level, [B,C,H,W] as from `prepareMask`. */
  readonly maskAt: (sigma: number) => Tensor;
  /** The latent that is kept, in model units. */
  readonly latent: Vector;
  /** Noise that the kept part is shown to the network with. */
  readonly noise: Vector;
  readonly sampling: ModelSampling;
}

type Predict = (x: Vector, sigma: number, shape?: readonly number[]) => Promise<GuidedPrediction>;

/** Blends the kept latent in before the network sees it (noised to the step's level) and after. The sampler's own latent is not blended.
 *  Throws DR_SHAPE_MISMATCH when the sampler has resized its latent. */
export function withKeptPart(
  predict: Predict,
  { maskAt, latent, noise, sampling }: KeptPart,
): Predict {
  const product = (a: Vector, b: Vector): Vector => a.map((value, i) => f32(value * b[i]));
  return async (x, sigma, shape) => {
    if (x.length !== latent.length)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `a noise mask of another size than the latent [${shape}], which the sampler has resized`,
        hint: 'Sample without a noise mask, or with a scale_ratio of 1.',
      });
    const mask = maskAt(sigma);
    const outside = map(mask, (m) => 1 - m).data;
    const shown = add(
      product(x, mask.data),
      product(sampling.noiseScaling(sigma, noise, latent), outside),
    );
    const { denoised, uncond } = await predict(shown, sigma, shape);
    return { denoised: add(product(denoised, mask.data), product(latent, outside)), uncond };
  };
}
