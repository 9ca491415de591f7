import { totalmem } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { formatSize } from '../format-size.ts';
import { loadPeak, systemMemory } from './memory.ts';

afterEach(() => vi.restoreAllMocks());

it('available memory is bounded by the memory of the machine', () => {
  expect(systemMemory.limit()).toBeLessThanOrEqual(totalmem());
  expect(systemMemory.available()).toBeGreaterThan(0);
  expect(systemMemory.available()).toBeLessThan(systemMemory.limit());
});

it('available memory is bounded by the limit of a container, where it has one', () => {
  const constrained = vi.spyOn(process, 'constrainedMemory');
  constrained.mockReturnValue(6e8);
  expect(systemMemory.limit()).toBe(6e8);
  expect(systemMemory.available()).toBeLessThan(6e8);
  for (const none of [0, 2 ** 64]) {
    constrained.mockReturnValue(none);
    expect(systemMemory.limit()).toBe(totalmem());
  }
});

it('a network that is loaded holds its convolutions twice', () => {
  expect(formatSize(loadPeak({ weightBytes: 3.44e9, relayoutBytes: 2.36e9 }))).toBe('5.9 GB');
  expect(formatSize(loadPeak({ weightBytes: 10.27e9, relayoutBytes: 1.33e9 }))).toBe('11.9 GB');
});
