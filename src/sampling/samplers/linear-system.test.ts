import { expect, it } from 'vitest';
import { solve } from './linear-system.ts';

it('solves a system that needs pivoting', () => {
  const matrix = [
    [0, 2, 1],
    [4, 0, 2],
    [1, 1, 2],
  ];
  // x = (1, 2, 3)
  expect(solve(matrix, [7, 10, 9])).toEqual([1, 2, 3]);
});

it('solves the empty system', () => {
  expect(solve([], [])).toEqual([]);
});

it('does not change its arguments', () => {
  const matrix = [
    [1, 2],
    [3, 4],
  ];
  const right = [5, 6];
  solve(matrix, right);
  expect(matrix).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(right).toEqual([5, 6]);
});
