// Euler's method on the probability flow ODE, "Elucidating the Design Space of Diffusion-Based Generative Models" (arXiv 2206.00364)
// algorithm 2, and its ancestral form (k-diffusion).
import { add, addScaled, f32, scale } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep, churned, derivative } from './steps.ts';

export const euler: SampleFunction = async (denoise, x, sigmas, options) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const lifted = churned(x, sigmas, i, options);
    const denoised = await denoise(lifted.x, lifted.sigma);
    const d = derivative(lifted.x, lifted.sigma, denoised);
    options.onStep?.(i, lifted.x, denoised);
    x = addScaled(lifted.x, d, f32(sigmas[i + 1] - lifted.sigma));
  }
  return x;
};

export const eulerAncestral: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, eta, s_noise = 1 },
) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const denoised = await denoise(x, sigmas[i]);
    const { down, up } = ancestralStep(sigmas[i], sigmas[i + 1], eta);
    onStep?.(i, x, denoised);
    if (down === 0) {
      x = denoised;
      continue;
    }
    const d = derivative(x, sigmas[i], denoised);
    x = addScaled(x, d, f32(down - sigmas[i]));
    x = add(x, scale(scale(noise(sigmas[i], sigmas[i + 1]), s_noise), up));
  }
  return x;
};
