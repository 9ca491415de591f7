// Heun's second order method (arXiv 2206.00364, algorithm 1 without churn): the mean of the slopes at both ends of a step.
import { add, addScaled, divide, f32 } from '../float32.ts';
import type { Sampler } from './sampler.ts';
import { derivative } from './steps.ts';

export const heun: Sampler = async (denoise, x, sigmas, { onStep }) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, next] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    const d = derivative(x, sigma, denoised);
    onStep?.(i, x, denoised);
    const dt = f32(next - sigma);
    const euler = addScaled(x, d, dt);
    if (next === 0) {
      x = euler;
      continue;
    }
    const d2 = derivative(euler, next, await denoise(euler, next));
    x = addScaled(x, divide(add(d, d2), 2), dt);
  }
  return x;
};
