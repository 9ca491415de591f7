// The threads that read what requests contain: workflows, images, prompts with wildcards. The
// server's own thread stays free for other requests, whatever a request contains. A thread that
// takes too long, or too much memory, is ended, and only its request fails.
import { MessageChannel } from 'node:worker_threads';
import type { Tinypool } from 'tinypool';
import { DarkroomError } from '../../errors.ts';
import { threadModule } from '../../start-module.ts';
import type { FolderWatch } from '../../storage/watch/folder-watch.ts';
import { createGate } from '../gate.ts';
import { refuse } from '../http/responses.ts';
import type { TaskInput, TaskName, TaskOutput } from './tasks.ts';
import type { TaskReply, TaskRequest, ThreadSettings } from './thread.ts';

export interface ThreadLimits {
  /** Time of one task, in milliseconds (10 s). */
  readonly taskMs?: number;
  /** Tasks that run at once (2). */
  readonly threads?: number;
  /** Heap of one thread, in MiB (1024). */
  readonly heapMegabytes?: number;
}

export interface ThreadPool {
  /** Runs a task of tasks.ts in a thread. Throws what the task throws, and DR_TOO_EXPENSIVE. */
  run<N extends TaskName>(name: N, input: TaskInput<N>): Promise<TaskOutput<N>>;
  /** Starts a thread, so that the first task need not wait for it. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

const TASK_MS = 10_000;
const THREADS = 2;
const HEAP_MEGABYTES = 1024;
/** The time that a thread may take to start; importing all nodes from source takes seconds. */
const START_MS = 60_000;
/** A thread that is not needed ends after this time; one is kept. */
const IDLE_MS = 30_000;

/** No thread is started before the first task. */
export function createThreadPool(
  settings: ThreadSettings,
  limits: ThreadLimits = {},
  watch?: Pick<FolderWatch, 'unreachable'>,
): ThreadPool {
  const { threads = THREADS } = limits;
  // tinypool's own queue may wait for a busy thread when another was ended
  const gate = createGate(threads);
  let pool: Promise<Tinypool> | undefined;
  const open = (): Promise<Tinypool> => {
    pool ??= openPool(threads, limits.heapMegabytes ?? HEAP_MEGABYTES);
    return pool;
  };
  const run: ThreadPool['run'] = async (name, input) => {
    const leave = await gate.enter(1);
    try {
      const opened = await open();
      return (await runTask(
        opened,
        { settings, name, input, unreachable: watch?.unreachable() ?? [] },
        limits,
      )) as never;
    } finally {
      leave();
    }
  };
  return {
    run,
    warm: () => run('warm', undefined),
    close: async () => {
      await (await pool)?.destroy();
    },
  };
}

/** Imported with the first task. */
async function openPool(threads: number, heapMegabytes: number): Promise<Tinypool> {
  const { Tinypool } = await import('tinypool');
  const { url, execArgv } = threadModule('./thread', import.meta.url);
  const pool = new Tinypool({
    filename: url,
    execArgv,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
    useAtomics: false,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
  });
  // a thread that fails without a task is replaced by the next task
  pool.on('error', () => undefined);
  return pool;
}

/** Runs one task, which ends with its thread when its time is over. */
async function runTask(
  pool: Tinypool,
  request: Omit<TaskRequest, 'started'>,
  { taskMs = TASK_MS, heapMegabytes = HEAP_MEGABYTES }: ThreadLimits,
): Promise<unknown> {
  const { port1: started, port2 } = new MessageChannel();
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(tooSlow(START_MS)), START_MS);
  started.once('message', () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(tooSlow(taskMs)), taskMs);
  });
  try {
    const task: TaskRequest = { ...request, started: port2 };
    const { signal } = abort;
    const reply: TaskReply = await pool.run(task, { signal, transferList: [port2] });
    if ('error' in reply) throw DarkroomError.fromJSON(reply.error);
    if ('refusal' in reply) refuse(reply.refusal);
    return 'output' in reply ? reply.output : undefined;
  } catch (error) {
    if (abort.signal.aborted) throw abort.signal.reason;
    throw isOutOfMemory(error) ? tooLarge(heapMegabytes) : error;
  } finally {
    clearTimeout(timer);
    started.close();
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';

const HINT = 'Send a smaller workflow or image, or a prompt with fewer wildcards.';

const tooSlow = (ms: number): DarkroomError =>
  new DarkroomError('DR_TOO_EXPENSIVE', {
    message: `the request was given up: reading its content took more than ${ms / 1000} s`,
    hint: HINT,
  });

const tooLarge = (megabytes: number): DarkroomError =>
  new DarkroomError('DR_TOO_EXPENSIVE', {
    message: `the request was given up: reading its content took more than ${megabytes} MiB`,
    hint: HINT,
  });
