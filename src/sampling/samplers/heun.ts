// Heun's second order method (arXiv 2206.00364, algorithm 2): the mean of the slopes at both ends of a step; and Heun++ (sd-webui's
// heunpp2), which looks one step further and weights the slopes by their sigma.
import { add, addScaled, divide, f32, type Vector, weightedSum } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { churned, derivative } from './steps.ts';

export const heun: SampleFunction = async (denoise, x, sigmas, options) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const next = sigmas[i + 1];
    const lifted = churned(x, sigmas, i, options);
    const denoised = await denoise(lifted.x, lifted.sigma);
    const d = derivative(lifted.x, lifted.sigma, denoised);
    options.onStep?.(i, lifted.x, denoised);
    const dt = f32(next - lifted.sigma);
    const euler = addScaled(lifted.x, d, dt);
    if (next === 0) {
      x = euler;
      continue;
    }
    const d2 = derivative(euler, next, await denoise(euler, next));
    x = addScaled(lifted.x, divide(add(d, d2), 2), dt);
  }
  return x;
};

/** Euler on steps that end at the last sigma, two slopes on the one before, three elsewhere. */
export const heunpp2: SampleFunction = async (denoise, x, sigmas, options) => {
  const slopeAt = async (at: Vector, sigma: number) =>
    derivative(at, sigma, await denoise(at, sigma));
  const end = sigmas[sigmas.length - 1];
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [next, afterNext] = [sigmas[i + 1], sigmas[i + 2]];
    const lifted = churned(x, sigmas, i, options, true);
    const denoised = await denoise(lifted.x, lifted.sigma);
    const d = derivative(lifted.x, lifted.sigma, denoised);
    options.onStep?.(i, lifted.x, denoised);
    const dt = f32(next - lifted.sigma);
    const x2 = addScaled(lifted.x, d, dt);
    if (next === end) {
      x = x2;
      continue;
    }
    const d2 = await slopeAt(x2, next);
    if (afterNext === end) {
      const w2 = f32(next / f32(2 * sigmas[0]));
      x = addScaled(lifted.x, weightedSum([d, d2], [f32(1 - w2), w2]), dt);
      continue;
    }
    const d3 = await slopeAt(addScaled(x2, d2, f32(afterNext - next)), afterNext);
    const whole = f32(3 * sigmas[0]);
    const [w2, w3] = [f32(next / whole), f32(afterNext / whole)];
    x = addScaled(lifted.x, weightedSum([d, d2, d3], [f32(f32(1 - w2) - w3), w2, w3]), dt);
  }
  return x;
};
