// Runs the loop in a thread and watches it: a run that does not end, and one that takes all memory,
// are findings, after which the loop goes on with the rest of the time.
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Bundle } from './bundle.ts';
import { HEADER_BYTES, type LoopFigures, type LoopOptions, saveFinding } from './loop-protocol.ts';

export interface FuzzRun extends Bundle {
  readonly module: string;
  readonly seconds: number;
  readonly maxBytes: number;
  readonly corpus: string;
  readonly findings: string;
  readonly seed: number;
}

export interface FuzzFigures extends LoopFigures {
  readonly perSecond: number;
}

/** Processor time after which a run is ended; a stall is noticed when it ends by itself. */
const HANG_SECONDS = 20;
/** Time on the clock after which a run that waits for something is ended. */
const LOST_SECONDS = 120;
const LIMITS = { maxOldGenerationSizeMb: 2048, stackSizeMb: 1 };
const MAX_INPUT = 256 * 1024;
const MAX_STARTS = 20;

export async function runFuzzer(run: FuzzRun): Promise<FuzzFigures> {
  mkdirSync(run.findings, { recursive: true });
  const end = Date.now() + run.seconds * 1000;
  let figures: LoopFigures = { executions: 0, coverageBefore: 0, coverage: 0, corpus: 0 };
  for (let start = 0; start < MAX_STARTS && Date.now() < end; start++) {
    const next = await runThread(run, end, run.seed + start);
    figures = {
      ...next,
      executions: figures.executions + next.executions,
      coverageBefore: start === 0 ? next.coverageBefore : figures.coverageBefore,
    };
  }
  return { ...figures, perSecond: Math.round(figures.executions / run.seconds) };
}

async function runThread(run: FuzzRun, end: number, seed: number): Promise<LoopFigures> {
  const { counters, words, corpus, findings, maxBytes } = run;
  const current = new SharedArrayBuffer(HEADER_BYTES + MAX_INPUT);
  const header = new Int32Array(current, 0, HEADER_BYTES / 4);
  const options: LoopOptions = { counters, words, corpus, findings, maxBytes, end, seed, current };
  const thread = new Worker(run.module, { workerData: options, resourceLimits: LIMITS });
  let figures: LoopFigures = { executions: 0, coverageBefore: 0, coverage: 0, corpus: 0 };
  let ended = false;
  const note = (key: string, message: string): void => {
    const input = Buffer.from(new Uint8Array(current, HEADER_BYTES, header[1]));
    saveFinding(findings, input, { key, message });
  };
  thread.on('message', (message: LoopFigures) => {
    figures = message;
  });
  let failure: Error | undefined;
  thread.on('error', (error: Error) => {
    // before the first run it is the harness that failed
    if (Atomics.load(header, 0) === 0) failure = error;
    else note('thread-ended', `${error.stack ?? error.message}`);
  });
  const exited = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  let watched = { number: -1, since: Date.now(), cpu: process.cpuUsage() };
  while (!ended) {
    await Promise.race([exited, sleep(500)]);
    const number = Atomics.load(header, 0);
    if (number !== watched.number) {
      watched = { number, since: Date.now(), cpu: process.cpuUsage() };
      continue;
    }
    const { user, system } = process.cpuUsage(watched.cpu);
    const isLost = Date.now() - watched.since > LOST_SECONDS * 1000;
    if (number === 0 || ((user + system) / 1e6 < HANG_SECONDS && !isLost)) continue;
    note('hang', `a run did not end within ${HANG_SECONDS} s`);
    await thread.terminate();
  }
  if (failure) throw failure;
  return figures;
}
