// Opens a queue: database, pg-boss, workers and the bus between them, behind the contract in types.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { DarkroomError, interrupted } from '../errors.ts';
import { type Boss, startBoss } from './boss.ts';
import { openBus } from './bus.ts';
import type {
  AcceptedJob,
  JobStatus,
  Queue,
  QueueEvent,
  QueueOptions,
  Worker,
} from './contract.ts';
import { type Database, openDatabase } from './database/database.ts';
import { LOCK, migrate } from './database/schema.ts';
import { listJobs, openHistory, statusOf } from './history.ts';
import { createJobs } from './jobs.ts';
import { startWorker } from './queue-worker.ts';
import { startWebhooks, webhookUrl } from './webhook.ts';

/** How often what was not announced is looked for. */
const POLL_MS = 1000;
const LEASE_SECONDS = 15;
const HISTORY = 10_000;

/** Opens the queue of a database, or makes it. Throws DR_DATABASE. */
export async function openQueue(options: QueueOptions = {}): Promise<Queue> {
  const { retries = 1, leaseSeconds = LEASE_SECONDS, historyLimit = HISTORY, limit } = options;
  const onProblem = options.onProblem ?? (() => undefined);
  const allow = options.allowWebhook ?? (() => true);
  const database = await openDatabase(options.database, onProblem);
  let boss: Boss;
  try {
    await migrate(database);
    const start = (): Promise<Boss> =>
      startBoss(database, leaseSeconds, (error) => onProblem('pg-boss', error));
    // processes that start together make pg-boss's tables one after another
    boss = await (database.exclusive ? start() : alone(database, start));
  } catch (error) {
    await database.close();
    throw error instanceof DarkroomError ? error : broken(error);
  }
  const jobs = createJobs(database, boss, leaseSeconds);
  const bus = openBus(database, onProblem);
  if (database.exclusive) await jobs.releaseAll();
  const webhooks = startWebhooks(database, boss, allow, onProblem);
  const workers = new Set<Worker>();
  const closing = new AbortController();

  const changed = async (): Promise<void> => {
    try {
      await bus.tell({ type: 'event', event: { type: 'changed', counts: await jobs.counts() } });
    } catch (error) {
      onProblem('the queue can’t be counted', error);
    }
  };
  const lookers: ((job: { readonly clientId?: string }) => boolean)[] = [];
  const looks = (job: { readonly clientId?: string }): boolean =>
    lookers.length === 0 ? job.clientId !== undefined : lookers.some((wants) => wants(job));
  const stopListening = bus.listen((call) => {
    if (call.type === 'who looks' && lookers.length > 0 && looks(call))
      void bus.tell({ type: 'somebody looks', promptId: call.promptId });
    if (call.type === 'event' && call.event.type === 'ended') webhooks.wake();
  });

  const tend = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        if (await jobs.tend(historyLimit)) {
          await bus.tell({ type: 'wake' });
          await changed();
        }
      } catch (error) {
        onProblem('the queue can’t be tended', error);
      }
      await sleep(Math.max(500, (leaseSeconds * 1000) / 5), undefined, {
        signal: closing.signal,
        ref: false,
      }).catch(() => undefined);
    }
  };
  const tending = tend();

  const subscribe: Queue['subscribe'] = (listener) =>
    bus.listen((call) => {
      if (call.type === 'event') listener(call.event);
    });

  const remove = async (promptIds?: readonly string[]): Promise<void> => {
    const removed = await jobs.remove(promptIds);
    if (removed.length === 0) return;
    await changed();
    for (const { promptId, clientId } of removed) {
      const event: QueueEvent = { type: 'ended', promptId, clientId, state: 'removed' };
      await bus.tell({ type: 'event', event });
    }
  };

  /** Who waits for a job's end. */
  const waiting = new Set<AbortController>();
  const ended: Queue['waitForEnd'] = async (promptId, signal) => {
    for (;;) {
      const told = new AbortController();
      waiting.add(told);
      const stop = subscribe((event) => {
        if (event.type === 'ended' && event.promptId === promptId) told.abort();
      });
      try {
        if (signal?.aborted) throw interrupted();
        const status = await statusOf(database, promptId);
        if (!status || status.endedAt) return status;
        if (closing.signal.aborted) throw interrupted();
        const either = signal ? AbortSignal.any([told.signal, signal]) : told.signal;
        await sleep(POLL_MS, undefined, { signal: either }).catch(() => undefined);
        if (closing.signal.aborted) throw interrupted();
      } finally {
        waiting.delete(told);
        stop();
      }
    }
  };

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([...workers].map((worker) => worker.close()));
    closing.abort();
    for (const told of waiting) told.abort();
    stopListening();
    await Promise.all([tending, webhooks.close()]);
    await boss.stop();
    await database.close();
  };

  return {
    add: async (job): Promise<AcceptedJob> => {
      if (job.webhook !== undefined) webhookUrl(job.webhook, allow);
      const accepted = await known(async () => {
        await database.checkRoom();
        return jobs.add(job, limit);
      });
      if (accepted.added) {
        await changed();
        await bus.tell({ type: 'wake' });
      }
      return accepted;
    },
    list: () => listJobs(database),
    counts: jobs.counts,
    status: (promptId): Promise<JobStatus | undefined> => statusOf(database, promptId),
    waitForEnd: ended,
    remove: (promptIds) => remove(promptIds),
    clear: () => remove(),
    interrupt: async (promptId) => {
      const promptIds = await jobs.interrupt(promptId);
      if (promptIds.length > 0) await bus.tell({ type: 'interrupt', promptIds });
    },
    free: () => bus.tell({ type: 'free' }),
    history: openHistory(database),
    subscribe,
    requestPreviews: (wants) => {
      lookers.push(wants);
    },
    startWorker: (workerOptions) => {
      const worker = startWorker(workerOptions, {
        jobs,
        bus,
        retries,
        leaseSeconds,
        pollMs: POLL_MS,
        onProblem,
        changed,
        looks,
        alone: database.exclusive,
      });
      workers.add(worker);
      return worker;
    },
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** Holds a lock of the database while something is done outside the transaction. */
const alone = <T>(database: Database, work: () => Promise<T>): Promise<T> =>
  database.transaction(async (sql) => {
    await sql.executeSql(`SELECT pg_advisory_xact_lock(${LOCK})`);
    return work();
  });

/** Anything the database says, as an error of the catalogue. */
async function known<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DarkroomError ? error : broken(error);
  }
}

const broken = (cause: unknown): DarkroomError =>
  new DarkroomError('DR_DATABASE', {
    message: `the database of the queue failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'See that its disk is not full and that this is the database of this version of Darkroom.',
    cause,
  });
