// Multistep consistency sampling, "Latent Consistency Models" (arXiv 2310.04378): each step adds
// noise of the next level to the denoised latent.
import { addScaled } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';

export const lcm: SampleFunction = async (denoise, x, sigmas, { onStep, noise }) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    x = sigmaNext > 0 ? addScaled(denoised, noise(sigma, sigmaNext), sigmaNext) : denoised;
  }
  return x;
};
