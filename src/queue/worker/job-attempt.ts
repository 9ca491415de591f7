// One attempt of a job: runs it in the engine, sends its messages, renews its lease, stores how it
// ended.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, EngineRunOptions } from '../../engine/client.ts';
import type { Outputs } from '../../engine/events.ts';
import { DarkroomError, interrupted } from '../../errors.ts';
import type { QueueEvent, WorkerOptions } from '../contract.ts';
import type { HeldJob } from '../jobs/job-types.ts';
import { type ClientMessages, createClientMessages } from '../messages/client-messages.ts';
import { renewLeaseRegularly } from './lease-renewal.ts';
import { watchPreviewClients } from './preview-clients.ts';
import type { WorkerTools } from './worker-tools.ts';

/** Why a running job is stopped. A lost one may be running elsewhere already. */
export type StopReason = 'interrupt' | 'release' | 'lost';

export interface JobAttempt {
  readonly promptId: string;
  /** Stops the job; the first reason counts. */
  stop(reason: StopReason): void;
  /** Resolves when the end is stored. Rejects when the job is left to other workers. */
  readonly ended: Promise<void>;
}

/** The parts of an attempt. */
interface Attempt {
  readonly job: HeldJob;
  readonly engine: Engine;
  readonly tools: WorkerTools;
  readonly messages: ClientMessages;
  readonly stopReason: () => StopReason | undefined;
}

type Ending =
  | { readonly kind: 'success'; readonly outputs: Outputs }
  | { readonly kind: 'error' | 'interrupted'; readonly error: DarkroomError }
  | { readonly kind: 'release'; readonly countsAsAttempt: boolean }
  | { readonly kind: 'lost' };

const RETRY_MS = 500;
/** How often messages that were held back are sent. */
const DUE_MS = 250;

/** `previews` decides whether previews are sent, in place of the clients of all servers. */
export function startAttempt(
  job: HeldJob,
  engine: Engine,
  tools: WorkerTools,
  previews: WorkerOptions['previews'],
): JobAttempt {
  const controller = new AbortController();
  let stopReason: StopReason | undefined;
  let isRunning = true;
  const stop = (reason: StopReason): void => {
    stopReason ??= reason;
    controller.abort();
    // what it would still save is of no use; once it has run, the engine may have the next job
    if (reason === 'lost' && isRunning) engine.kill();
  };
  const messages = createClientMessages(job, Date.now);
  const attempt = { job, engine, tools, messages, stopReason: () => stopReason };

  const run = async (): Promise<void> => {
    tools.held.add(job);
    const endRenewal = renewLeaseRegularly(job, tools, stop);
    const clients = previews
      ? { arePresent: () => previews(job), close: () => undefined }
      : watchPreviewClients(job, tools);
    try {
      await tools.announceCounts();
      const options = { signal: controller.signal, previews: clients.arePresent };
      const ending = await runOnce(attempt, options);
      isRunning = false;
      await storeEnding(attempt, ending);
    } finally {
      endRenewal();
      tools.held.delete(job);
      clients.close();
    }
  };
  return { promptId: job.promptId, stop, ended: run() };
}

/** Runs the job once and says how it is to end. */
async function runOnce(attempt: Attempt, options: EngineRunOptions): Promise<Ending> {
  const { job, engine, tools, messages } = attempt;
  if (job.isInterrupted) return { kind: 'interrupted', error: interrupted() };
  if (job.attempts > 1 + tools.retries)
    return { kind: 'error', error: tooManyAttempts(job.attempts - 1) };
  void sendEvents(attempt, messages.start());
  const timer = setInterval(() => void sendEvents(attempt, messages.due()), DUE_MS);
  try {
    const outputs = await engine.run(
      { prompt: job.prompt, extra: job.extra, outputs: job.outputs, sendsImages: true },
      { ...options, onEvent: (event) => void sendEvents(attempt, messages.event(event)) },
    );
    return { kind: 'success', outputs };
  } catch (thrown) {
    return endingOf(attempt, thrown);
  } finally {
    clearInterval(timer);
  }
}

/** How a job ends whose run has thrown. */
function endingOf({ job, engine, tools, stopReason }: Attempt, thrown: unknown): Ending {
  const reason = stopReason();
  if (reason === 'lost') return { kind: 'lost' };
  const error =
    thrown instanceof DarkroomError
      ? thrown
      : new DarkroomError('DR_NODE_FAILED', { message: String(thrown), cause: thrown });
  const hasDied = error.code === 'DR_ENGINE_CRASHED' && engine.pid() === undefined;
  const wasStopped = error.code === 'DR_INTERRUPTED' || (hasDied && reason !== undefined);
  if (wasStopped)
    return reason === 'release'
      ? { kind: 'release', countsAsAttempt: false }
      : { kind: 'interrupted', error };
  if (hasDied && job.attempts <= tools.retries) return { kind: 'release', countsAsAttempt: true };
  return { kind: 'error', error };
}

/** Stores how the job ended and announces it. */
async function storeEnding(attempt: Attempt, ending: Ending): Promise<void> {
  const { job, tools, messages } = attempt;
  if (ending.kind === 'lost') return;
  if (ending.kind === 'release') {
    const isReleased = await persist(attempt, () =>
      tools.jobs.release(job, ending.countsAsAttempt),
    );
    if (isReleased) await tools.announceCounts();
    await tools.bus.send({ type: 'wake' });
    return;
  }
  const end =
    ending.kind === 'success'
      ? messages.end('success', undefined, ending.outputs)
      : messages.end(ending.kind, ending.error);
  if (!(await persist(attempt, () => tools.jobs.finish(job, end.result)))) return;
  await sendEvents(attempt, end.messages);
  await tools.announceCounts();
  await sendEvents(attempt, messages.last(end.result.state));
  await tools.bus.send({ type: 'wake' });
}

async function sendEvents({ tools }: Attempt, events: readonly QueueEvent[]): Promise<void> {
  await Promise.all(events.map((event) => tools.bus.send({ type: 'event', event })));
}

/**
 * Repeats `store` until the database accepts it, however long it is unreachable. Returns false when
 * the job is not ours any more, or is to be released.
 */
async function persist(
  { tools, stopReason }: Attempt,
  store: () => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    try {
      return await store();
    } catch (error) {
      tools.onProblem('the end of a job can’t be stored yet', error);
      const reason = stopReason();
      if (reason === 'lost' || reason === 'release') return false;
      await sleep(RETRY_MS);
    }
  }
}

const tooManyAttempts = (attempts: number): DarkroomError =>
  new DarkroomError('DR_ENGINE_CRASHED', {
    message: `the job was started ${attempts} times, and each time the process that ran it died`,
    hint:
      'The machine may have run out of memory: use a smaller image or batch, ' +
      'or the tiled VAE nodes.',
  });
