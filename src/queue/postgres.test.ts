// The queue on PostgreSQL, shared by several processes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestServer, whyNoPostgres } from '../../test/support/postgres.ts';
import { isMessage, listenTo, quickJob, slowJob, temporaryFolder, testEngine } from '../../test/support/queue.ts';
import { filesIn, queueSuite } from '../../test/support/queue-suite.ts';
import { openQueue } from './queue.ts';
import type { Accepted } from './types.ts';

const why = whyNoPostgres();
if (why) console.warn(`tests of the queue on PostgreSQL are left out: ${why}`);

describe.skipIf(why !== undefined)('a queue on PostgreSQL', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  queueSuite(() => server.database());

  it('is served by two workers, and tells its clients at either', async () => {
    const database = await server.database();
    const [near, far] = await Promise.all([openQueue({ database, leaseSeconds: 3 }), openQueue({ database, leaseSeconds: 3 })]);
    const heard = listenTo(near);
    const engine = testEngine(temporaryFolder('two'));
    const jobs: Accepted[] = [];
    for (let value = 0; value < 40; value++) jobs.push(await near.add(quickJob(value, { clientId: 'me' })));
    const workers = [far.work({ engine }), far.work({ engine })];
    const ends = await Promise.all(jobs.map(({ promptId }) => near.ended(promptId)));
    expect(ends.map((end) => [end?.state, end?.attempts])).toEqual(jobs.map(() => ['success', 1]));
    await heard.until((e) => e.type === 'ended' && e.promptId === jobs[39].promptId);
    expect(heard.events.filter(isMessage('execution_success')).length).toBe(40);
    expect((await near.history.list()).length).toBe(40);
    expect(new Set(filesIn(engine.output)).size).toBe(40);
    const slow = await near.add(slowJob(60_000));
    await heard.until(isMessage('progress', slow.promptId));
    await near.interrupt(slow.promptId);
    expect(await near.ended(slow.promptId)).toMatchObject({ state: 'interrupted' });
    await Promise.all(workers.map((worker) => worker.close()));
    await Promise.all([near.close(), far.close()]);
  });
});
