// Ancestral sampling of "Denoising Diffusion Probabilistic Models" (arXiv 2006.11239, algorithm 2),
// on latents scaled to unit variance.
import { addScaled, divide, f32, scale, sqrt, square, sub } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { derivative } from './steps.ts';

export const ddpm: SampleFunction = async (denoise, x, sigmas, { onStep, noise }) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    const eps = derivative(x, sigma, denoised);

    const alphaBar = f32(1 / f32(square(sigma) + 1));
    const alphaBarNext = f32(1 / f32(square(sigmaNext) + 1));
    const alpha = f32(alphaBar / alphaBarNext);
    const beta = f32(1 - alpha);
    const scaled = divide(x, sqrt(f32(1 + square(sigma))));
    const mean = sub(scaled, divide(scale(eps, beta), sqrt(f32(1 - alphaBar))));
    x = scale(mean, sqrt(f32(1 / alpha)));
    if (sigmaNext > 0) {
      const variance = f32(f32(beta * f32(1 - alphaBarNext)) / f32(1 - alphaBar));
      x = addScaled(x, noise(sigma, sigmaNext), sqrt(variance));
    }
    if (sigmaNext !== 0) x = scale(x, sqrt(f32(1 + square(sigmaNext))));
  }
  return x;
};
