// Schedules from tables of optimised noise levels: "Align Your Steps" (arXiv 2404.14507,
// comfy_extras/nodes_align_your_steps.py) and GITS (arXiv 2405.11326, comfy_extras/nodes_gits.py)
// for the sigma range of SD1 and SDXL; Optimal Steps (comfy_extras/nodes_optimalsteps.py) and the
// schedule of LTX-Video (comfy_extras/nodes_lt.py) for flow models. All end in 0.

import { DarkroomError } from '../../errors.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { f32 } from '../float32.ts';
import { GITS_COEFFICIENTS, gitsLevels } from './gits-levels.ts';

/** Sigmas of 10 steps, by model family. */
const ALIGNED_LEVELS = {
  SD1: [
    14.6146412293, 6.4745760956, 3.8636745985, 2.694615152, 1.8841921177, 1.3943805092,
    0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582,
  ],
  SDXL: [
    14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141,
    0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582,
  ],
  SVD: [700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002],
} as const;

/** Sigmas of 10, 20 and 40 steps, by model family. */
const OPTIMAL_LEVELS = {
  FLUX: [0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.001],
  Wan: [
    1, 0.997, 0.995, 0.993, 0.991, 0.989, 0.987, 0.985, 0.98, 0.975, 0.973, 0.968, 0.96, 0.946,
    0.927, 0.902, 0.864, 0.776, 0.539, 0.208, 0.001,
  ],
  Chroma: [
    0.992, 0.99, 0.988, 0.985, 0.982, 0.978, 0.973, 0.968, 0.961, 0.953, 0.943, 0.931, 0.917, 0.9,
    0.881, 0.858, 0.832, 0.802, 0.769, 0.731, 0.69, 0.646, 0.599, 0.55, 0.501, 0.451, 0.402, 0.355,
    0.311, 0.27, 0.232, 0.199, 0.169, 0.143, 0.12, 0.101, 0.084, 0.07, 0.058, 0.048, 0.001,
  ],
} as const;

export type AlignedFamily = keyof typeof ALIGNED_LEVELS;
export const ALIGNED_FAMILIES = Object.keys(ALIGNED_LEVELS) as AlignedFamily[];

/** Align Your Steps: the last round(steps * denoise) of `steps` steps; none for denoise 0. */
export const alignedSigmas = (family: AlignedFamily, steps: number, denoise = 1): Float32Array =>
  lastSteps(resampled(ALIGNED_LEVELS[family], steps + 1), steps, denoise);

export type OptimalFamily = keyof typeof OPTIMAL_LEVELS;
export const OPTIMAL_FAMILIES = Object.keys(OPTIMAL_LEVELS) as OptimalFamily[];

/** Optimal Steps: the last round(steps * denoise) of `steps` steps; none for denoise 0. */
export const optimalSigmas = (family: OptimalFamily, steps: number, denoise = 1): Float32Array =>
  lastSteps(resampled(OPTIMAL_LEVELS[family], steps + 1), steps, denoise);

/** LTXVScheduler for `steps` steps, a maximum shift of 2.05, 4096 tokens and 0.1 at the end. */
export function ltxVideoSigmas(steps: number): Float32Array {
  const shift = Math.exp(2.05);
  const sigmas = Float32Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps);
  const shifted = sigmas.map((sigma) => (sigma === 0 ? 0 : shift / (shift + (1 / sigma - 1))));
  const stretch = f32(f32(1 - shifted[steps - 1]) / f32(1 - 0.1));
  return shifted.map((sigma, i) => (i === steps ? 0 : 1 - f32(f32(1 - sigma) / stretch)));
}

/**
 * GITS for a coefficient (0.8, 0.85 … 1.5): the larger it is, the fewer large and the more small
 * sigmas. Throws DR_INPUT_INVALID for another coefficient.
 */
export function gitsSigmas(coefficient: number, steps: number, denoise = 1): Float32Array {
  const levels = gitsLevels(coefficient.toFixed(2));
  if (!levels)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `GITS has no table for the coefficient ${coefficient}`,
      hint: `Use one of: ${GITS_COEFFICIENTS.join(', ')}.`,
      input: 'coeff',
    });
  // The tables have no row for one step: the original uses the last two levels of the row for 20.
  const row = steps >= 2 && steps <= 20 ? levels[steps - 2] : levels[levels.length - 1];
  return lastSteps(steps > 20 ? resampled(row, steps + 1) : row, steps, denoise);
}

function lastSteps(sigmas: readonly number[], steps: number, denoise: number): Float32Array {
  if (denoise <= 0) return new Float32Array(0);
  const count = denoise < 1 ? roundHalfEven(steps * denoise) : steps;
  const last = Float32Array.from(sigmas.slice(-(count + 1)));
  last[last.length - 1] = 0;
  return last;
}

/** Resamples descending levels to `count` of them, linearly in the logarithm. */
function resampled(levels: readonly number[], count: number): readonly number[] {
  if (count === levels.length) return levels;
  const last = levels.length - 1;
  return Array.from({ length: count }, (_, i) => {
    const position = last - ((count - 1 - i) * last) / (count - 1);
    const low = Math.min(Math.floor(position), last - 1);
    const [a, b] = [Math.log(levels[low]), Math.log(levels[low + 1])];
    return Math.exp(a + (b - a) * (position - low));
  });
}
