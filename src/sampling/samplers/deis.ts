// DEIS, "Fast Sampling of Diffusion Models with Exponential Integrator" (arXiv 2204.13902), tab
// variant: the slopes of up to `order` steps, weighted by integrals over the variance preserving
// time of sigma (diff-solvers; epsilon 1e-3, sigmas 0.002 to 80).
import { addScaled, exp, f32, linspace, log, sqrt, square, type Vector } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { derivative } from './steps.ts';

export const deis: SampleFunction = async (denoise, start, sigmas, { onStep, order = 3 }) => {
  const times = sigmas.map(vpTime);
  let x = start;
  let slopes: Vector[] = [];
  for (let i = 0; i < sigmas.length - 1; i++) {
    const denoised = await denoise(x, sigmas[i]);
    onStep?.(i, start, denoised);
    slopes = [derivative(x, sigmas[i], denoised), ...slopes].slice(0, order);
    if (slopes.length === 1 || sigmas[i + 1] <= 0) {
      x = addScaled(x, slopes[0], f32(sigmas[i + 1] - sigmas[i]));
      continue;
    }
    const weights = tabWeights(times.slice(i + 1 - slopes.length, i + 1).reverse(), times[i + 1]);
    x = slopes.reduce((sum, slope, k) => addScaled(sum, slope, weights[k]), x);
  }
  return x;
};

const EPSILON = 1e-3;
const [LOG_MIN, LOG_MAX] = [0.002, 80].map((sigma) => log(f32(square(f32(sigma)) + 1)));
const BETA_D = f32(f32(2 * f32(f32(LOG_MIN / f32(EPSILON)) - LOG_MAX)) / f32(EPSILON - 1));
const BETA_MIN = f32(LOG_MAX - f32(0.5 * BETA_D));
const BETA_MAX = f32(BETA_D + BETA_MIN);
/** The slope of beta(t): the difference of its rounded ends. */
const BETA_SLOPE = f32(BETA_MAX - BETA_MIN);

/** The time at which a linear beta schedule reaches this sigma. */
function vpTime(sigma: number): number {
  const variance = f32(f32(2 * BETA_D) * log(f32(square(sigma) + 1)));
  return f32(f32(sqrt(f32(square(BETA_MIN) + variance)) - BETA_MIN) / BETA_D);
}

/** Points of the integrals. */
const POINTS = 10000;

/**
 * For each time, newest first, the integral of its Lagrange basis polynomial under the kernel, from
 * the newest time to `next`.
 */
function tabWeights(times: Float32Array, next: number): number[] {
  const taus = linspace(times[0], next, POINTS);
  const kernel = taus.map(kernelAt);
  const width = f32(f32(next - times[0]) / POINTS);
  return Array.from(times, (time, j) => {
    let sum = 0;
    for (let p = 0; p < POINTS; p++) {
      let basis = 1;
      for (let k = 0; k < times.length; k++)
        if (k !== j) basis = f32(basis * f32(f32(taus[p] - times[k]) / f32(time - times[k])));
      sum += f32(kernel[p] * basis);
    }
    return f32(f32(sum) * width);
  });
}

/** -1/2 (d ln alpha / dt) / sqrt(alpha (1 - alpha)) */
function kernelAt(t: number): number {
  const alpha = exp(f32(f32(f32(-0.5 * square(t)) * BETA_SLOPE) - f32(t * BETA_MIN)));
  const one = f32(f32(1 / alpha) * alpha);
  const slope = f32(f32(f32(f32(one * BETA_SLOPE) * -0.5) * f32(2 * t)) - f32(one * BETA_MIN));
  return f32(f32(-0.5 * slope) / sqrt(f32(alpha * f32(1 - alpha))));
}
