// Schedules of CLIPs against comfy.hooks (golden: make_keyframes.py of test/golden/hooks).
import { expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { type Frame, keyframesOf } from '../../../test/support/keyframes.ts';
import { clipSchedule } from './clip-schedule.ts';
import type { HookWeights } from './hooks.ts';

const cases = golden('hooks', 'keyframes').cases.filter(({ params }) => params.hooks);

it.each(cases)('$id', ({ params, scalars }) => {
  const hooks = params.hooks.map((frames: Frame[]) => ({
    weights: {} as HookWeights,
    keyframes: keyframesOf(frames),
  }));
  const parts = clipSchedule(hooks).map(({ start, end, factors }) => [start, end, factors]);
  expect(parts).toEqual(scalars!.values);
});
