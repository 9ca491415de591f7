// Multistep consistency sampling (arXiv 2310.04378) that enlarges the latent on its way. Only the
// SamplerLCMUpscale node makes it (comfy_extras/nodes_advanced_samplers.py).

import { commonUpscale, type UpscaleMethod } from '../../image/resize/common-upscale.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { tensor } from '../../tensor/tensor.ts';
import { addScaled } from '../float32.ts';
import { continuedNoise } from './noise-sources.ts';
import type { SamplerKind } from './sampler.ts';

export interface UpscalingLcm {
  /** Side of the finished latent over that of the first. */
  readonly ratio: number;
  /** Steps after which the latent grows; half of them unless given. */
  readonly steps?: number;
  readonly method: UpscaleMethod;
}

/** lcm whose latent [B,C,H,W] is resized after each of the first steps, evenly up to `ratio`. */
export function lcmUpscale({ ratio, steps, method }: UpscalingLcm): SamplerKind {
  const sizes = (shape: readonly number[], { length }: Float32Array): (readonly number[])[] => {
    const count =
      steps === undefined ? Math.max(Math.floor(length / 2), 1) : Math.min(steps, length);
    const [batch, channels, height, width] = shape;
    return Array.from({ length: count }, (_, i) => {
      const factor = i === count - 1 ? ratio : 1 + (i + 1) * ((ratio - 1) / count);
      return [batch, channels, roundHalfEven(height * factor), roundHalfEven(width * factor)];
    });
  };
  return {
    stochastic: true,
    noise: continuedNoise,
    resultShape: (shape, sigmas) =>
      sizes(shape, sigmas)
        .slice(0, Math.max(sigmas.length - 1, 0))
        .at(-1) ?? shape,
    async sample(denoise, x, sigmas, { onStep, noise, shape: first = [] }) {
      const ladder = sizes(first, sigmas);
      let shape = first;
      for (let i = 0; i < sigmas.length - 1; i++) {
        const denoised = await denoise(x, sigmas[i], shape);
        onStep?.(i, x, denoised);
        const grows = i < ladder.length;
        x = grows
          ? commonUpscale(
              tensor(shape, denoised),
              { width: ladder[i][3], height: ladder[i][2] },
              method,
              'disabled',
            ).data
          : denoised;
        if (grows) shape = ladder[i];
        if (sigmas[i + 1] === 0) continue;
        const noised = addScaled(x, noise(sigmas[i], sigmas[i + 1], x.length), sigmas[i + 1]);
        // The original adds in place: what the model last denoised the latent to has the noise too, unless that was resized.
        if (!grows) denoised.set(noised);
        x = noised;
      }
      return x;
    },
  };
}
