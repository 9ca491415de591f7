// Multistep consistency sampling ("Latent Consistency Models", arXiv 2310.04378): jump to the denoised latent, add noise of the next level.
import { addScaled } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';

export const lcm: SampleFunction = async (denoise, x, sigmas, { onStep, noise }) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const denoised = await denoise(x, sigmas[i]);
    onStep?.(i, x, denoised);
    x =
      sigmas[i + 1] > 0
        ? addScaled(denoised, noise(sigmas[i], sigmas[i + 1]), sigmas[i + 1])
        : denoised;
  }
  return x;
};
