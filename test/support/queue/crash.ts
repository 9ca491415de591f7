// Kills processes of a queue at random moments while jobs are added and run, then checks what is
// left.
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EndState, JobStatus, NewJob } from '../../../src/queue/contract.ts';
import { FROM_SOURCE } from '../from-source.ts';
import type { Answers, FromHost, ToHost } from './crash-host.ts';
import { temporaryFolder } from './queue.ts';
import { END } from './queue-nodes.ts';
import { filesIn } from './queue-suite.ts';

export interface CrashTest {
  readonly database: string;
  /** The number of processes that run jobs; one for the embedded database. */
  readonly hosts: number;
  readonly jobs: number;
  readonly kills: number;
  readonly random: () => number;
  readonly log?: (line: string) => void;
}

export interface CrashReport {
  /** Sentences on what is wrong; empty when nothing is. */
  readonly faults: readonly string[];
  readonly ends: Readonly<Record<string, number>>;
  readonly files: number;
  readonly kills: { readonly host: number; readonly engine: number };
}

/** Of the hosts. */
export const LEASE_SECONDS = 2;
const TIMEOUT_MS = 240_000;

export interface Host {
  ask<K extends ToHost['ask']>(ask: K, more?: object): Promise<Answers[K]>;
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
}

/** Starts a process with a queue and a worker (crash-host.ts), whose outputs are in `folder`. */
export function startHost(
  database: string,
  folder: string,
  onEnded: (promptId: string, state: EndState) => void = () => undefined,
): Host {
  const program = fileURLToPath(new URL('./crash-host.ts', import.meta.url));
  const child = fork(program, [database, folder, String(LEASE_SECONDS)], {
    execArgv: [...FROM_SOURCE],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr!.on('data', (data) => {
    stderr = (stderr + data).slice(-2000);
  });
  const pending = new Map<
    number,
    { resolve: (answer: never) => void; reject: (error: Error) => void }
  >();
  let next = 0;
  let dead = false;
  let onReady: () => void;
  let onEarlyEnd: (error: Error) => void;
  const ready = new Promise<void>((resolve, reject) => {
    onReady = resolve;
    onEarlyEnd = reject;
  });
  ready.catch(() => undefined);
  child.on('message', (message: FromHost) => {
    if ('ready' in message) onReady();
    else if ('ended' in message) onEnded(message.ended, message.state);
    else {
      const request = pending.get(message.id);
      pending.delete(message.id);
      if (message.error === undefined) request?.resolve(message.answer as never);
      else request?.reject(new Error(message.error));
    }
  });
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => {
      dead = true;
      onEarlyEnd(new Error(`a host ended before it was ready: ${stderr}`));
      for (const { reject } of pending.values()) reject(new Error(`the host died: ${stderr}`));
      resolve();
    });
  });
  return {
    process: child,
    ready,
    exited,
    ask: (ask, more = {}) =>
      new Promise((resolve, reject) => {
        if (dead) {
          reject(new Error('the host is dead'));
          return;
        }
        const id = next++;
        pending.set(id, { resolve, reject });
        child.send({ id, ask, ...more }, (error) => error && reject(error));
      }),
  };
}

const jobOf = (index: number, random: () => number): NewJob => ({
  prompt: JSON.stringify({
    1: {
      class_type: 'TestSlow',
      inputs: { steps: 1 + Math.floor(random() * 8), ms: 20, deaf: random() < 0.5, nonce: index },
    },
    2: {
      class_type: 'TestSaveLong',
      inputs: { value: ['1', 0], bytes: Math.floor(random() * 3_000_000), copies: 2 },
    },
  }),
  outputs: ['2'],
  idempotencyKey: `job ${index}`,
});

export async function crash({
  database,
  hosts: count,
  jobs,
  kills,
  random,
  log = () => undefined,
}: CrashTest): Promise<CrashReport> {
  const folder = temporaryFolder('crash');
  const faults: string[] = [];
  const announced = new Map<string, EndState>();
  const onEnded = (promptId: string, state: EndState): void => {
    const before = announced.get(promptId);
    if (before !== undefined && before !== state)
      faults.push(`${promptId} ended as ${before} and as ${state}`);
    announced.set(promptId, state);
  };
  const start = (): Host => startHost(database, folder, onEnded);
  const hosts = Array.from({ length: count }, start);
  await Promise.all(hosts.map((host) => host.ready));
  /** Asks any host until one answers. */
  const ask = async <K extends ToHost['ask']>(what: K, more?: object): Promise<Answers[K]> => {
    for (const end = Date.now() + TIMEOUT_MS; ; ) {
      try {
        return await hosts[Math.floor(random() * count)].ask(what, more);
      } catch (error) {
        if (Date.now() > end) throw error;
        await sleep(50);
      }
    }
  };

  const accepted = new Map<string, number>();
  let killing = true;
  const feed = async (): Promise<void> => {
    for (let index = 0; index < jobs; index++) {
      const { promptId, number } = await ask('add', { job: jobOf(index, random) });
      accepted.set(promptId, number);
      // jobs are added as long as processes are killed
      while (killing && index / jobs > (killed.host + killed.engine) / kills) await sleep(20);
    }
  };
  const killed = { host: 0, engine: 0 };
  const kill = async (): Promise<void> => {
    while (killed.host + killed.engine < kills) {
      const at = Math.floor(random() * count);
      const host = hosts[at];
      await host.ready;
      // may be at its start, in the middle of a job, while its end is stored
      await sleep(random() * 1200);
      if (random() < 0.5) {
        const engine = await host.ask('engine').catch(() => undefined);
        if (engine === undefined) continue;
        try {
          process.kill(engine, 'SIGKILL');
          killed.engine++;
        } catch {
          continue;
        }
      } else {
        host.process.kill('SIGKILL');
        await host.exited;
        killed.host++;
        hosts[at] = start();
      }
      log(
        `killed ${killed.host} hosts and ${killed.engine} engines; ` +
          `${accepted.size} jobs accepted, ${announced.size} ended`,
      );
    }
    killing = false;
  };
  await Promise.all([feed(), kill()]);
  await Promise.all(hosts.map((host) => host.ready));
  for (const end = Date.now() + TIMEOUT_MS; (await ask('remaining')) > 0; await sleep(200))
    if (Date.now() > end) {
      faults.push(`${await ask('remaining')} jobs have not ended`);
      break;
    }

  const ends: Record<string, number> = {};
  const history = await ask('history');
  const numbers = new Set(accepted.values());
  if (accepted.size !== jobs || numbers.size !== jobs)
    faults.push(`${jobs} jobs have ${accepted.size} ids and ${numbers.size} numbers`);
  if (history.length !== accepted.size)
    faults.push(`${accepted.size} jobs were accepted, ${history.length} are in the history`);
  for (const promptId of accepted.keys()) {
    const status: JobStatus | undefined = await ask('job', { promptId });
    const state = status?.state ?? 'missing';
    ends[state] = (ends[state] ?? 0) + 1;
    if (announced.has(promptId) && announced.get(promptId) !== state)
      faults.push(`${promptId} was announced as ${announced.get(promptId)}, and is ${state}`);
    if (
      state === 'error' &&
      !(status!.attempts === 2 || status!.attempts === 3) &&
      !status!.error?.includes('DR_ENGINE_CRASHED')
    )
      faults.push(`${promptId} failed at attempt ${status!.attempts}: ${status!.error}`);
    if (state !== 'success' && state !== 'error') faults.push(`${promptId} is ${state}`);
  }
  await Promise.all(hosts.map((host) => host.ask('close').then(() => host.exited)));

  const output = join(folder, 'output');
  const files = filesIn(output);
  for (const file of files) {
    if (!/^long_\d+_\.txt$/.test(file)) faults.push(`${file} was left`);
    else if (!readFileSync(join(output, file), 'latin1').endsWith(END))
      faults.push(`${file} is not whole`);
  }
  for (const { state, json } of history) {
    const { outputs } = JSON.parse(json) as {
      outputs: Record<string, { images: { filename: string }[] }>;
    };
    if (state !== 'success') continue;
    const saved = outputs['2']?.images.map(({ filename }) => filename) ?? [];
    if (saved.length !== 2) faults.push(`a job that succeeded has ${saved.length} files`);
    for (const filename of saved)
      if (!files.includes(filename)) faults.push(`${filename} is in the history only`);
  }
  return { faults, ends, files: files.length, kills: killed };
}
