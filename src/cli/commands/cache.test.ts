// darkroom cache: listing, clearing all and by name.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../cli.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-cache-'));
  vi.stubEnv('DARKROOM_CACHE', root);
  const put = (path: string, content: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  put('derived/abc/one.safetensors', 'x'.repeat(3000));
  put(
    'derived/abc/one.json',
    JSON.stringify({ source: '/models/dream.safetensors', recipes: ['winograd 4'] }),
  );
  put('models/0011/model.safetensors', 'x'.repeat(500));
  put('torch/def.safetensors', 'x'.repeat(100));
  put('frontend/index.html', 'x');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

async function cache(...args: string[]): Promise<{ code: number; out: string[]; err: string }> {
  const out: string[] = [];
  let err = '';
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (text: string) => {
      err += text;
    },
    interactive: false,
    columns: () => 80,
    now: () => 0,
  };
  return { code: await main(['cache', ...args], terminal), out, err };
}

describe('darkroom cache', () => {
  it('lists entries, the largest first, with their contents', async () => {
    const { entries } = JSON.parse((await cache('list', '--json')).out[0]);
    expect(entries.map(({ name }: { name: string }) => name)).toEqual([
      'derived/abc',
      'models/0011',
      'torch/def.safetensors',
      'frontend',
    ]);
    expect(entries[0]).toMatchObject({
      about: 'prepared weights of /models/dream.safetensors (winograd 4)',
    });
    const { out } = await cache('list');
    expect(out).toHaveLength(5);
    expect(out.at(-1)).toContain(root);
  });

  it('clears everything that can be created again', async () => {
    expect((await cache('clear')).code).toBe(0);
    expect(
      ['derived/abc', 'models/0011', 'torch/def.safetensors', 'frontend'].filter((name) =>
        existsSync(join(root, name)),
      ),
    ).toEqual(['frontend']);
  });

  it('clears by kind, by name and by model', async () => {
    await cache('clear', 'torch', 'dream.safetensors');
    expect(existsSync(join(root, 'torch/def.safetensors'))).toBe(false);
    expect(existsSync(join(root, 'derived/abc'))).toBe(false);
    expect(existsSync(join(root, 'models/0011'))).toBe(true);
    await cache('clear', 'frontend');
    expect(existsSync(join(root, 'frontend'))).toBe(false);
  });

  it('clears nothing when a name is unknown', async () => {
    const { code, err } = await cache('clear', 'torch', 'nonsense');
    expect(code).toBe(2);
    expect(err).toContain("the cache contains no 'nonsense'");
    expect(existsSync(join(root, 'torch/def.safetensors'))).toBe(true);
    expect((await cache('tidy')).code).toBe(2);
  });

  it('prints an empty list when there is no cache yet', async () => {
    vi.stubEnv('DARKROOM_CACHE', join(root, 'nothing'));
    expect(JSON.parse((await cache('list', '--json')).out[0]).entries).toEqual([]);
  });
});
