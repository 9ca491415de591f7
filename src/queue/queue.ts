// Opens a queue: database, pg-boss, workers and the bus between them, behind the interface of
// contract.ts.
import { DarkroomError } from '../errors.ts';
import { type Bus, openBus } from './bus.ts';
import type { AcceptedJob, NewJob, Queue, QueueEvent, QueueOptions, Worker } from './contract.ts';
import type { Database, OnProblem } from './database/database.ts';
import { openDatabase } from './database/open-database.ts';
import { ADVISORY_LOCK, migrate } from './database/schema.ts';
import { createEndWaiter } from './end-waiter.ts';
import { listJobs, openHistory, statusOf } from './history.ts';
import type { HeldJob, Jobs } from './jobs/job-types.ts';
import { createJobs } from './jobs/jobs.ts';
import { startMaintenance } from './maintenance-loop.ts';
import { type Boss, startBoss } from './pg-boss.ts';
import { createPreviewRequests } from './preview-requests.ts';
import { createWebhookPolicy, type WebhookPolicy } from './webhooks/webhook-policy.ts';
import { startWebhooks, type Webhooks } from './webhooks/webhooks.ts';
import { startWorker } from './worker/queue-worker.ts';
import type { WorkerTools } from './worker/worker-tools.ts';

/** How often the database is polled for changes that no call announced. */
const POLL_MS = 1000;
const LEASE_SECONDS = 15;
const HISTORY_LIMIT = 10_000;
/** Of a process that calls none. */
const NO_WEBHOOKS: Webhooks = { wake: () => undefined, close: async () => undefined };

/**
 * Opens the queue of a database, and creates its tables if needed. Throws DR_DATABASE,
 * DR_BAD_USAGE.
 */
export async function openQueue(options: QueueOptions = {}): Promise<Queue> {
  const { retries = 1, leaseSeconds = LEASE_SECONDS, historyLimit = HISTORY_LIMIT } = options;
  const { onProblem = () => undefined, callsWebhooks = true } = options;
  const policy = createWebhookPolicy(options.webhookAllow);
  const database = await openDatabase(options.database, onProblem);
  const boss = await prepareDatabase(database, onProblem);
  const jobs = createJobs({ database, boss, leaseSeconds });
  const bus = openBus(database, onProblem);
  // otherwise the first messages of a job that is taken at once would be lost
  await database.broadcast?.ready();
  const announceCounts = (): Promise<void> => sendCounts(jobs, bus, onProblem);
  if (database.exclusive) await jobs.releaseAll();
  const webhooks = callsWebhooks
    ? startWebhooks({ database, boss, policy, onProblem })
    : NO_WEBHOOKS;
  const previewRequests = createPreviewRequests(bus);
  const held = new Set<HeldJob>();
  const tools = { jobs, bus, held, leaseSeconds, onProblem, announceCounts };
  const maintenance = startMaintenance({ ...tools, historyLimit });
  const endWaiter = createEndWaiter({ sql: database, bus, pollMs: POLL_MS, onProblem });
  const unsubscribe = bus.subscribe((call) => {
    if (call.type === 'event' && call.event.type === 'ended') webhooks.wake();
  });
  const workers = createWorkers({
    ...tools,
    retries,
    pollMs: POLL_MS,
    hasPreviewClient: previewRequests.include,
    isAlone: database.exclusive,
  });

  const close = async (): Promise<void> => {
    await workers.close();
    endWaiter.close();
    previewRequests.close();
    unsubscribe();
    await Promise.all([maintenance.close(), webhooks.close()]);
    await boss.stop();
    await database.close();
  };
  let closed: Promise<void> | undefined;
  return {
    ...readMethods(database, jobs, bus),
    ...changeMethods({ database, jobs, bus, announceCounts, policy, limit: options.limit }),
    waitForEnd: endWaiter.wait,
    requestPreviews: previewRequests.add,
    startWorker: workers.start,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** The workers of a queue, which are closed together. */
function createWorkers(tools: WorkerTools): Pick<Queue, 'close'> & { start: Queue['startWorker'] } {
  const workers: Worker[] = [];
  return {
    start: (options) => {
      const worker = startWorker(options, tools);
      workers.push(worker);
      return worker;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** The methods that read the queue. */
const readMethods = (
  database: Database,
  jobs: Jobs,
  bus: Bus,
): Pick<Queue, 'list' | 'counts' | 'status' | 'history' | 'subscribe'> => ({
  list: () => listJobs(database),
  counts: jobs.counts,
  status: (promptId) => statusOf(database, promptId),
  history: openHistory(database),
  subscribe: (listener) =>
    bus.subscribe((call) => {
      if (call.type === 'event') listener(call.event);
    }),
});

/** Brings the tables up to date and starts pg-boss; closes the database when that fails. */
async function prepareDatabase(database: Database, onProblem: OnProblem): Promise<Boss> {
  const start = (): Promise<Boss> =>
    startBoss(database, (error) => onProblem('pg-boss failed', error));
  try {
    await migrate(database);
    if (database.exclusive) return await start();
    // processes that start together create pg-boss's tables one after another
    return await database.transaction(async (sql) => {
      await sql.executeSql(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
      return start();
    });
  } catch (error) {
    await database.close();
    throw asDarkroomError(error);
  }
}

async function sendCounts(jobs: Jobs, bus: Bus, onProblem: OnProblem): Promise<void> {
  try {
    await bus.send({ type: 'event', event: { type: 'changed', counts: await jobs.counts() } });
  } catch (error) {
    onProblem('the jobs of the queue can’t be counted', error);
  }
}

interface ChangeTools {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly bus: Bus;
  readonly announceCounts: () => Promise<void>;
  /** Which webhooks may be called. */
  readonly policy: WebhookPolicy;
  /** How many jobs may be pending. */
  readonly limit: number | undefined;
}

/** The methods that change the queue: each stores the change, then announces it. */
function changeMethods({
  database,
  jobs,
  bus,
  announceCounts,
  policy,
  limit,
}: ChangeTools): Pick<Queue, 'add' | 'remove' | 'clear' | 'interrupt' | 'free'> {
  const insert = async (job: NewJob): Promise<AcceptedJob> => {
    try {
      await database.checkFreeSpace();
      return await jobs.add(job, limit);
    } catch (error) {
      throw asDarkroomError(error);
    }
  };
  const remove = async (promptIds?: readonly string[]): Promise<void> => {
    const removed = await jobs.remove(promptIds);
    if (removed.length === 0) return;
    await announceCounts();
    for (const { promptId, clientId } of removed) {
      const event: QueueEvent = { type: 'ended', promptId, clientId, state: 'removed' };
      await bus.send({ type: 'event', event });
    }
  };
  return {
    add: async (job) => {
      if (job.webhook !== undefined) policy.checkUrl(job.webhook);
      const accepted = await insert(job);
      if (accepted.added) {
        await announceCounts();
        await bus.send({ type: 'wake' });
      }
      return accepted;
    },
    remove: (promptIds) => remove(promptIds),
    clear: () => remove(),
    interrupt: async (promptId) => {
      const promptIds = await jobs.interrupt(promptId);
      if (promptIds.length > 0) await bus.send({ type: 'interrupt', promptIds });
    },
    free: () => bus.send({ type: 'free' }),
  };
}

/** Any error of the database as a DarkroomError. */
function asDarkroomError(cause: unknown): DarkroomError {
  if (cause instanceof DarkroomError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DarkroomError('DR_DATABASE', {
    message: `the database of the queue failed: ${reason}`,
    hint:
      'Check that its disk is not full and ' +
      'that it is the database of this version of Darkroom.',
    cause,
  });
}
