// Heun's second order method: "Elucidating the Design Space of Diffusion-Based Generative Models"
// (arXiv 2206.00364, algorithm 2), the mean of the slopes at both ends of a step; and Heun++
// (sd-webui's heunpp2), which also evaluates the slope one step further and weights the slopes by
// their sigma.
import { add, addScaled, divide, f32, type Vector, weightedSum } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { churn, derivative } from './steps.ts';

export const heun: SampleFunction = async (denoise, x, sigmas, options) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const sigmaNext = sigmas[i + 1];
    const { xHat, sigmaHat } = churn(x, sigmas, i, options);
    const denoised = await denoise(xHat, sigmaHat);
    const d = derivative(xHat, sigmaHat, denoised);
    options.onStep?.(i, xHat, denoised);
    const dt = f32(sigmaNext - sigmaHat);
    const x2 = addScaled(xHat, d, dt);
    if (sigmaNext === 0) {
      x = x2;
      continue;
    }
    const d2 = derivative(x2, sigmaNext, await denoise(x2, sigmaNext));
    x = addScaled(xHat, divide(add(d, d2), 2), dt);
  }
  return x;
};

/** Uses one slope in steps that end at the last sigma, two in the step before, three elsewhere. */
export const heunpp2: SampleFunction = async (denoise, x, sigmas, options) => {
  const slopeAt = async (at: Vector, sigma: number) =>
    derivative(at, sigma, await denoise(at, sigma));
  const lastSigma = sigmas[sigmas.length - 1];
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigmaNext, sigmaAfterNext] = [sigmas[i + 1], sigmas[i + 2]];
    const { xHat, sigmaHat } = churn(x, sigmas, i, options, true);
    const denoised = await denoise(xHat, sigmaHat);
    const d = derivative(xHat, sigmaHat, denoised);
    options.onStep?.(i, xHat, denoised);
    const dt = f32(sigmaNext - sigmaHat);
    const x2 = addScaled(xHat, d, dt);
    if (sigmaNext === lastSigma) {
      x = x2;
      continue;
    }
    const d2 = await slopeAt(x2, sigmaNext);
    if (sigmaAfterNext === lastSigma) {
      const w2 = f32(sigmaNext / f32(2 * sigmas[0]));
      x = addScaled(xHat, weightedSum([d, d2], [f32(1 - w2), w2]), dt);
      continue;
    }
    const x3 = addScaled(x2, d2, f32(sigmaAfterNext - sigmaNext));
    const d3 = await slopeAt(x3, sigmaAfterNext);
    const w = f32(3 * sigmas[0]);
    const [w2, w3] = [f32(sigmaNext / w), f32(sigmaAfterNext / w)];
    x = addScaled(xHat, weightedSum([d, d2, d3], [f32(f32(1 - w2) - w3), w2, w3]), dt);
  }
  return x;
};
