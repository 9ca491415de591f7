// Operations on existing sigmas (comfy_extras/nodes_custom_sampler.py). None changes its argument.

import { DarkroomError } from '../../errors.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { cos, f32, linspace, sin } from '../float32.ts';

/** Splits sigmas at `step`; both parts contain the sigma there. */
export const splitSigmas = (sigmas: Float32Array, step: number): [Float32Array, Float32Array] => [
  sigmas.slice(0, step + 1),
  sigmas.slice(step),
];

/**
 * Splits sigmas so that the second part has round(steps * denoise) steps. If these are 0, the first
 * part is empty, as in the original.
 */
export function splitSigmasDenoise(
  sigmas: Float32Array,
  denoise: number,
): [Float32Array, Float32Array] {
  const steps = roundHalfEven(Math.max(sigmas.length - 1, 0) * denoise);
  return [sigmas.slice(0, steps ? -steps : 0), sigmas.slice(-(steps + 1))];
}

/** Reverses sigmas; a leading 0 becomes 0.0001. */
export function flipSigmas(sigmas: Float32Array): Float32Array {
  const flipped = sigmas.slice().reverse();
  if (flipped[0] === 0) flipped[0] = 0.0001;
  return flipped;
}

/** Replaces the first sigma. Throws DR_INPUT_INVALID without sigmas. */
export function setFirstSigma(sigmas: Float32Array, sigma: number): Float32Array {
  if (sigmas.length === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'there is no first sigma to set: the list of sigmas is empty',
      hint: 'Check the denoise of the scheduler node.',
      input: 'sigmas',
    });
  const changed = sigmas.slice();
  changed[0] = sigma;
  return changed;
}

/** Positions of intermediate sigmas between two sigmas, 0..1. */
export const SPACINGS = {
  linear: (x: number): number => x,
  cosine: (x: number): number => sin(f32(f32(x * f32(Math.PI)) / 2)),
  sine: (x: number): number => f32(1 - cos(f32(f32(x * f32(Math.PI)) / 2))),
} as const;

export type Spacing = keyof typeof SPACINGS;

/**
 * Divides each step that begins between the sigmas `startAt` (negative: no bound) and `endAt` into
 * `steps` steps.
 */
export function extendSigmas(
  sigmas: Float32Array,
  {
    steps,
    startAt,
    endAt,
    spacing,
  }: { steps: number; startAt: number; endAt: number; spacing: Spacing },
): Float32Array {
  const between = Array.from(linspace(0, 1, steps + 1).slice(1, -1), SPACINGS[spacing]);
  const highest = startAt < 0 ? Number.POSITIVE_INFINITY : f32(startAt);
  return Float32Array.from(
    [...sigmas].flatMap((sigma, i) => {
      const inRange = i < sigmas.length - 1 && f32(endAt) <= sigma && sigma <= highest;
      return inRange
        ? [sigma, ...between.map((w) => f32(f32(w * f32(sigmas[i + 1] - sigma)) + sigma))]
        : [sigma];
    }),
  );
}
