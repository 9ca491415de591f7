import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { shortLived } from './short-lived.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('computes a value again only after two seconds', () => {
  const make = vi.fn(() => ({}));
  const value = shortLived(make);
  const first = value('a');
  vi.advanceTimersByTime(1999);
  expect(value('a')).toBe(first);
  vi.advanceTimersByTime(1);
  expect(value('a')).not.toBe(first);
  expect(make).toHaveBeenCalledTimes(2);
});

it('computes a value again when the clock has gone back', () => {
  const make = vi.fn(() => ({}));
  const value = shortLived(make);
  value('a');
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(2000);
  value('a');
  expect(make).toHaveBeenCalledTimes(2);
});

it('computes one value for each key', () => {
  const make = vi.fn((key: string) => key.toUpperCase());
  const value = shortLived(make);
  expect(value('a')).toBe('A');
  expect(value('b')).toBe('B');
  expect(value('a')).toBe('A');
  expect(make.mock.calls).toEqual([['a'], ['b']]);
});

it('does not store a failure', () => {
  const make = vi.fn<(key: string) => number>();
  make.mockImplementationOnce(() => {
    throw new Error('unreadable');
  });
  make.mockReturnValue(1);
  const value = shortLived(make);
  expect(() => value('a')).toThrow('unreadable');
  expect(value('a')).toBe(1);
});

it('computes a value again that is not current, and asks once in each run', async () => {
  let isCurrent = true;
  const make = vi.fn(() => ({}));
  const ask = vi.fn(() => isCurrent);
  const value = shortLived(make, ask);
  const first = value('a');
  expect([value('a'), value('a')]).toEqual([first, first]);
  expect(ask).toHaveBeenCalledTimes(1);
  await undefined;
  isCurrent = false;
  expect(value('a')).not.toBe(first);
  expect(make).toHaveBeenCalledTimes(2);
});
