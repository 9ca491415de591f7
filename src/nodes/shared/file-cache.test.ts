// Loading files once per runtime.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { fileState } from '../../formats/file-state.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { loadOnce } from './file-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-file-cache-'));
const file = join(folder, 'model.bin');
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

let calls = 0;
const load = async (): Promise<number> => ++calls;
beforeEach((test) => {
  calls = 0;
  // a size of its own per test, so that no test shares a cached result with another
  writeFileSync(file, test.task.name);
});

it('loads a file once', async () => {
  expect(await loadOnce(runtime, [file], load)).toBe(1);
  expect(await loadOnce(runtime, [file], load)).toBe(1);
});

it('loads a file again when it was replaced', async () => {
  const before = await fileState(file);
  await loadOnce(runtime, [file], load);
  utimesSync(file, 1, 1);
  expect(await fileState(file)).not.toBe(before);
  expect(await loadOnce(runtime, [file], load)).toBe(2);
});

it('loads a file once per variant', async () => {
  await loadOnce(runtime, [file], load, 'float32');
  expect(await loadOnce(runtime, [file], load, 'float16')).toBe(2);
  expect(await loadOnce(runtime, [file], load, 'float32')).toBe(1);
});

it('calls load again after it failed', async () => {
  const fail = (): Promise<number> => Promise.reject(new Error('disk'));
  await expect(loadOnce(runtime, [file], fail)).rejects.toThrow('disk');
  expect(await loadOnce(runtime, [file], load)).toBe(1);
});
