// Schedules of CLIPs against comfy.hooks (golden: make_keyframes.py of test/golden/hooks).
import { expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { clipSchedule } from './clip-schedule.ts';
import type { HookWeights } from './hooks.ts';
import type { Keyframes } from './keyframes.ts';

type Frame = [strength: number, startPercent: number, guaranteeSteps: number];

const keyframesOf = (frames: readonly Frame[]): Keyframes =>
  frames.map(([strength, startPercent, guaranteeSteps]) => ({
    strength,
    startPercent,
    guaranteeSteps,
  }));

const cases = golden('hooks', 'keyframes').cases.filter(({ params }) => params.hooks);

it.each(cases)('$id', ({ params, scalars }) => {
  const hooks = params.hooks.map((frames: Frame[]) => ({
    weights: {} as HookWeights,
    keyframes: keyframesOf(frames),
  }));
  const parts = clipSchedule(hooks).map(({ start, end, factors }) => [start, end, factors]);
  expect(parts).toEqual(scalars!.values);
});
