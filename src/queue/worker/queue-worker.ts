// Takes jobs one at a time, runs each in the engine process, and stores how it ended. The process
// may die at any moment: a job whose end is not stored is started again by whichever worker takes
// it next.
import { randomUUID } from 'node:crypto';
import { hostname, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine, type Engine, type EngineOptions } from '../../engine/client.ts';
import { removeAbandoned } from '../../storage/atomic-write.ts';
import type { Worker, WorkerOptions } from '../contract.ts';
import type { HeldJob } from '../jobs/job-types.ts';
import { createPause } from '../pause.ts';
import { createGrowthCheck, residentBytes } from './engine-memory.ts';
import { type JobAttempt, startAttempt } from './job-attempt.ts';
import type { WorkerTools } from './worker-tools.ts';

const RETRY_MS = 500;

/** Starts a worker. Its engine process starts with the first job. */
export function startWorker(options: WorkerOptions, tools: WorkerTools): Worker {
  const { bus, onProblem } = tools;
  const name = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const pause = createPause();
  const { openEngine = () => createEngine(options.engine) } = options;
  const engine = createReplaceableEngine(openEngine, options.maxBytes ?? totalmem() / 2);
  let isClosing = false;
  let current: JobAttempt | undefined;

  const unsubscribe = bus.subscribe((call) => {
    if (call.type === 'wake') pause.end();
    else if (call.type === 'free') engine.requestReplacement();
    else if (call.type === 'interrupt' && current && call.promptIds.includes(current.promptId))
      current.stop('interrupt');
    if (engine.isDueForReplacement() && !current) pause.end();
  });
  const runJob = async (job: HeldJob): Promise<void> => {
    current = startAttempt(job, engine.current(), tools, options.previews);
    await current.ended.catch((error) =>
      onProblem(`job ${job.promptId} could not be ended here and is left to other workers`, error),
    );
    current = undefined;
  };
  const run = async (): Promise<void> => {
    // each round takes a job or waits, so a wake-up call that comes outside a pause is not missed
    while (!isClosing) {
      if (engine.isDueForReplacement()) await engine.replace();
      const job = await takeJob(name, tools);
      if (job) {
        await runJob(job);
        await engine.checkGrowth();
      } else if (!isClosing && !engine.isDueForReplacement()) await pause.wait(tools.pollMs);
    }
  };
  removeHalfWritten(options.engine, tools);
  const running = run();

  const grace = createPause();
  const close = async (finishMs: number): Promise<void> => {
    isClosing = true;
    pause.end();
    if (current && finishMs > 0)
      await Promise.race([running, grace.wait(finishMs, { ref: false })]);
    current?.stop('release');
    await running;
    unsubscribe();
    await engine.current().close();
  };
  let closed: Promise<void> | undefined;
  return {
    currentJob: () => current?.promptId,
    enginePid: () => engine.current().pid(),
    close: ({ finishMs = 0 } = {}) => {
      if (closed && finishMs === 0) grace.end();
      closed ??= close(finishMs);
      return closed;
    },
  };
}

async function takeJob(
  worker: string,
  { jobs, onProblem }: WorkerTools,
): Promise<HeldJob | undefined> {
  try {
    return await jobs.take(worker);
  } catch (error) {
    onProblem('no job can be taken', error);
    await sleep(RETRY_MS);
    return undefined;
  }
}

/** Removes what dead processes left half-written in the output folders, in the background. */
function removeHalfWritten({ output, temp }: EngineOptions, { onProblem }: WorkerTools): void {
  void Promise.all([output, temp].map(removeAbandoned)).catch((error) =>
    onProblem('half-written outputs of dead processes can’t be removed', error),
  );
}

/** An engine that is replaced between two jobs: when it has grown too large, or on /free. */
interface ReplaceableEngine {
  current(): Engine;
  requestReplacement(): void;
  /** Requests a replacement when the process holds too much memory. */
  checkGrowth(): Promise<void>;
  isDueForReplacement(): boolean;
  replace(): Promise<void>;
}

function createReplaceableEngine(openEngine: () => Engine, maxBytes: number): ReplaceableEngine {
  const hasGrown = createGrowthCheck(maxBytes);
  let engine = openEngine();
  let isDue = false;
  return {
    current: () => engine,
    requestReplacement: () => {
      isDue = true;
    },
    checkGrowth: async () => {
      const pid = engine.pid();
      if (pid !== undefined && hasGrown(pid, await residentBytes(pid))) isDue = true;
    },
    isDueForReplacement: () => isDue,
    replace: async () => {
      isDue = false;
      const old = engine;
      engine = openEngine();
      await old.close();
    },
  };
}
