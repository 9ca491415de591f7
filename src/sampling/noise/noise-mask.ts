// The noise mask of a latent: the sampler changes the latent where it is 1 and preserves it where
// it is 0 (comfy.samplers KSamplerX0Inpaint).
import { DarkroomError } from '../../errors.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { add, f32, type Vector } from '../float32.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import type { GuidedPrediction } from '../samplers/sampler.ts';

export interface NoiseMaskOptions {
  /** The mask at a noise level, [B,C,H,W] as from `prepareMask`. */
  readonly maskAt: (sigma: number) => Tensor;
  /** The latent that is preserved where the mask is 0, in model units. */
  readonly latent: Vector;
  /** Unit noise that is added to the preserved latent in the network's input. */
  readonly noise: Vector;
  readonly sampling: ModelSampling;
}

type PredictVector = (
  x: Vector,
  sigma: number,
  shape?: readonly number[],
) => Promise<GuidedPrediction>;

/**
 * Blends the preserved latent into the network's input, with noise of the step's level, and into
 * its prediction. The sampler's own latent is not blended. Throws DR_SHAPE_MISMATCH if the sampler
 * has resized its latent.
 */
export function withNoiseMask(
  predict: PredictVector,
  { maskAt, latent, noise, sampling }: NoiseMaskOptions,
): PredictVector {
  const product = (a: Vector, b: Vector): Vector => a.map((value, i) => f32(value * b[i]));
  return async (x, sigma, shape) => {
    if (x.length !== latent.length)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `the noise mask does not fit the latent, which the sampler resized to [${shape}]`,
        hint: 'Sample without a noise mask, or with a scale_ratio of 1.',
      });
    const mask = maskAt(sigma);
    const outside = map(mask, (m) => 1 - m).data;
    const blended = add(
      product(x, mask.data),
      product(sampling.noiseScaling(sigma, noise, latent), outside),
    );
    const { denoised, uncond } = await predict(blended, sigma, shape);
    return { denoised: add(product(denoised, mask.data), product(latent, outside)), uncond };
  };
}
