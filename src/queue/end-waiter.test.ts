import { beforeEach, describe, expect, it } from 'vitest';
import { type Bus, openBus } from './bus.ts';
import type { Database, Sql } from './database/database.ts';
import { createEndWaiter, type EndWaiter } from './end-waiter.ts';

const POLL_MS = 60_000;
let row: { prompt_id: string; state: string; ended_at: Date | null } | undefined;
let reads: number;
let bus: Bus;
let waiter: EndWaiter;

const sql: Sql = {
  executeSql: async <R>() => {
    reads++;
    return { rows: (row ? [row] : []) as R[] };
  },
};
const endJob = async (): Promise<void> => {
  row = { prompt_id: 'p', state: 'success', ended_at: new Date(0) };
  await bus.send({ type: 'event', event: { type: 'ended', promptId: 'p', state: 'success' } });
};

beforeEach(() => {
  row = { prompt_id: 'p', state: 'running', ended_at: null };
  reads = 0;
  bus = openBus({} as Database, () => undefined);
  waiter = createEndWaiter(sql, bus, POLL_MS);
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
    const waiting = createEndWaiter(sql, bus, 20).wait('p');
    await expect.poll(() => reads).toBeGreaterThan(1);
    row = { prompt_id: 'p', state: 'error', ended_at: new Date(0) };
    expect(await waiting).toMatchObject({ state: 'error' });
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
