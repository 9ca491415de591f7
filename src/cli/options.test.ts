// What is kept for later runs, and the former names of its options.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { runMain } from '../../test/support/memory-terminal.ts';
import { keptBy } from '../darkroom.ts';
import { cacheFolder } from '../user-cache-folder.ts';
import { darkroomOptions } from './options.ts';

afterEach(() => vi.unstubAllEnvs());

it('--keep results and weights are kept in the cache folder', () => {
  expect(keptBy(darkroomOptions({ keep: ['results', 'weights'] }))).toEqual({
    cache: join(cacheFolder(), 'results'),
    cacheWeights: true,
  });
  expect(keptBy(darkroomOptions({}))).toEqual({ cache: undefined, cacheWeights: false });
  expect(keptBy(darkroomOptions({ cache: 'x', 'cache-weights': true }))).toEqual({
    cache: 'x',
    cacheWeights: true,
  });
});

it('what can not be kept is refused, and a size without results', () => {
  expect(() => darkroomOptions({ keep: ['result'] })).toThrow("nothing named 'result' can be kept");
  expect(() => darkroomOptions({ 'cache-size': '5' })).toThrow('--cache-size needs --keep results');
  expect(darkroomOptions({ 'cache-size': '5', keep: ['results'] }).cacheSize).toBe(5 * 2 ** 20);
});

it('the former options work, with a note on the new ones', async () => {
  const root = mkdtempSync(join(tmpdir(), 'darkroom-keep-'));
  const { err } = await runMain([
    'run',
    join(root, 'gone.json'),
    '--cache',
    root,
    '--cache-weights',
  ]);
  rmSync(root, { recursive: true });
  expect(err).toContain('warning: --cache is now --keep results, in the cache folder\n');
  expect(err).toContain('warning: --cache-weights is now --keep weights\n');
  expect((await runMain(['help', 'run'])).out[0]).not.toContain('--cache-weights');
});
