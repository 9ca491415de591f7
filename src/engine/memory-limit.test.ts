import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SPARE_BYTES } from '../runtime/memory.ts';
import { createEngine } from './client.ts';
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

it('is set in the engine process', async () => {
  const root = mkdtempSync(join(tmpdir(), 'darkroom-memory-'));
  const folders = { input: root, output: root, temp: root };
  const engine = createEngine({ models: [], ...folders, device: 'cpu' });
  const inputs = { width: 16384, height: 16384, batch_size: 4096 };
  const prompt = JSON.stringify({ 1: { class_type: 'EmptyLatentImage', inputs } });
  await expect(engine.run({ prompt, extra: '{}', outputs: ['1'] })).rejects.toMatchObject({
    code: 'DR_OUT_OF_MEMORY',
    nodeId: '1',
    nodeType: 'EmptyLatentImage',
    message: expect.stringMatching(/^a tensor of 274.9 GB and its use needs .* are free$/),
  });
  await engine.close();
});
