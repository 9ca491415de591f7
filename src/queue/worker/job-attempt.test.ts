import { describe, expect, it } from 'vitest';
import type { Engine, EngineRunOptions } from '../../engine/client.ts';
import type { Outputs } from '../../engine/events.ts';
import { DarkroomError, interrupted } from '../../errors.ts';
import { type Call, openBus } from '../bus.ts';
import type { Database } from '../database/database.ts';
import type { HeldJob, JobResult, Jobs } from '../jobs/job-types.ts';
import { startAttempt } from './job-attempt.ts';
import type { WorkerTools } from './worker-tools.ts';

const JOB: HeldJob = {
  ticket: 't',
  attempt: 'a',
  promptId: 'p',
  number: 1,
  prompt: '{}',
  extra: '{"extra_pnginfo": {"workflow": 1}}',
  outputs: ['2'],
  attempts: 1,
  isInterrupted: false,
};
const crash = new DarkroomError('DR_ENGINE_CRASHED', { message: 'it died' });

type Run = (extra: string, options: EngineRunOptions) => Promise<Outputs>;

/** Starts an attempt in an engine whose `run` is given; its process is dead after a crash. */
function attempt(run: Run, more: Partial<HeldJob> = {}) {
  const calls: Call[] = [];
  const ends: (Pick<JobResult, 'state'> | { readonly countsAsAttempt: boolean })[] = [];
  const bus = openBus({} as Database, () => undefined);
  bus.subscribe((call) => calls.push(call));
  const jobs = {
    finish: async (_: HeldJob, { state }: JobResult) => ends.push({ state }) > 0,
    release: async (_: HeldJob, countsAsAttempt: boolean) => ends.push({ countsAsAttempt }) > 0,
  } as unknown as Jobs;
  const engine: Engine = {
    run: ({ extra }, options = {}) => run(extra, options),
    pid: () => undefined,
    kill: () => undefined,
    close: async () => undefined,
  };
  const tools: WorkerTools = {
    jobs,
    bus,
    held: new Set(),
    retries: 1,
    leaseSeconds: 1000,
    pollMs: 1000,
    onProblem: () => undefined,
    hasPreviewClient: () => false,
    isAlone: true,
    announceCounts: async () => undefined,
  };
  return { ...startAttempt({ ...JOB, ...more }, engine, tools, undefined), calls, ends };
}

/** A run that lasts until it is cancelled. */
const untilCancelled: Run = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    if (signal!.aborted) reject(interrupted());
    signal!.addEventListener('abort', () => reject(interrupted()));
  });

describe('a job', () => {
  it('that succeeds is stored, then announced', async () => {
    let passedExtra = '';
    const { ended, ends, calls } = attempt(async (extra) => {
      passedExtra = extra;
      return {};
    });
    await ended;
    expect(ends).toEqual([{ state: 'success' }]);
    expect(passedExtra).toBe(JOB.extra);
    const types = calls.map((call) =>
      call.type === 'event' && call.event.type === 'message' ? call.event.event : call.type,
    );
    expect(types).toEqual(['execution_start', 'execution_success', 'executing', 'event', 'wake']);
  });

  it('that fails is stored with its error', async () => {
    const { ended, ends } = attempt(() => Promise.reject(new Error('boom')));
    await ended;
    expect(ends).toEqual([{ state: 'error' }]);
  });

  it('that is interrupted is stored as interrupted', async () => {
    const { ended, ends, stop } = attempt(untilCancelled);
    stop('interrupt');
    await ended;
    expect(ends).toEqual([{ state: 'interrupted' }]);
  });

  it('that is released is not stored, and that does not count as an attempt', async () => {
    const { ended, ends, stop } = attempt(untilCancelled);
    stop('release');
    await ended;
    expect(ends).toEqual([{ countsAsAttempt: false }]);
  });

  it('that is lost is left alone', async () => {
    const { ended, ends, stop } = attempt(untilCancelled);
    stop('lost');
    await ended;
    expect(ends).toEqual([]);
  });
});

describe('a job whose engine dies', () => {
  it('is started again', async () => {
    const { ended, ends } = attempt(() => Promise.reject(crash));
    await ended;
    expect(ends).toEqual([{ countsAsAttempt: true }]);
  });

  it('fails at its last attempt', async () => {
    const { ended, ends } = attempt(() => Promise.reject(crash), { attempts: 2 });
    await ended;
    expect(ends).toEqual([{ state: 'error' }]);
  });

  it('is not run any more after its last attempt', async () => {
    const { ended, ends } = attempt(() => Promise.reject(new Error('not run')), { attempts: 3 });
    await ended;
    expect(ends).toEqual([{ state: 'error' }]);
  });
});

it('a job that was interrupted before is not run', async () => {
  const { ended, ends } = attempt(() => Promise.reject(new Error('not run')), {
    isInterrupted: true,
  });
  await ended;
  expect(ends).toEqual([{ state: 'interrupted' }]);
});
