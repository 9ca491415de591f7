// Schedules from tables of optimised noise levels: "Align Your Steps" (arXiv 2404.14507,
// comfy_extras/nodes_align_your_steps.py) and GITS (arXiv 2405.11326, comfy_extras/nodes_gits.py).
// Both are for the sigma range of SD1 and SDXL, and end in 0.

import { DarkroomError } from '../../errors.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
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

export type AlignedFamily = keyof typeof ALIGNED_LEVELS;
export const ALIGNED_FAMILIES = Object.keys(ALIGNED_LEVELS) as AlignedFamily[];

/** Align Your Steps: the last round(steps * denoise) of `steps` steps; none for denoise 0. */
export const alignedSigmas = (family: AlignedFamily, steps: number, denoise = 1): Float32Array =>
  lastSteps(resampled(ALIGNED_LEVELS[family], steps + 1), steps, denoise);

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
