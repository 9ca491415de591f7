import { totalmem } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { inUnits, loadPeak, systemMemory } from './memory.ts';

afterEach(() => vi.restoreAllMocks());

it('the memory of the machine bounds what is free', () => {
  expect(systemMemory.limit()).toBeLessThanOrEqual(totalmem());
  expect(systemMemory.available()).toBeGreaterThan(0);
  expect(systemMemory.available()).toBeLessThan(systemMemory.limit());
});

it('a container with less is the bound, one without a limit is not', () => {
  const constrained = vi.spyOn(process, 'constrainedMemory');
  constrained.mockReturnValue(6e8);
  expect(systemMemory.limit()).toBe(6e8);
  expect(systemMemory.available()).toBeLessThan(6e8);
  for (const none of [0, 2 ** 64]) {
    constrained.mockReturnValue(none);
    expect(systemMemory.limit()).toBe(totalmem());
  }
});

it('convolutions are there twice while a network loads', () => {
  expect(inUnits(loadPeak({ weights: 3.44e9, twice: 2.36e9 }))).toBe('5.9 GB');
  expect(inUnits(loadPeak({ weights: 10.27e9, twice: 1.33e9 }))).toBe('11.9 GB');
});

it('sizes for people', () => {
  expect([10.27e9, 0.96e9, 340.2e6, 12_345, 1].map(inUnits)).toEqual([
    '10.3 GB',
    '1.0 GB',
    '340 MB',
    '13 kB',
    '1 kB',
  ]);
});
