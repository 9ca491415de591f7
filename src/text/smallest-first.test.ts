import { expect, it } from 'vitest';
import { SmallestFirst } from './smallest-first.ts';

it('returns numbers in ascending order', () => {
  const queue = new SmallestFirst();
  const numbers = Array.from({ length: 500 }, (_, i) => (i * 7919) % 503);
  for (const number of numbers) queue.add(number);
  const taken = numbers.map(() => queue.take());
  expect(taken).toEqual([...numbers].sort((a, b) => a - b));
  expect(queue.take()).toBeUndefined();
});
