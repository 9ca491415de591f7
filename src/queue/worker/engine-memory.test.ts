import { expect, it } from 'vitest';
import { createGrowthCheck, residentBytes } from './engine-memory.ts';

it('replaces an engine that has grown', () => {
  const hasGrown = createGrowthCheck(100);
  expect([90, 99, 120].map((bytes) => hasGrown(1, bytes))).toEqual([false, false, true]);
});

it('keeps an engine that was large from its first job on', () => {
  const hasGrown = createGrowthCheck(100);
  hasGrown(1, 90);
  expect([150, 180, 190].map((bytes) => hasGrown(2, bytes))).toEqual([false, false, true]);
});

it('keeps an engine that does not run', () => {
  expect(createGrowthCheck(100)(undefined, 1000)).toBe(false);
});

it.runIf(process.platform === 'linux')('reads the memory of a process', async () => {
  expect(await residentBytes(process.pid)).toBeGreaterThan(2 ** 20);
});
