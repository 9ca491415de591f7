import { expect, it, vi } from 'vitest';
import { createMemo, noMemo } from './memo.ts';

it('a memo computes once per name and key', () => {
  const memo = createMemo();
  const compute = vi.fn(() => ({}));
  const model = {};
  const first = memo('guider', [model, 7], compute);
  expect(memo('guider', [model, 7], compute), 'same key').toBe(first);
  expect(memo('guider', [{}, 7], compute), 'another object').not.toBe(first);
  expect(memo('sigmas', [model, 7], compute), 'another name').not.toBe(first);
  expect(memo('guider', [model], compute), 'a shorter key').not.toBe(first);
  expect(compute).toHaveBeenCalledTimes(4);
});

it('a memo stores undefined too', () => {
  const memo = createMemo();
  const compute = vi.fn(() => undefined);
  memo('path', [], compute);
  memo('path', [], compute);
  expect(compute).toHaveBeenCalledTimes(1);
});

it('noMemo computes each time', () => {
  const compute = vi.fn(() => 1);
  noMemo('sigmas', [], compute);
  noMemo('sigmas', [], compute);
  expect(compute).toHaveBeenCalledTimes(2);
});
