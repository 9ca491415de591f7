import { expect, it } from 'vitest';
import { pow } from './pow.ts';

it('is exact for roots that are powers of 2', () => {
  expect(pow(4, 1 / 2)).toBe(2);
  expect(pow(16, 1 / 4)).toBe(2);
});

it('is correctly rounded: 4 ** (1 / 4) is the square root of 2', () => {
  expect(pow(4, 1 / 4)).toBe(Math.SQRT2);
});

it('is exact at the ends of its range', () => {
  expect(pow(10000, 1)).toBe(10000);
  expect(pow(1, 0.3)).toBe(1);
  expect(pow(7, 0)).toBe(1);
});
