// Keyframes of hooks: the strength from a point of the denoising on (comfy.hooks HookKeyframe,
// HookKeyframeGroup, InterpolationMethod; comfy_extras/nodes_hooks.py).

import { linspace } from '../../tensor/float32/linspace.ts';

export interface Keyframe {
  /** Factor on the strengths of a hook. */
  readonly strength: number;
  /** Fraction of the whole denoising at which it begins. */
  readonly startPercent: number;
  /** Number of steps for which it lasts before the next one may begin. */
  readonly guaranteeSteps: number;
}

/** In the order of their starts. Hooks with the same object advance together in a run. */
export type Keyframes = readonly Keyframe[];

export const NO_KEYFRAMES: Keyframes = Object.freeze([]);

/** Adds keyframes; those of the same start stay in the order in which they were added. */
export const addKeyframes = (keyframes: Keyframes, added: Keyframes): Keyframes =>
  [...keyframes, ...added].sort((a, b) => a.startPercent - b.startPercent);

/** Keyframes at equal distances between two fractions; the first one lasts one step at least. */
export function spreadKeyframes(
  strengths: readonly number[],
  startPercent: number,
  endPercent: number,
): Keyframes {
  const percents = linspace(startPercent, endPercent, strengths.length);
  return strengths.map((strength, i) => ({
    strength,
    startPercent: percents[i],
    guaranteeSteps: i === 0 ? 1 : 0,
  }));
}

type Curve = (index: number) => number;

const { fround } = Math;

/** Shares of the way from 0 to 1, in float32; `linear` is computed between the ends themselves. */
const CURVES = {
  linear: undefined,
  ease_in: (index) => fround(index * index),
  ease_out: (index) => fround(1 - fround(fround(1 - index) ** 2)),
  ease_in_out: (index) => fround(fround(1 - fround(Math.cos(fround(index * Math.PI)))) / 2),
} as const satisfies Record<string, Curve | undefined>;

type Interpolation = keyof typeof CURVES;
export const INTERPOLATIONS = Object.keys(CURVES) as Interpolation[];

/** `length` values from `from` to `to`, at least 1, in float32. */
export function interpolate(
  from: number,
  to: number,
  length: number,
  interpolation: Interpolation,
): number[] {
  const curve: Curve | undefined = CURVES[interpolation];
  if (!curve) return [...linspace(from, to, length)];
  const range = fround(to - from);
  const start = fround(from);
  return Array.from(linspace(0, 1, length), (index) =>
    fround(fround(range * curve(index)) + start),
  );
}
