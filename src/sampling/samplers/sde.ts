// Pieces of the SDE samplers: lambda = ln(alpha / sigma), here with alpha 1, as in the papers of DPM-Solver++, SEEDS and SA-Solver;
// noise with its factors; and the Brownian path over a run's sigmas.
import { DarkroomError } from '../../errors.ts';
import { brownianNoiseSampler } from '../../random/brownian-tree.ts';
import { exp, f32, type Vector } from '../float32.ts';
import type { NoiseRun, NoiseSource } from './sampler.ts';

export { sigmaOf, timeOf as lambdaOf } from './dpm-solver.ts';

/** alpha of a level: 1 but for what the float32 logarithm and exponential leave. */
export const alphaOf = (sigma: number, lambda: number): number => f32(sigma * exp(lambda));

/** The inner evaluation's share of a second order step whose inner stage lies at fraction `r`. Throws DR_INPUT_INVALID for 0. */
export function innerShare(r: number): number {
  if (r === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'r is 0, so the inner step has no length',
      hint: 'Use an r above 0; 0.5 is the usual one.',
      input: 'r',
    });
  return 1 / (2 * r);
}

/** x + noise * a * b * c, each product rounded. */
export function addNoise(x: Vector, noise: Vector, a: number, b: number, c = 1): Vector {
  const [k, l, m] = [f32(a), f32(b), f32(c)];
  return x.map((value, i) => value + f32(f32(f32(noise[i] * k) * l) * m));
}

/** Noise as increments of one Brownian path between the smallest positive and the largest sigma: it does not depend on the steps. */
export const brownian = ({ seed, count, sigmas }: NoiseRun): NoiseSource =>
  brownianNoiseSampler(
    seed,
    count,
    Math.min(...sigmas.filter((sigma) => sigma > 0)),
    Math.max(...sigmas),
  );
