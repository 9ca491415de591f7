// Takes jobs one at a time, runs each in the engine's child process, stores its end. Everything between a job's two rows in the database
// may die at any moment: what is not stored is started again, by whoever takes it next.
import { randomUUID } from 'node:crypto';
import { hostname, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine, type Engine, type EngineRunOptions } from '../engine/client.ts';
import type { Outputs } from '../engine/events.ts';
import { DarkroomError } from '../errors.ts';
import { dumpsJson, isJsonObject, type JsonObject, parseJson } from '../formats/json.ts';
import { removeAbandoned } from '../storage/atomic-write.ts';
import type { Bus } from './bus.ts';
import { type Telling, telling } from './client-messages.ts';
import type { EndState, QueueEvent, Worker, WorkerOptions } from './contract.ts';
import { growthWatch, residentBytes } from './engine-memory.ts';
import type { HeldJob, Jobs } from './jobs.ts';

export interface WorkerTools {
  readonly jobs: Jobs;
  readonly bus: Bus;
  readonly retries: number;
  readonly leaseSeconds: number;
  readonly pollMs: number;
  readonly onProblem: (message: string, error: unknown) => void;
  /** Whether a client of this process looks. */
  readonly looks: (job: { readonly clientId?: string }) => boolean;
  /** There are no other processes. */
  readonly alone: boolean;
  /** The queue's length has changed. */
  readonly changed: () => Promise<void>;
}

const AGAIN_MS = 500;

/** Why a running job is stopped. */
type Stop = 'interrupt' | 'give back' | 'lost';

export function startWorker(
  { engine: options, maxBytes = totalmem() / 2, previews }: WorkerOptions,
  tools: WorkerTools,
): Worker {
  const { jobs, bus, onProblem } = tools;
  const name = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const wantsNewEngine = growthWatch(maxBytes);
  let engine = createEngine(options);
  let renew = false;
  let closing = false;
  let current: { readonly job: HeldJob; stop(why: Stop): void } | undefined;
  let wake: () => void = () => undefined;

  const stopListening = bus.listen((call) => {
    if (call.type === 'wake') wake();
    else if (call.type === 'free') renew = true;
    else if (call.type === 'interrupt' && current && call.promptIds.includes(current.job.promptId))
      current.stop('interrupt');
    if (renew && !current) wake();
  });

  /** Until there may be something to do. */
  const rest = async (): Promise<void> => {
    const woken = new AbortController();
    wake = () => woken.abort();
    if (!closing && !renew)
      await sleep(tools.pollMs, undefined, { signal: woken.signal }).catch(() => undefined);
    wake = () => undefined;
  };
  const renewEngine = async (): Promise<void> => {
    renew = false;
    const old = engine;
    engine = createEngine(options);
    await old.close();
  };

  const runJob = async (job: HeldJob): Promise<void> => {
    const controller = new AbortController();
    let stopped: Stop | undefined;
    const stop = (why: Stop): void => {
      stopped ??= why;
      controller.abort();
      // nobody waits for what it would still save
      if (why === 'lost') engine.kill();
    };
    current = { job, stop };
    const release = keepHold(job, tools, stop);
    const look = previews
      ? { now: () => previews(job), close: () => undefined }
      : whoLooks(job, tools);
    try {
      await handle(
        job,
        tools,
        engine,
        { signal: controller.signal, previews: look.now },
        () => stopped,
      );
    } finally {
      release();
      look.close();
      current = undefined;
    }
  };

  const loop = async (): Promise<void> => {
    // a wake that comes while nobody rests is not missed: each round looks again
    while (!closing) {
      if (renew) await renewEngine();
      let job: HeldJob | undefined;
      try {
        job = await jobs.take(name);
      } catch (error) {
        onProblem('no job can be taken', error);
        await sleep(AGAIN_MS);
      }
      if (!job) {
        await rest();
        continue;
      }
      try {
        await runJob(job);
      } catch (error) {
        onProblem(`job ${job.promptId} is left to others`, error);
      }
      const pid = engine.pid();
      if (pid !== undefined && wantsNewEngine(pid, await residentBytes(pid))) renew = true;
    }
  };
  void Promise.all([options.output, options.temp].map(removeAbandoned)).catch((error) =>
    onProblem('the outputs can’t be looked at', error),
  );
  const running = loop();

  let ended: Promise<void> | undefined;
  let hurry: () => void = () => undefined;
  const close = async (finishMs: number): Promise<void> => {
    closing = true;
    wake();
    const hurried = new Promise<void>((resolve) => {
      hurry = resolve;
    });
    if (current && finishMs > 0)
      await Promise.race([running, hurried, sleep(finishMs, undefined, { ref: false })]);
    current?.stop('give back');
    await running;
    stopListening();
    await engine.close();
  };
  return {
    currentJob: () => current?.job.promptId,
    enginePid: () => engine.pid(),
    close: ({ finishMs = 0 } = {}) => {
      if (ended && finishMs === 0) hurry();
      ended ??= close(finishMs);
      return ended;
    },
  };
}

/** Renews the lease until it is released. A job that others may have taken by now is stopped. */
function keepHold(
  job: HeldJob,
  { jobs, leaseSeconds, onProblem }: WorkerTools,
  stop: (why: Stop) => void,
): () => void {
  let released = false;
  let heard = performance.now();
  const beat = async (): Promise<void> => {
    while (!released) {
      await sleep((leaseSeconds * 1000) / 5, undefined, { ref: false });
      if (released) return;
      const asked = performance.now();
      try {
        const answer = await jobs.hold(job);
        if (released) return;
        if (answer !== 'on') stop(answer);
        heard = asked;
      } catch (error) {
        onProblem('the lease of a job can’t be renewed', error);
        if (performance.now() - heard > leaseSeconds * 1000) stop('lost');
      }
    }
  };
  void beat();
  return () => {
    released = true;
  };
}

const ASK_MS = 3000;

/** Whether anybody looks at a job, here or at another server: those are asked again and again. */
function whoLooks(
  job: HeldJob,
  { bus, looks, alone }: WorkerTools,
): { now(): boolean; close(): void } {
  if (alone || job.clientId === undefined) return { now: () => looks(job), close: () => undefined };
  let told = performance.now();
  const stop = bus.listen((call) => {
    if (call.type === 'somebody looks' && call.promptId === job.promptId) told = performance.now();
  });
  const ask = (): void =>
    void bus.tell({ type: 'who looks', promptId: job.promptId, clientId: job.clientId });
  ask();
  const timer = setInterval(ask, ASK_MS);
  return {
    now: () => performance.now() - told < 2.5 * ASK_MS,
    close: () => {
      clearInterval(timer);
      stop();
    },
  };
}

type Ending =
  | { readonly end: 'success'; readonly outputs: Outputs }
  | { readonly end: 'error' | 'interrupted'; readonly error: DarkroomError }
  | { readonly end: 'give back'; readonly forgiven: boolean }
  | { readonly end: 'lost' };

async function handle(
  job: HeldJob,
  tools: WorkerTools,
  engine: Engine,
  running: Pick<EngineRunOptions, 'signal' | 'previews'>,
  stopped: () => Stop | undefined,
): Promise<void> {
  const { bus, jobs } = tools;
  const tell = telling(job, Date.now);
  const say = async (events: readonly QueueEvent[]): Promise<void> => {
    await Promise.all(events.map((event) => bus.tell({ type: 'event', event })));
  };
  await tools.changed();
  const ending = await attempt(
    job,
    tools,
    engine,
    running,
    stopped,
    tell,
    (events) => void say(events),
  );
  if (ending.end === 'lost') return;
  if (ending.end === 'give back') {
    if (await persist(() => jobs.giveBack(job, ending.forgiven), tools, stopped))
      await tools.changed();
    await bus.tell({ type: 'wake' });
    return;
  }
  const { result, told } =
    ending.end === 'success'
      ? tell.end('success', undefined, ending.outputs)
      : tell.end(ending.end, ending.error);
  if (!(await persist(() => jobs.finish(job, result), tools, stopped))) return;
  await say(told);
  await tools.changed();
  await say(tell.last(result.state as EndState));
  await bus.tell({ type: 'wake' });
}

/** Runs a job once; says how it is to end. */
async function attempt(
  job: HeldJob,
  { retries }: WorkerTools,
  engine: Engine,
  running: Pick<EngineRunOptions, 'signal' | 'previews'>,
  stopped: () => Stop | undefined,
  tell: Telling,
  say: (events: readonly QueueEvent[]) => void,
): Promise<Ending> {
  if (job.interrupt)
    return {
      end: 'interrupted',
      error: new DarkroomError('DR_INTERRUPTED', { message: 'interrupted' }),
    };
  if (job.attempts > 1 + retries) return { end: 'error', error: gaveUp(job.attempts - 1) };
  say(tell.start());
  try {
    const extra = parseJson(job.extra);
    const pictureInfo =
      isJsonObject(extra) && isJsonObject(extra['extra_pnginfo'])
        ? extra['extra_pnginfo']
        : ({} as JsonObject);
    const outputs = await engine.run(
      { prompt: job.prompt, extra: dumpsJson(pictureInfo), outputs: job.outputs },
      { ...running, onEvent: (event) => say(tell.event(event)) },
    );
    return { end: 'success', outputs };
  } catch (thrown) {
    const why = stopped();
    if (why === 'lost') return { end: 'lost' };
    const error =
      thrown instanceof DarkroomError
        ? thrown
        : new DarkroomError('DR_NODE_FAILED', { message: String(thrown), cause: thrown });
    const died = error.code === 'DR_ENGINE_CRASHED' && engine.pid() === undefined;
    if (error.code === 'DR_INTERRUPTED' || (died && why !== undefined))
      return why === 'give back'
        ? { end: 'give back', forgiven: true }
        : { end: 'interrupted', error };
    if (died && job.attempts <= retries) return { end: 'give back', forgiven: false };
    return { end: 'error', error };
  }
}

/** Stores an end, however long the database takes to come back. False when the job is no longer ours. */
async function persist(
  store: () => Promise<boolean>,
  { onProblem }: WorkerTools,
  stopped: () => Stop | undefined,
): Promise<boolean> {
  for (;;) {
    try {
      return await store();
    } catch (error) {
      onProblem('the end of a job can’t be stored yet', error);
      if (stopped() === 'lost' || stopped() === 'give back') return false;
      await sleep(AGAIN_MS);
    }
  }
}

const gaveUp = (attempts: number): DarkroomError =>
  new DarkroomError('DR_ENGINE_CRASHED', {
    message: `the job was started ${attempts} times, and each time the process that ran it died`,
    hint: 'The machine may have run out of memory: use a smaller picture or batch, or the tiled VAE nodes.',
  });
