// A network share that does not answer: the server answers all the same, leaves out what is there,
// and uses it again when it is back.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createServer } from '../src/server/server.ts';
import { watchedView } from '../src/storage/folder-view.ts';
import { openFolders } from '../src/storage/folders.ts';
import { createFolderWatch, type FolderWatch } from '../src/storage/watch/folder-watch.ts';
import { type HungMount, hungMount } from './support/files/hung-mount.ts';
import { FROM_SOURCE } from './support/from-source.ts';
import { NODES, NODES_MODULE } from './support/nodes.ts';
import { node } from './support/server.ts';

const probeFolder = mkdtempSync(join(tmpdir(), 'darkroom-probe-'));
const probe = hungMount(probeFolder);
probe?.remove();
if (!probe) console.warn('tests of hung shares are skipped: no FUSE mount (they need root)');

const LIMIT_MS = 2000;
/** What takes so long does not end. */
const HANGS_MS = 120_000;
let root: string;
let mounts: HungMount[] = [];
const at = (name: string): string => join(root, name);
const folder = (name: string): string => {
  mkdirSync(at(name), { recursive: true });
  return at(name);
};
const hang = (name: string): HungMount => {
  const mount = hungMount(at(name))!;
  mounts.push(mount);
  return mount;
};
const unmountAll = (): void => {
  for (const mount of mounts) mount.remove();
  mounts = [];
};

describe.skipIf(!probe)('a watch of folders', () => {
  let watch: FolderWatch;
  const warnings: string[] = [];
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'darkroom-hung-'));
    for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder(name), `${name}.txt`), '');
  });
  afterEach(() => {
    watch.close();
    unmountAll();
    warnings.length = 0;
  });
  const open = (names: readonly string[], isNeeded = () => true): FolderWatch => {
    watch = createFolderWatch(names.map(at), {
      limitMs: LIMIT_MS,
      retryMs: 200,
      listingMs: 0,
      isNeeded,
      onWarning: (message) => warnings.push(message),
    });
    return watch;
  };

  it('lists folders in another process', async () => {
    const { refresh, names } = open(['a']);
    expect(names(at('a'), 'tree')).toBeUndefined();
    await refresh();
    expect(names(at('a'), 'tree')).toEqual(['a.txt']);
    writeFileSync(at('a/new.txt'), '');
    await refresh();
    expect([...names(at('a'), 'tree')!].sort()).toEqual(['a.txt', 'new.txt']);
    expect(watch.unreachable()).toEqual([]);
  });

  it('is not needed where nothing is mounted that may stop to answer', async () => {
    const { refresh, names } = open(['a'], () => false);
    expect(names(at('a'), 'tree')).toBeUndefined();
    await refresh();
    expect(names(at('a'), 'tree')).toBeUndefined();
  });

  it('notices that many folders do not answer, and that they are back', async () => {
    const { refresh, isReachable, unreachable } = open(['a', 'b', 'c', 'd', 'none']);
    await refresh();
    for (const name of ['a', 'b', 'd']) hang(name);
    await refresh();
    expect([...unreachable()].sort()).toEqual(['a', 'b', 'd'].map(at));
    expect(isReachable(at('a/deep/er'))).toBe(false);
    expect(isReachable(at('c/x'))).toBe(true);
    expect(isReachable(at('none'))).toBe(true);
    expect(warnings).toHaveLength(3);
    // they are asked again meanwhile, without a wait
    await refresh();
    expect(unreachable()).toHaveLength(3);
    expect(warnings).toHaveLength(3);
    unmountAll();
    await expect.poll(async () => refresh().then(unreachable), { interval: 300 }).toEqual([]);
    expect(warnings.filter((text) => text.endsWith('answers again'))).toHaveLength(3);
  });

  it('leaves out a folder inside another that is a link to a share', async () => {
    folder('share');
    folder('models');
    writeFileSync(join(folder('models/vae'), 'x.safetensors'), '');
    symlinkSync(at('share'), at('models/checkpoints'));
    open(['models']);
    watch.names(at('models/checkpoints'), 'tree');
    watch.names(at('models/vae'), 'tree');
    hang('share');
    await watch.refresh();
    expect(watch.unreachable()).toEqual([at('models/checkpoints')]);
    expect(watch.names(at('models/vae'), 'tree')).toEqual(['x.safetensors']);
  });
});

describe.skipIf(!probe)(
  'a server whose models, inputs and outputs are on a share that is gone',
  () => {
    let server: ReturnType<typeof createServer>;
    let watch: FolderWatch;
    let url: string;
    const warnings: string[] = [];
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'darkroom-hung-'));
      for (const name of ['nas', 'local']) folder(`${name}/checkpoints`);
      writeFileSync(at('nas/checkpoints/far.safetensors'), '');
      writeFileSync(at('local/checkpoints/near.safetensors'), '');
      for (const name of ['input', 'output', 'temp', 'user']) folder(name);
      writeFileSync(at('input/a.png'), '');
      const paths = {
        models: [at('nas'), at('local')],
        input: at('input'),
        output: at('output'),
        temp: at('temp'),
      };
      watch = createFolderWatch([...paths.models, at('input'), at('output'), at('temp')], {
        limitMs: LIMIT_MS,
        retryMs: 200,
        listingMs: 0,
        onWarning: (message) => warnings.push(message),
      });
      server = createServer({
        queue: new Promise(() => undefined),
        folders: openFolders({ ...paths, view: watchedView(watch) }),
        watch,
        nodes: { table: NODES, module: NODES_MODULE },
        user: at('user'),
      });
      url = await server.listen({ host: '127.0.0.1', port: 0 });
      await server.warmThreads();
    });
    afterAll(async () => {
      unmountAll();
      await server.close();
      watch.close();
    });

    const get = async (path: string) => {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(HANGS_MS) });
      const text = await response.text();
      return { status: response.status, text, warning: response.headers.get('warning') };
    };
    const jsonOf = async (path: string): Promise<unknown> => JSON.parse((await get(path)).text);
    const CHECKPOINTS = '/models/checkpoints';

    it('answers every route, while other requests go on', async () => {
      expect(await jsonOf(CHECKPOINTS)).toEqual(['far.safetensors', 'near.safetensors']);
      expect(await jsonOf(CHECKPOINTS)).toEqual(['far.safetensors', 'near.safetensors']);
      for (const name of ['nas', 'input', 'output']) hang(name);
      const first = get(CHECKPOINTS);
      let others = 0;
      let isDone = false;
      void first.finally(() => {
        isDone = true;
      });
      while (!isDone) {
        expect((await get('/features')).status).toBe(200);
        others++;
        await sleep(20);
      }
      expect(others).toBeGreaterThan(1);
      expect(await first).toMatchObject({ status: 200, text: '["near.safetensors"]' });
      expect((await first).warning).toContain(at('nas'));
      expect((await get('/object_info')).status).toBe(200);
      expect((await get('/experiment/models/checkpoints')).status).toBe(200);
      expect((await get('/embeddings')).status).toBe(200);
      expect((await get('/impact/wildcards/list')).status).toBe(200);
      expect((await get('/users')).status).toBe(200);
      expect(await get('/view?filename=a.png&type=input')).toMatchObject({
        status: 503,
        warning: expect.stringContaining(at('input')),
      });
      expect((await get('/internal/files/output')).status).toBe(503);
      expect(warnings.filter((text) => text.includes('does not answer'))).toHaveLength(3);
    });

    it('refuses uploads and checks prompts', async () => {
      const form = new FormData();
      form.append('image', new Blob(['x']), 'x.png');
      const body = { method: 'POST', body: form, signal: AbortSignal.timeout(HANGS_MS) };
      expect((await fetch(`${url}/upload/image`, body)).status).toBe(503);
      const prompt = { '1': node('TestCheckpoint', { ckpt_name: 'far.safetensors' }) };
      const response = await fetch(`${url}/prompt`, {
        method: 'POST',
        body: JSON.stringify({ prompt }),
        signal: AbortSignal.timeout(HANGS_MS),
      });
      expect(response.status).toBe(400);
    });

    it('has no work left in its own process, and uses the share when it is back', async () => {
      // four such reads would occupy all threads that Node has for files
      for (let i = 0; i < 8; i++) await get('/view?filename=a.png&type=input');
      expect((await get('/view?filename=none.png&type=temp')).status).toBe(404);
      unmountAll();
      await expect
        .poll(() => jsonOf(CHECKPOINTS), { interval: 300 })
        .toEqual(['far.safetensors', 'near.safetensors']);
      await expect
        .poll(async () => (await get('/view?filename=a.png&type=input')).status, {
          interval: 300,
        })
        .toBe(200);
    });
  },
);

describe.skipIf(!probe)('darkroom serve', () => {
  it('starts and ends while its models are on a share that is gone', async () => {
    root = mkdtempSync(join(tmpdir(), 'darkroom-hung-'));
    folder('models');
    hang('models');
    const program = join(import.meta.dirname, 'support', 'cli.ts');
    const args = [...FROM_SOURCE, program, 'serve', '--port', '0'];
    const child = spawn(process.execPath, [...args, '--models', 'models'], { cwd: root });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    await expect.poll(() => output).toMatch(/listens on \S+\s/);
    const address = /listens on (\S+)/.exec(output)![1];
    await expect.poll(async () => (await fetch(`${address}/healthz`)).status).toBe(200);
    expect((await fetch(`${address}/object_info`)).status).toBe(200);
    expect(output).toContain('does not answer');
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(HANGS_MS) });
    expect(code).toBe(0);
    unmountAll();
  });
});
