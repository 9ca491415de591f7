// DEIS, "Fast Sampling of Diffusion Models with Exponential Integrator" (arXiv 2204.13902), tab
// variant: the slopes of up to `order` steps, weighted by integrals over the variance preserving
// time of sigma (diff-solvers; epsilon 1e-3, sigmas 0.002 to 80).
import { addScaled, exp, f32, linspace, log, sqrt, square, sum, type Vector } from '../float32.ts';
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
/** ln(0.002^2 + 1) in float32, as NumPy computes it; ln(80^2 + 1) in double precision. */
const [LOG_MIN, LOG_MAX] = [f32(4.0531072e-6), Math.log(6401)];
// In double precision, and rounded to float32 where they meet vectors.
const BETA_D = (2 * (f32(LOG_MIN / f32(EPSILON)) - LOG_MAX)) / (EPSILON - 1);
const BETA_MIN = LOG_MAX - 0.5 * BETA_D;
/** The slope of beta(t): the difference of its rounded ends. */
const BETA_SLOPE = f32(BETA_D + BETA_MIN - BETA_MIN);

/** The time at which a linear beta schedule reaches this sigma. */
function vpTime(sigma: number): number {
  const variance = f32(f32(2 * BETA_D) * log(f32(square(sigma) + 1)));
  const root = sqrt(f32(f32(BETA_MIN * BETA_MIN) + variance));
  return f32(f32(root - f32(BETA_MIN)) / f32(BETA_D));
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
    const integrand = kernel.map((weight, p) => {
      let basis = 1;
      for (let k = 0; k < times.length; k++)
        if (k !== j) basis = f32(basis * f32(f32(taus[p] - times[k]) / f32(time - times[k])));
      return weight * basis;
    });
    return f32(sum(integrand) * width);
  });
}

/** -1/2 (d ln alpha / dt) / sqrt(alpha (1 - alpha)) */
function kernelAt(t: number): number {
  const alpha = exp(f32(f32(f32(-0.5 * square(t)) * BETA_SLOPE) - f32(t * f32(BETA_MIN))));
  const one = f32(f32(1 / alpha) * alpha);
  const slope = f32(f32(f32(f32(one * BETA_SLOPE) * -0.5) * f32(2 * t)) - f32(one * f32(BETA_MIN)));
  return f32(f32(-0.5 * slope) / sqrt(f32(alpha * f32(1 - alpha))));
}
