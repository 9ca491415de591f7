// Jobs on an embedded database in memory. The conformance tests (test/support/queue/queue-suite.ts)
// cover them through the queue.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database/database.ts';
import { openEmbedded } from '../database/embedded-database.ts';
import { migrate } from '../database/schema.ts';
import { type Boss, startBoss } from '../pg-boss.ts';
import type { HeldJob, JobResult, Jobs, MaintainOptions } from './job-types.ts';
import { createJobs } from './jobs.ts';

const LEASE_SECONDS = 100;
const RESULT: JobResult = { state: 'success', outputs: '{}', meta: '{}', status: '{}' };
let database: Database;
let boss: Boss;
let jobs: Jobs;

beforeAll(async () => {
  database = await openEmbedded(undefined);
  await migrate(database);
  boss = await startBoss(database, () => undefined);
  jobs = createJobs({ database, boss, leaseSeconds: LEASE_SECONDS });
});
afterAll(async () => {
  await boss.stop();
  await database.close();
});
beforeEach(async () => {
  await database.executeSql('DELETE FROM darkroom.job; DELETE FROM pgboss.job');
});

const add = (promptId: string) => jobs.add({ promptId, prompt: '{}', outputs: [] }, undefined);
const take = async (): Promise<HeldJob> => (await jobs.take('worker'))!;
const maintain = (more: Partial<MaintainOptions> = {}) =>
  jobs.maintain({ historyLimit: 10, isClockSettled: true, held: [], ...more });
/** Makes all jobs as old as an ended lease. */
const endLeases = () =>
  database.executeSql(
    `UPDATE darkroom.job SET heard_at = now() - interval '200 s';
     UPDATE pgboss.job SET started_on = now() - interval '200 s' WHERE state = 'active'`,
  );

describe('a job that is taken', () => {
  it('is held by that attempt', async () => {
    await add('a');
    const job = await take();
    expect(job).toMatchObject({ promptId: 'a', attempts: 1, isInterrupted: false });
    expect(await jobs.take('another worker')).toBeUndefined();
    expect(await jobs.renewLease(job)).toBe('held');
    expect(await jobs.counts()).toEqual({ running: 1, pending: 0, remaining: 1 });
  });

  it('ends once', async () => {
    await add('a');
    const job = await take();
    expect(await jobs.finish(job, RESULT)).toBe(true);
    expect(await jobs.finish(job, RESULT)).toBe(false);
    expect(await jobs.renewLease(job)).toBe('lost');
  });

  it('is due again once it is released, and only the new attempt holds it', async () => {
    await add('a');
    const first = await take();
    expect(await jobs.release(first, true)).toBe(true);
    const second = await take();
    expect(second).toMatchObject({ promptId: 'a', attempts: 2 });
    expect(await jobs.finish(first, RESULT)).toBe(false);
    expect(await jobs.release(first, true)).toBe(false);
    expect(await jobs.finish(second, RESULT)).toBe(true);
  });

  it('can be released without counting the attempt', async () => {
    await add('a');
    await jobs.release(await take(), false);
    expect(await take()).toMatchObject({ attempts: 1 });
  });

  it('finds out at the next renewal that it was interrupted', async () => {
    await add('a');
    const job = await take();
    expect(await jobs.interrupt('another')).toEqual([]);
    expect(await jobs.interrupt()).toEqual(['a']);
    expect(await jobs.renewLease(job)).toBe('interrupted');
  });
});

describe('maintenance', () => {
  it('makes jobs due again whose lease has ended', async () => {
    await add('a');
    const job = await take();
    expect(await maintain()).toBe(false);
    await endLeases();
    expect(await maintain()).toBe(true);
    expect(await take()).toMatchObject({ promptId: 'a', attempts: 2 });
    expect(await jobs.renewLease(job)).toBe('lost');
    expect(await jobs.finish(job, RESULT)).toBe(false);
  });

  it('leaves a job to its attempt until another has taken it', async () => {
    await add('a');
    const job = await take();
    for (const again of [
      async () => expect(await jobs.renewLease(job)).toBe('held'),
      async () => expect(await jobs.finish(job, RESULT)).toBe(true),
    ]) {
      await endLeases();
      expect(await maintain()).toBe(true);
      expect(await jobs.counts()).toMatchObject({ running: 0, pending: 1 });
      await again();
      expect(await jobs.counts()).toMatchObject({ pending: 0 });
      expect(await jobs.take('another worker')).toBeUndefined();
    }
  });

  it('does not give back a job that another is about to hold', async () => {
    await add('a');
    const job = await take();
    await endLeases();
    await maintain();
    expect(await boss.take()).toBe(job.ticket);
    expect(await jobs.renewLease(job)).toBe('lost');
    expect(await jobs.release(job, true)).toBe(false);
  });

  it('makes jobs due again whose worker died while it took them', async () => {
    await add('a');
    await boss.take();
    expect(await maintain()).toBe(false);
    await endLeases();
    expect(await maintain()).toBe(true);
    expect(await take()).toMatchObject({ promptId: 'a', attempts: 1 });
  });

  it('renews the jobs of this process instead', async () => {
    await add('a');
    const job = await take();
    await endLeases();
    expect(await maintain({ held: [job] })).toBe(false);
    expect(await jobs.renewLease(job)).toBe('held');
  });

  it('ends no lease while the clock is not settled', async () => {
    await add('a');
    await take();
    await endLeases();
    expect(await maintain({ isClockSettled: false })).toBe(false);
  });

  it('inserts jobs again that pg-boss has lost', async () => {
    await add('a');
    await database.executeSql('DELETE FROM pgboss.job');
    await endLeases();
    expect(await jobs.take('worker')).toBeUndefined();
    expect(await maintain()).toBe(true);
    expect(await take()).toMatchObject({ promptId: 'a' });
  });

  it('limits the history to the newest jobs', async () => {
    for (const promptId of ['a', 'b', 'c']) {
      await add(promptId);
      await jobs.finish(await take(), RESULT);
    }
    await maintain({ historyLimit: 2 });
    const { rows } = await database.executeSql<{ prompt_id: string }>(
      'SELECT prompt_id FROM darkroom.job ORDER BY ending',
    );
    expect(rows.map((row) => row.prompt_id)).toEqual(['b', 'c']);
  });

  it('limits the history to the newest bytes', async () => {
    const outputs = `"${'x'.repeat(1000)}"`;
    for (const promptId of ['a', 'b', 'c']) {
      await add(promptId);
      await jobs.finish(await take(), { ...RESULT, outputs });
    }
    await maintain({ historyBytes: 2500 });
    const { rows } = await database.executeSql<{ prompt_id: string }>(
      'SELECT prompt_id FROM darkroom.job ORDER BY ending',
    );
    expect(rows.map((row) => row.prompt_id)).toEqual(['b', 'c']);
  });
});

describe('a clock that goes back an hour', () => {
  /** Moves all times into the future instead. */
  const setBack = () =>
    database.executeSql(
      `UPDATE darkroom.job SET heard_at = heard_at + interval '1 hour';
       UPDATE pgboss.job SET start_after = start_after + interval '1 hour',
                             started_on = started_on + interval '1 hour'`,
    );

  it('keeps no job waiting', async () => {
    await add('a');
    await setBack();
    expect(await take()).toMatchObject({ promptId: 'a' });
  });

  it('does not prolong the lease of a dead worker', async () => {
    await add('a');
    await take();
    await setBack();
    expect(await maintain()).toBe(false);
    await endLeases();
    expect(await maintain()).toBe(true);
    expect(await take()).toMatchObject({ promptId: 'a', attempts: 2 });
  });

  it('keeps no webhook waiting', async () => {
    await jobs.add({ prompt: '{}', outputs: [], webhook: 'http://localhost/' }, undefined);
    const job = await take();
    await jobs.finish(job, RESULT);
    await setBack();
    expect(await boss.takeWebhooks(1)).toEqual([]);
    await maintain();
    expect(await boss.takeWebhooks(1)).toMatchObject([{ ticket: job.ticket }]);
  });
});

it('all running jobs can be released at once', async () => {
  await add('a');
  await take();
  await jobs.releaseAll();
  expect(await take()).toMatchObject({ promptId: 'a', attempts: 2 });
});
