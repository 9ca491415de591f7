import { beforeEach, describe, expect, it } from 'vitest';
import { DarkroomError } from '../errors.ts';
import { type Bus, openBus } from './bus.ts';
import type { Database, Sql } from './database/database.ts';
import { createEndWaiter, type EndWaiter, type EndWaiterOptions } from './end-waiter.ts';

const POLL_MS = 60_000;
let row: { prompt_id: string; state: string; ended_at: Date | null } | undefined;
let reads: number;
let bus: Bus;
let waiter: EndWaiter;
let failure: Error | undefined;
let problems: unknown[];

const readSql: Sql['readSql'] = async <R>() => {
  reads++;
  if (failure) throw failure;
  return { rows: (row ? [row] : []) as R[] };
};
const unreachable = new DarkroomError('DR_DATABASE', { message: 'it is gone', hint: '' });
const createWaiter = (options: Partial<EndWaiterOptions> = {}): EndWaiter =>
  createEndWaiter({
    sql: { readSql, executeSql: readSql },
    bus,
    pollMs: POLL_MS,
    onProblem: (_, error) => problems.push(error),
    ...options,
  });
const endJob = async (): Promise<void> => {
  row = { prompt_id: 'p', state: 'success', ended_at: new Date(0) };
  await bus.send({ type: 'event', event: { type: 'ended', promptId: 'p', state: 'success' } });
};

beforeEach(() => {
  row = { prompt_id: 'p', state: 'running', ended_at: null };
  reads = 0;
  failure = undefined;
  problems = [];
  bus = openBus({} as Database, () => undefined);
  waiter = createWaiter();
});

describe('waiting for the end of a job', () => {
  it('returns at once when it has ended, or is unknown', async () => {
    await endJob();
    expect(await waiter.wait('p')).toMatchObject({ state: 'success' });
    row = undefined;
    expect(await waiter.wait('p')).toBeUndefined();
  });

  it('returns when the end is announced', async () => {
    const waiting = waiter.wait('p');
    await expect.poll(() => reads).toBe(1);
    await endJob();
    expect(await waiting).toMatchObject({ state: 'success' });
  });

  it('reads the database now and then, in case the announcement is lost', async () => {
    const waiting = createWaiter({ pollMs: 20 }).wait('p');
    await expect.poll(() => reads).toBeGreaterThan(1);
    row = { prompt_id: 'p', state: 'error', ended_at: new Date(0) };
    expect(await waiting).toMatchObject({ state: 'error' });
  });

  it('goes on while the database can’t be reached, and says so', async () => {
    failure = unreachable;
    const waiting = createWaiter({ pollMs: 20 }).wait('p');
    await expect.poll(() => problems.length).toBeGreaterThan(1);
    expect(problems[0]).toBe(failure);
    row = { prompt_id: 'p', state: 'success', ended_at: new Date(0) };
    failure = undefined;
    expect(await waiting).toMatchObject({ state: 'success' });
  });

  it('throws when the database is not reached in time', async () => {
    const waiting = createWaiter({ pollMs: 20, patienceMs: 100 }).wait('p');
    await expect.poll(() => reads).toBeGreaterThan(0);
    failure = unreachable;
    await expect(waiting).rejects.toBe(failure);
    expect(problems.length).toBeGreaterThan(0);
  });

  it('throws at once what is no matter of the connection', async () => {
    failure = new Error('column j.state does not exist');
    await expect(waiter.wait('p')).rejects.toBe(failure);
    expect(problems).toEqual([]);
  });

  it('throws when it is closed or aborted while the database can’t be reached', async () => {
    failure = unreachable;
    const controller = new AbortController();
    const waits = [waiter.wait('p', controller.signal), waiter.wait('p')];
    const ends = Promise.all(
      waits.map((wait) => expect(wait).rejects.toMatchObject({ code: 'DR_INTERRUPTED' })),
    );
    await expect.poll(() => problems.length).toBe(2);
    controller.abort();
    waiter.close();
    await ends;
  });

  it('throws when the signal is aborted', async () => {
    const controller = new AbortController();
    const waiting = waiter.wait('p', controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'DR_INTERRUPTED' });
  });

  it('throws when the waiter is closed', async () => {
    const waiting = waiter.wait('p');
    waiter.close();
    await expect(waiting).rejects.toMatchObject({ code: 'DR_INTERRUPTED' });
  });
});
