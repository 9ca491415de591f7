// The strengths of keyframes along runs against comfy.hooks (golden: make_keyframes.py of
// test/golden/hooks).
import { expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { keyframesOf } from '../../../test/support/keyframes.ts';
import type { Keyframes } from '../../models/hooks/keyframes.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { keyframeProgress, type LastSigmas } from './keyframe-progress.ts';

const sampling = discreteSampling();
const { cases } = golden('hooks', 'keyframes');

/** The strength after each evaluation of a run. */
function strengthsAlong(
  keyframes: Keyframes,
  sigmas: readonly number[],
  evaluated: readonly number[],
  lastSigmas?: LastSigmas,
): number[] {
  const progress = keyframeProgress(sampling, Float32Array.from(sigmas), lastSigmas);
  return evaluated.map((sigma) => {
    for (let conditions = 0; conditions < 2; conditions++) progress.advance(keyframes, sigma);
    return progress.strength(keyframes);
  });
}

it.each(cases.filter(({ params }) => params.evaluated))('$id', ({ params, scalars }) => {
  const keyframes = keyframesOf(params.keyframes);
  expect(strengthsAlong(keyframes, params.sigmas, params.evaluated)).toEqual(scalars!.values);
});

it('a run that begins where the last one ended takes the first keyframe, as in ComfyUI', () => {
  const { params, scalars } = cases.find(({ id }) => id === 'runs')!;
  const [first, second] = params.runs as readonly number[][];
  const keyframes = keyframesOf(params.keyframes);
  const lastSigmas: LastSigmas = new WeakMap();
  expect([
    ...strengthsAlong(keyframes, first, first, lastSigmas),
    ...strengthsAlong(keyframes, second, second.slice(0, -1), lastSigmas),
  ]).toEqual(scalars!.values);
});

it('hooks without keyframes have the strength 1', () => {
  const progress = keyframeProgress(sampling, Float32Array.of(10, 1, 0));
  progress.advance([], 10);
  expect(progress.strength([])).toBe(1);
});
