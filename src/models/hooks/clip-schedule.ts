// The parts of the denoising between the keyframes of hooks, for which prompts are encoded one by
// one (comfy.hooks get_hooks_for_clip_schedule).
import { isClose } from '../../tensor/is-close.ts';
import type { HookGroup } from './hooks.ts';
import type { Keyframe, Keyframes } from './keyframes.ts';

/** A part of the denoising, in fractions of the whole. */
interface SchedulePart {
  readonly start: number;
  readonly end: number;
  /** The factor of each hook of the group. */
  readonly factors: readonly number[];
}

interface KeyframeRange {
  readonly start: number;
  readonly end: number;
  readonly keyframe?: Keyframe;
}

/** Returns the parts in order. A hook whose keyframes begin later has the factor 1 before. */
export function clipSchedule(hooks: HookGroup): SchedulePart[] {
  const rangesOfHooks = hooks.map(({ keyframes }) => rangesOf(keyframes));
  const ends = rangesOfHooks.flat().flatMap(({ start, end }) => [start, end]);
  const boundaries = [...new Set([0, ...ends])].sort((a, b) => a - b);
  return boundaries.slice(1).map((end, i) => {
    const start = boundaries[i];
    const factors = rangesOfHooks.map((ranges) => {
      const range = ranges.find((one) => one.start < end && one.end > start);
      return range?.keyframe?.strength ?? 1;
    });
    return { start, end, factors };
  });
}

/** The ranges of different strengths. Of keyframes with the same start, the last one counts. */
function rangesOf(keyframes: Keyframes): KeyframeRange[] {
  if (keyframes.length === 0) return [{ start: 0, end: 1 }];
  const ranges: KeyframeRange[] = [];
  let [previous] = keyframes;
  for (const keyframe of keyframes) {
    if (keyframe.startPercent === previous.startPercent) previous = keyframe;
    else if (!isClose(keyframe.strength, previous.strength)) {
      const { startPercent: start } = previous;
      ranges.push({ start, end: keyframe.startPercent, keyframe: previous });
      previous = keyframe;
    }
  }
  const { startPercent: start } = previous;
  if (!isClose(start, 1)) ranges.push({ start, end: 1, keyframe: previous });
  return ranges;
}
