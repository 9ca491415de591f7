// Multistep consistency sampling (arXiv 2310.04378) that enlarges the latent during the run, for
// the SamplerLCMUpscale node (comfy_extras/nodes_advanced_samplers.py).

import { commonUpscale, type UpscaleMethod } from '../../image/resize/common-upscale.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { tensor } from '../../tensor/tensor.ts';
import { addScaled } from '../float32.ts';
import { continuedNoise } from './noise-sources.ts';
import type { SamplerKind } from './sampler.ts';

export interface LcmUpscaleOptions {
  /** Sides of the finished latent over those of the initial one. */
  readonly ratio: number;
  /** Number of steps after which the latent is enlarged; half of all by default. */
  readonly steps?: number;
  readonly method: UpscaleMethod;
}

/**
 * LCM sampling that resizes the latent [B,C,H,W] after each of the first steps, evenly up to
 * `ratio`.
 */
export function lcmUpscale({ ratio, steps, method }: LcmUpscaleOptions): SamplerKind {
  const shapesOf = (shape: readonly number[], { length }: Float32Array): (readonly number[])[] => {
    const count =
      steps === undefined ? Math.max(Math.floor(length / 2), 1) : Math.min(steps, length);
    const [height, width] = shape.slice(-2);
    return Array.from({ length: count }, (_, i) => {
      const factor = i === count - 1 ? ratio : 1 + (i + 1) * ((ratio - 1) / count);
      const size = [height, width].map((side) => roundHalfEven(side * factor));
      return [...shape.slice(0, -2), ...size];
    });
  };
  return {
    stochastic: true,
    noise: continuedNoise,
    resultShape: (shape, sigmas) =>
      shapesOf(shape, sigmas)
        .slice(0, Math.max(sigmas.length - 1, 0))
        .at(-1) ?? shape,
    async sample(denoise, x, sigmas, { onStep, noise, shape: initialShape = [] }) {
      const shapes = shapesOf(initialShape, sigmas);
      let shape = initialShape;
      for (let i = 0; i < sigmas.length - 1; i++) {
        const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
        const denoised = await denoise(x, sigma, shape);
        onStep?.(i, x, denoised);
        const grows = i < shapes.length;
        x = grows
          ? commonUpscale(
              tensor(shape, denoised),
              { width: shapes[i].at(-1)!, height: shapes[i].at(-2)! },
              method,
              'disabled',
            ).data
          : denoised;
        if (grows) shape = shapes[i];
        if (sigmaNext === 0) continue;
        const noised = addScaled(x, noise(sigma, sigmaNext, x.length), sigmaNext);
        // The original adds the noise in place, so a denoised latent that was not resized has it
        // too.
        if (!grows) denoised.set(noised);
        x = noised;
      }
      return x;
    },
  };
}
