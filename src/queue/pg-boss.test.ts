import fc from 'fast-check';
import { expect, it } from 'vitest';
import { priorityOf } from './pg-boss.ts';

it('gives smaller numbers larger priorities', () => {
  const numbers = [
    Number.NEGATIVE_INFINITY,
    -1e9,
    -2,
    -1,
    -0.5,
    0,
    1e-9,
    0.5,
    0.7,
    1,
    2,
    3,
    16_777_216,
    1e12,
    Number.POSITIVE_INFINITY,
  ];
  const priorities = numbers.map(priorityOf);
  expect(priorities).toEqual([...priorities].sort((a, b) => b - a));
  expect(new Set(priorities).size).toBe(numbers.length);
  expect(priorityOf(-0)).toBe(priorityOf(0));
});

it('gives 32-bit integers that never contradict the order of the numbers', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
      const [x, y] = [priorityOf(a), priorityOf(b)];
      return (x | 0) === x && (a < b ? x >= y : true);
    }),
  );
});
