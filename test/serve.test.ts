// darkroom serve as a process: up before its database, jobs that outlive it, Ctrl-C, refusals.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saving, slow } from './support/server.ts';

const CLI = fileURLToPath(new URL('./support/cli.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const root = mkdtempSync(join(tmpdir(), 'darkroom-serve-'));
beforeAll(() => mkdirSync(join(root, 'models')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Serving {
  readonly process: ChildProcess;
  readonly address: string;
  /** Standard error so far. */
  said(): string;
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

async function serve(...args: string[]): Promise<Serving> {
  const child = spawn(process.execPath, ['--import', TSX, CLI, 'serve', '--port', '0', ...args], {
    cwd: root,
  });
  let [said, told] = ['', ''];
  child.stderr.on('data', (data) => {
    said += data;
  });
  const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      told += data;
      const found = /listens on (\S+)/.exec(told)?.[1];
      if (found) resolve(found);
    });
    void exit.then(() => reject(new Error(`it ended: ${said}`)));
  });
  return { process: child, address, said: () => said, exit };
}

const ready = (address: string): Promise<void> =>
  expect
    .poll(async () => (await fetch(`${address}/healthz`)).status, { timeout: 60_000 })
    .toBe(200);
const post = async (url: string, body: unknown) =>
  (await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()) as {
    prompt_id: string;
    number: number;
    state?: string;
  };

describe('darkroom serve', () => {
  it('answers before its database is open, and keeps history, numbers and waiting jobs over restarts', async () => {
    const first = await serve();
    expect([200, 503]).toContain((await fetch(`${first.address}/healthz`)).status);
    expect(
      Object.keys((await (await fetch(`${first.address}/object_info`)).json()) as object),
    ).toContain('TestSave');
    const done = await post(`${first.address}/prompt?wait=1`, { prompt: saving(1) });
    expect(done.state).toBe('success');
    const running = await post(`${first.address}/prompt`, { prompt: slow(100, 10) });
    const waiting = await post(`${first.address}/prompt`, { prompt: saving(2) });
    first.process.kill('SIGTERM');
    // sooner
    await expect.poll(() => first.said(), { timeout: 30_000 }).toContain('stopping');
    first.process.kill('SIGTERM');
    expect(await first.exit).toBe(0);

    const second = await serve('--log-level', 'warn');
    await ready(second.address);
    const again = await post(`${second.address}/prompt?wait=1`, { prompt: saving(3) });
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
    expect(second.said()).toBe('');
  });

  it('refuses what would be dangerous or can’t be', async () => {
    for (const [args, words] of [
      [['--listen', '0.0.0.0'], 'lets everyone who can reach this machine use it'],
      [['--port', '99999'], 'Give a whole number from 0 to 65535'],
      [['--preview-method', 'tasd'], "unknown --preview-method 'tasd'"],
      [['--listen', '203.0.113.1', '--token', 'x'], "can't listen on 203.0.113.1"],
      [['--storage', 's3://a/../b'], 'is no place in a bucket'],
      [['--retries', 'many'], 'Give a whole number from 0 to 100'],
    ] as const) {
      const child = spawn(
        process.execPath,
        ['--import', TSX, CLI, 'serve', '--port', '0', ...args],
        { cwd: root },
      );
      let said = '';
      child.stderr.on('data', (data) => {
        said += data;
      });
      expect((await once(child, 'close'))[0], args.join(' ')).toBe(2);
      expect(said).toContain(words);
    }
  });
});
