// Euler's method on the probability flow ODE: "Elucidating the Design Space of Diffusion-Based
// Generative Models" (arXiv 2206.00364, algorithm 2 without its second order correction), and its
// ancestral form (k-diffusion).
import { add, addScaled, f32, scale } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep, churn, derivative } from './steps.ts';

export const euler: SampleFunction = async (denoise, x, sigmas, options) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const { xHat, sigmaHat } = churn(x, sigmas, i, options);
    const denoised = await denoise(xHat, sigmaHat);
    const d = derivative(xHat, sigmaHat, denoised);
    options.onStep?.(i, xHat, denoised);
    x = addScaled(xHat, d, f32(sigmas[i + 1] - sigmaHat));
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
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    const { sigmaDown, sigmaUp } = ancestralStep(sigma, sigmaNext, eta);
    onStep?.(i, x, denoised);
    if (sigmaDown === 0) {
      x = denoised;
      continue;
    }
    const d = derivative(x, sigma, denoised);
    x = addScaled(x, d, f32(sigmaDown - sigma));
    x = add(x, scale(scale(noise(sigma, sigmaNext), s_noise), sigmaUp));
  }
  return x;
};
