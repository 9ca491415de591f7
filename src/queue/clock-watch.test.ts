import { expect, it } from 'vitest';
import { createClockWatch } from './clock-watch.ts';

/** What a watch of a lease of 15 s says to times in seconds. */
function answers(...seconds: readonly number[]): boolean[] {
  const watch = createClockWatch(15_000, 3000);
  return seconds.map((second) => watch.isSettled(1e12 + 1000 * second));
}

const REGULAR = [0, 3, 6, 9, 12, 15, 18];

it('a clock is settled after the time of a lease', () => {
  expect(answers(...REGULAR)).toEqual([false, false, false, false, false, true, true]);
});

it('a busy moment does not matter', () => {
  expect(answers(...REGULAR, 27).at(-1)).toBe(true);
});

it.each([
  ['a suspension', 40],
  ['a step forward', 3600],
  ['a step back', -3600],
])('%s begins it again', (_, second) => {
  const after = REGULAR.map((regular) => second + regular);
  expect(answers(...REGULAR, ...after)).toEqual([...answers(...REGULAR), ...answers(...REGULAR)]);
});
