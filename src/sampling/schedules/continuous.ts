// Schedules between two given sigmas, without a model (comfy.k_diffusion.sampling get_sigmas_*).
// They descend, and all but Laplace's end in 0. karras: arXiv 2206.00364 eq. 5; vp: arXiv
// 2011.13456; laplace: arXiv 2407.03297.

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { exp, expm1, f32, linspace, log, powEach, sqrt, square } from '../float32.ts';

/** Appends a 0 to sigmas. */
export const withFinalZero = (sigmas: ArrayLike<number>): Float32Array => {
  const out = allocate(sigmas.length + 1);
  out.set(sigmas);
  return out;
};

export interface SigmaRange {
  readonly sigmaMin: number;
  readonly sigmaMax: number;
}

const requirePositive = (name: string, value: number): void => {
  if (value > 0) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${name} must be above 0, got ${value}`,
    hint: `Set ${name} to a value above 0.`,
    input: name,
  });
};

/** Evenly spaced in sigma^(1/rho). Throws DR_INPUT_INVALID for rho 0. */
export function karrasSigmas(
  { sigmaMin, sigmaMax }: SigmaRange,
  steps: number,
  rho = 7,
): Float32Array {
  requirePositive('rho', rho);
  const low = sigmaMin ** (1 / rho);
  const high = sigmaMax ** (1 / rho);
  const roots = linspace(0, 1, steps).map((ramp) => f32(high) + f32(ramp * f32(low - high)));
  return withFinalZero(powEach(roots, rho));
}

/** Evenly spaced in ln sigma. Throws DR_INPUT_INVALID for a sigma of 0. */
export function exponentialSigmas({ sigmaMin, sigmaMax }: SigmaRange, steps: number): Float32Array {
  requirePositive('sigma_min', sigmaMin);
  requirePositive('sigma_max', sigmaMax);
  return withFinalZero(linspace(Math.log(sigmaMax), Math.log(sigmaMin), steps).map(exp));
}

/** A polynomial of degree rho in ln sigma. Throws DR_INPUT_INVALID for a sigma of 0. */
export function polyexponentialSigmas(
  { sigmaMin, sigmaMax }: SigmaRange,
  steps: number,
  rho = 1,
): Float32Array {
  requirePositive('sigma_min', sigmaMin);
  requirePositive('sigma_max', sigmaMax);
  const [low, span] = [f32(Math.log(sigmaMin)), f32(Math.log(sigmaMax) - Math.log(sigmaMin))];
  return withFinalZero(
    powEach(linspace(1, 0, steps), rho).map((ramp) => exp(f32(f32(ramp * span) + low))),
  );
}

/** Sigmas of the variance preserving process with a linear beta, from time 1 to `epsilon`. */
export function vpSigmas(
  steps: number,
  { betaD = 19.9, betaMin = 0.1, epsilon = 1e-3 } = {},
): Float32Array {
  const exponent = (t: number): number =>
    f32(f32(f32(f32(betaD) * square(t)) / 2) + f32(f32(betaMin) * t));
  return withFinalZero(linspace(1, epsilon, steps).map((t) => sqrt(expm1(exponent(t)))));
}

/** Quantiles of a Laplace distribution over ln sigma, clamped to the range; without a final 0. */
export function laplaceSigmas(
  { sigmaMin, sigmaMax }: SigmaRange,
  steps: number,
  mu = 0,
  beta = 0.5,
): Float32Array {
  return linspace(0, 1, steps).map((x) => {
    const side = f32(0.5 - x);
    const tail = log(f32(f32(1 - 2 * Math.abs(side)) + f32(1e-5)));
    const sigma = exp(f32(f32(mu) - f32(f32(f32(beta) * Math.sign(side)) * tail)));
    return Math.min(Math.max(sigma, f32(sigmaMin)), f32(sigmaMax));
  });
}
