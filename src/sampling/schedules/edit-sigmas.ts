// Operations on sigmas that are already made (comfy_extras/nodes_custom_sampler.py). None changes its argument.

import { DarkroomError } from '../../errors.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { f32, linspace } from '../float32.ts';

/** The sigmas up to `step` and from it on; both have the one at `step`. */
export const splitSigmas = (sigmas: Float32Array, step: number): [Float32Array, Float32Array] => [
  sigmas.slice(0, step + 1),
  sigmas.slice(step),
];

/** Split so that the second part has round(steps * denoise) steps. With 0 of them the first part is empty, as in the original. */
export function splitSigmasDenoise(
  sigmas: Float32Array,
  denoise: number,
): [Float32Array, Float32Array] {
  const steps = roundHalfEven(Math.max(sigmas.length - 1, 0) * denoise);
  return [sigmas.slice(0, steps ? -steps : 0), sigmas.slice(-(steps + 1))];
}

/** The sigmas backwards; a leading 0 becomes 0.0001. */
export function flipSigmas(sigmas: Float32Array): Float32Array {
  const flipped = sigmas.slice().reverse();
  if (flipped[0] === 0) flipped[0] = 0.0001;
  return flipped;
}

/** Throws DR_INPUT_INVALID when there is no first sigma. */
export function setFirstSigma(sigmas: Float32Array, sigma: number): Float32Array {
  if (sigmas.length === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'there are no sigmas, so none can be the first',
      hint: 'Check the denoise of the scheduler before.',
      input: 'sigmas',
    });
  const changed = sigmas.slice();
  changed[0] = sigma;
  return changed;
}

/** Where between two sigmas the intermediate ones lie, 0..1. */
export const SPACINGS = {
  linear: (x: number): number => x,
  cosine: (x: number): number => f32(Math.sin(f32(f32(x * f32(Math.PI)) / 2))),
  sine: (x: number): number => f32(1 - f32(Math.cos(f32(f32(x * f32(Math.PI)) / 2)))),
} as const;

export type Spacing = keyof typeof SPACINGS;

/** Each step that begins between `startAt` (negative: no bound) and `endAt` is cut into `steps` steps. */
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
