// The noise schedules of ComfyUI's KSampler (comfy.samplers SCHEDULER_HANDLERS): the descending
// sigmas of a number of steps, most ending in 0. beta: arXiv 2407.12173; kl_optimal: Align Your
// Steps (arXiv 2404.14507), section 3.

import { DarkroomError } from '../../errors.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { f32, linspace, tan } from '../float32.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import { samplerKind } from '../samplers/index.ts';
import { betaQuantile } from './beta-distribution.ts';
import { exponentialSigmas, karrasSigmas, withFinalZero } from './continuous.ts';

export type Schedule = (sampling: ModelSampling, steps: number) => Float32Array;

const nearlyZero = (sigma: number): boolean => Math.abs(sigma) <= 1e-5;

/** Evenly spaced timesteps from the largest to the smallest sigma. */
function normal(sampling: ModelSampling, steps: number): Float32Array {
  const start = sampling.timestep(sampling.sigmaMax);
  const end = sampling.timestep(sampling.sigmaMin);
  if (nearlyZero(sampling.sigma(end))) return linspace(start, end, steps + 1).map(sampling.sigma);
  return withFinalZero(linspace(start, end, steps).map(sampling.sigma));
}

/** `normal` for steps + 1 timesteps, without the last one. */
function sgmUniform(sampling: ModelSampling, steps: number): Float32Array {
  const timesteps = linspace(
    sampling.timestep(sampling.sigmaMax),
    sampling.timestep(sampling.sigmaMin),
    steps + 1,
  );
  return withFinalZero(timesteps.subarray(0, steps).map(sampling.sigma));
}

/** Every (1000 / steps)-th sigma of the table, from the top. */
function simple({ sigmas }: ModelSampling, steps: number): Float32Array {
  const stride = sigmas.length / steps;
  return withFinalZero(
    Array.from({ length: steps }, (_, i) => sigmas[sigmas.length - 1 - Math.trunc(i * stride)]),
  );
}

/** Every floor(1000 / steps)-th sigma from the second up; the count is not always steps + 1. */
function ddimUniform({ sigmas }: ModelSampling, steps: number): Float32Array {
  const startsAtZero = nearlyZero(sigmas[1]);
  const stride = Math.max(Math.floor(sigmas.length / (startsAtZero ? steps + 1 : steps)), 1);
  const ascending = startsAtZero ? [] : [0];
  for (let i = 1; i < sigmas.length; i += stride) ascending.push(sigmas[i]);
  return Float32Array.from(ascending.reverse());
}

/**
 * Timesteps at quantiles of beta(a, b). Equal neighbours are dropped, so there can be fewer sigmas.
 * Throws DR_INPUT_INVALID unless a and b are above 0.
 */
export function betaSigmas(
  { sigmas }: ModelSampling,
  steps: number,
  a = 0.6,
  b = 0.6,
): Float32Array {
  if (!(a > 0 && b > 0))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `alpha and beta must be above 0, got ${a} and ${b}`,
      hint: 'Set alpha and beta to values above 0.',
      input: a > 0 ? 'beta' : 'alpha',
    });
  const timesteps = Array.from({ length: steps }, (_, i) =>
    roundHalfEven(betaQuantile(1 - i * (1 / steps), a, b) * (sigmas.length - 1)),
  );
  return withFinalZero(timesteps.filter((t, i) => t !== timesteps[i - 1]).map((t) => sigmas[t]));
}

/** Linear to a threshold in the first half of the steps, then quadratic (Mochi 1). */
function linearQuadratic(
  { sigmaMax }: ModelSampling,
  steps: number,
  threshold = 0.025,
): Float32Array {
  if (steps === 1) return Float32Array.of(sigmaMax, 0);
  const linear = Math.floor(steps / 2);
  const quadratic = steps - linear;
  const rest = linear - threshold * steps;
  const c2 = rest / (linear * quadratic ** 2);
  const c1 = threshold / linear - (2 * rest) / quadratic ** 2;
  const c0 = c2 * linear ** 2;
  const progress = (i: number): number =>
    i < linear ? (i * threshold) / linear : c2 * i ** 2 + c1 * i + c0;
  return Float32Array.from(
    { length: steps + 1 },
    (_, i) => f32(1 - (i < steps ? progress(i) : 1)) * sigmaMax,
  );
}

/** Evenly spaced in arctan sigma. One step results in NaN, as in the original (0 / 0). */
function klOptimal({ sigmaMin, sigmaMax }: ModelSampling, steps: number): Float32Array {
  const [low, high] = [f32(Math.atan(sigmaMin)), f32(Math.atan(sigmaMax))];
  const ramp = Float32Array.from({ length: steps }, (_, i) => i / (steps - 1));
  return withFinalZero(ramp.map((w) => tan(f32(f32(w * low) + f32(f32(1 - w) * high)))));
}

/** Schedules by ComfyUI's names, in its order. */
export const SCHEDULES: Readonly<Record<string, Schedule>> = {
  simple,
  sgm_uniform: sgmUniform,
  karras: (sampling, steps) => karrasSigmas(sampling, steps),
  exponential: exponentialSigmas,
  ddim_uniform: ddimUniform,
  beta: (sampling, steps) => betaSigmas(sampling, steps),
  normal,
  linear_quadratic: linearQuadratic,
  kl_optimal: klOptimal,
};

export const SCHEDULERS: readonly string[] = Object.keys(SCHEDULES);

/**
 * Returns the sigmas of a schedule of `table`. Throws DR_INPUT_INVALID for an unknown scheduler.
 */
export function calculateSigmas(
  sampling: ModelSampling,
  scheduler: string,
  steps: number,
  table = SCHEDULES,
): Float32Array {
  if (!Object.hasOwn(table, scheduler))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `unknown scheduler '${scheduler}'`,
      hint: `Use one of: ${Object.keys(table).join(', ')}.`,
      input: 'scheduler',
    });
  return table[scheduler](sampling, steps);
}

export interface KSamplerSigmas {
  readonly sampling: ModelSampling;
  readonly scheduler: string;
  readonly samplerName: string;
  readonly steps: number;
  /**
   * 1 samples from pure noise; below 1, the last `steps` of steps / denoise; 0 or less, no sigmas.
   */
  readonly denoise?: number;
}

/**
 * Returns the sigmas of a KSampler run. Throws DR_INPUT_INVALID for an unknown sampler or
 * scheduler.
 */
export function ksamplerSigmas({
  sampling,
  scheduler,
  samplerName,
  steps,
  denoise = 1,
}: KSamplerSigmas): Float32Array {
  const { discardPenultimate } = samplerKind(samplerName);
  const sigmasOf = (count: number): Float32Array =>
    discardPenultimate
      ? withoutPenultimate(calculateSigmas(sampling, scheduler, count + 1))
      : calculateSigmas(sampling, scheduler, count);
  if (denoise > 0.9999) return sigmasOf(steps);
  if (denoise <= 0) return new Float32Array(0);
  return sigmasOf(Math.trunc(steps / denoise)).slice(-(steps + 1));
}

/** Drops the second last sigma. */
export const withoutPenultimate = (sigmas: Float32Array): Float32Array =>
  Float32Array.from([...sigmas.subarray(0, -2), ...sigmas.subarray(-1)]);

/**
 * BasicScheduler: the last `steps` of int(steps / denoise) steps; none for denoise 0. Throws
 * DR_INPUT_INVALID for an unknown scheduler.
 */
export function basicSigmas(
  sampling: ModelSampling,
  scheduler: string,
  steps: number,
  denoise: number,
): Float32Array {
  if (denoise <= 0) return new Float32Array(0);
  return calculateSigmas(
    sampling,
    scheduler,
    denoise < 1 ? Math.trunc(steps / denoise) : steps,
  ).slice(-(steps + 1));
}

/**
 * SDTurboScheduler: of the ten timesteps 999, 899 … 99 the last 10 * denoise, at most `steps`; and
 * a final 0.
 */
export function sdTurboSigmas(
  sampling: ModelSampling,
  steps: number,
  denoise: number,
): Float32Array {
  const start = 10 - Math.trunc(10 * denoise);
  const timesteps = Array.from({ length: 10 }, (_, i) => (10 - i) * 100 - 1).slice(
    start,
    start + steps,
  );
  return withFinalZero(timesteps.map(sampling.sigma));
}
