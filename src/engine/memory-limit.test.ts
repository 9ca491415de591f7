import { expect, it } from 'vitest';
import { SPARE_BYTES } from '../runtime/memory.ts';
import { createMemoryLimit } from './memory-limit.ts';

const GB = 2 ** 30;

it('is what is available, less what is left to others', () => {
  const limit = createMemoryLimit({ limit: () => 64 * GB, available: () => 10 * GB });
  expect(limit()).toBe(10 * GB - SPARE_BYTES);
});

it('counts memory that was allocated and not written to yet', () => {
  const limit = createMemoryLimit({ limit: () => 64 * GB, available: () => 64 * GB });
  const before = limit();
  const untouched = new Float32Array(GB / 4);
  expect(before - limit()).toBeGreaterThan(0.9 * GB);
  expect(untouched.length).toBe(GB / 4);
});

it('collects garbage before it says that there is little, at most once a second', () => {
  let now = 0;
  const limit = createMemoryLimit({ limit: () => 2 * GB, available: () => 2 * GB }, () => now);
  limit();
  const garbage = (): number => new Float32Array(GB / 4).length;
  garbage();
  const before = limit();
  now = 2000;
  expect(limit() - before).toBeGreaterThan(0.9 * GB);
});
