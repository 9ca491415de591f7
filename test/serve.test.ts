// `darkroom serve` as a process: it listens before its database is open, jobs survive it, Ctrl-C
// ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLACE } from '../src/writer-identity.ts';
import { FROM_SOURCE } from './support/from-source.ts';
import { savingGraph, slowGraph } from './support/server.ts';

const CLI = fileURLToPath(new URL('./support/cli.ts', import.meta.url));
/** Above the largest id of a process on Linux. */
const NO_PROCESS = 2 ** 22 + 1;
const root = mkdtempSync(join(tmpdir(), 'darkroom-serve-'));
beforeAll(() => {
  for (const folder of ['models', 'input']) mkdirSync(join(root, folder));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Serving {
  readonly process: ChildProcess;
  readonly address: string;
  /** Standard error so far. */
  errorOutput(): string;
  /** The exit code, or the signal that ended the process. */
  readonly exit: Promise<number | string>;
}

async function serve(...args: string[]): Promise<Serving> {
  const child = spawn(process.execPath, [...FROM_SOURCE, CLI, 'serve', '--port', '0', ...args], {
    cwd: root,
  });
  let errorOutput = '';
  let output = '';
  child.stderr.on('data', (data) => {
    errorOutput += data;
  });
  const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      output += data;
      const found = /listens on (\S+)/.exec(output)?.[1];
      if (found) resolve(found);
    });
    void exit.then(() => reject(new Error(`it ended: ${errorOutput}`)));
  });
  return { process: child, address, errorOutput: () => errorOutput, exit };
}

const ready = (address: string): Promise<void> =>
  expect.poll(async () => (await fetch(`${address}/healthz`)).status).toBe(200);
const post = async (url: string, body: unknown) =>
  (await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()) as {
    prompt_id: string;
    number: number;
    state?: string;
  };

describe('darkroom serve', () => {
  it('responds before its database is open, and runs stored jobs after a restart', async () => {
    const first = await serve();
    expect([200, 503]).toContain((await fetch(`${first.address}/healthz`)).status);
    expect(
      Object.keys((await (await fetch(`${first.address}/object_info`)).json()) as object),
    ).toContain('TestSave');
    const done = await post(`${first.address}/prompt?wait=1`, { prompt: savingGraph(1) });
    expect(done.state).toBe('success');
    const running = await post(`${first.address}/prompt`, { prompt: slowGraph(100, 10) });
    const waiting = await post(`${first.address}/prompt`, { prompt: savingGraph(2) });
    first.process.kill('SIGTERM');
    // a second signal ends it without waiting for the running job
    await expect.poll(() => first.errorOutput()).toContain('stopping');
    first.process.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    writeFileSync(join(root, 'temp', 'preview.png'), 'of the first run');
    const unfinished = ['input', 'user'].map((folder) =>
      join(root, folder, `.a.png.0-0.tmp-${PLACE.processes}-${NO_PROCESS}-1`),
    );
    for (const path of unfinished) writeFileSync(path, 'half');

    const second = await serve('--log-level', 'warn');
    await ready(second.address);
    expect(readdirSync(join(root, 'temp'))).toEqual(['.darkroom-temp']);
    await expect.poll(() => unfinished.filter((path) => existsSync(path))).toEqual([]);
    const again = await post(`${second.address}/prompt?wait=1`, { prompt: savingGraph(3) });
    expect(again.number).toBeGreaterThan(waiting.number);
    const history = (await (await fetch(`${second.address}/history`)).json()) as Record<
      string,
      { status: { status_str: string } }
    >;
    expect(Object.keys(history)).toEqual(
      [done, running, waiting, again].map(({ prompt_id }) => prompt_id),
    );
    expect(Object.values(history).map(({ status }) => status.status_str)).toEqual([
      'success',
      'success',
      'success',
      'success',
    ]);
    second.process.kill('SIGINT');
    expect(await second.exit).toBe(0);
    expect(second.errorOutput()).toBe('');
  });

  it.each([
    [['--listen', '0.0.0.0'], 'lets everyone who can reach this machine use it'],
    [['--port', '99999'], '--port must be a whole number from 0 to 65535, got 99999'],
    [['--preview-method', 'tasd'], "unknown --preview-method 'tasd'"],
    [['--listen', '203.0.113.1', '--token', 'x'], "can't listen on 203.0.113.1"],
    [['--storage', 's3://a/../b'], 'is not a location in a bucket'],
    [['--retries', 'many'], '--retries must be a whole number from 0 to 100, got many'],
  ])('refuses the options %j', async (options, message) => {
    const args = [...FROM_SOURCE, CLI, 'serve', '--port', '0', ...options];
    const child = spawn(process.execPath, args, { cwd: root });
    let errorOutput = '';
    child.stderr.on('data', (data) => {
      errorOutput += data;
    });
    const [exitCode] = await once(child, 'close');
    expect(exitCode).toBe(2);
    expect(errorOutput).toContain(message);
  });
});
