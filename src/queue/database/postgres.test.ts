// The queue on PostgreSQL, shared by several processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FROM_SOURCE } from '../../../test/support/from-source.ts';
import {
  startPostgres,
  type TestServer,
  whyNoPostgres,
} from '../../../test/support/queue/postgres.ts';
import {
  type PostgresProxy,
  startPostgresProxy,
} from '../../../test/support/queue/postgres-proxy.ts';
import {
  isMessage,
  jobOf,
  listHistory,
  quickJob,
  recordEvents,
  slowJob,
  temporaryFolder,
  testEngine,
} from '../../../test/support/queue/queue.ts';
import { filesIn, queueSuite } from '../../../test/support/queue/queue-suite.ts';
import type { AcceptedJob, Queue, Worker } from '../contract.ts';
import { openQueue } from '../queue.ts';
import type { Database } from './database.ts';
import { openPostgres } from './postgres.ts';

const why = whyNoPostgres();
if (why) console.warn(`the tests of the queue on PostgreSQL are skipped: ${why}`);

/** Runs a statement on a connection of its own; returns the number of its rows. */
async function countRows(database: string, statement: string): Promise<number> {
  const admin = new pg.Client(database);
  await admin.connect();
  const { rowCount } = await admin.query(statement);
  await admin.end();
  return rowCount ?? 0;
}

/** The end of a statement on the other connections to its database. */
const connections = (condition: string): string =>
  `FROM pg_stat_activity
   WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`;

/** Ends connections to a database, all by default; returns how many. */
const endConnections = (database: string, condition = 'true'): Promise<number> =>
  countRows(database, `SELECT pg_terminate_backend(pid) ${connections(condition)}`);

describe.skipIf(why !== undefined)('a queue on PostgreSQL', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  queueSuite(() => server.database());

  describe('with two workers in another process', () => {
    let near: Queue;
    let far: Queue;
    let workers: Worker[];
    const engine = testEngine(temporaryFolder('two'));
    beforeAll(async () => {
      const options = { database: await server.database(), leaseSeconds: 3 };
      [near, far] = await Promise.all([openQueue(options), openQueue(options)]);
      workers = [far.startWorker({ engine }), far.startWorker({ engine })];
    });
    afterAll(async () => {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([near.close(), far.close()]);
    });

    it('runs each job once, and sends its messages to the clients here', async () => {
      const recorded = recordEvents(near);
      const jobs: AcceptedJob[] = [];
      for (let value = 0; value < 40; value++)
        jobs.push(await near.add(quickJob(value, { clientId: 'me' })));
      const ends = await Promise.all(jobs.map(({ promptId }) => near.waitForEnd(promptId)));
      expect(ends.map((end) => ({ state: end?.state, attempts: end?.attempts }))).toEqual(
        jobs.map(() => ({ state: 'success', attempts: 1 })),
      );
      await recorded.until((e) => e.type === 'ended' && e.promptId === jobs[39].promptId);
      expect(recorded.events.filter(isMessage('execution_success')).length).toBe(40);
      expect((await listHistory(near)).length).toBe(40);
      expect(new Set(filesIn(engine.output)).size).toBe(40);
    });

    it('interrupts a job there', async () => {
      const recorded = recordEvents(near);
      const slow = await near.add(slowJob(60_000));
      await recorded.until(isMessage('progress', slow.promptId));
      await near.interrupt(slow.promptId);
      expect(await near.waitForEnd(slow.promptId)).toMatchObject({ state: 'interrupted' });
    });

    it('receives previews for the clients here', async () => {
      const recorded = recordEvents(near);
      near.requestPreviews(({ clientId }) => clientId === 'me');
      far.requestPreviews(() => false);
      const shown = await near.add(jobOf('TestShow', { times: 40, nonce: 1 }, { clientId: 'me' }));
      expect(await recorded.until((e) => e.type === 'preview')).toMatchObject({
        promptId: shown.promptId,
        clientId: 'me',
        mime: 'image/jpeg',
        metadata: expect.stringContaining('"image_type": "image/jpeg"'),
        image: expect.toSatisfy((image: Uint8Array) => image[0] === 0xff && image[1] === 0xd8),
      });
      await near.waitForEnd(shown.promptId);
    });
  });

  describe('whose connections are lost', () => {
    const MAX_CONNECTIONS = 8;
    let direct: string;
    let proxy: PostgresProxy;
    let database: Database;
    beforeEach(async () => {
      direct = await server.database();
      proxy = await startPostgresProxy(direct);
      database = await openPostgres(proxy.url, () => undefined);
      await database.executeSql('CREATE TABLE numbers (n int)');
      // all of the pool are open, and idle
      const sleep = () => database.readSql('SELECT pg_sleep(0.3)');
      await Promise.all(Array.from({ length: MAX_CONNECTIONS }, sleep));
      expect(proxy.connections()).toBe(MAX_CONNECTIONS);
    });
    afterEach(async () => {
      await database.close();
      await proxy.close();
    });
    const insert = (value: number) =>
      database.executeSql('INSERT INTO numbers VALUES ($1)', [value]);
    const numbers = async () => (await database.readSql('SELECT n FROM numbers')).rows;

    it.each(['57P01', '57P05', 'silent'] as const)('reads (%s)', async (how) => {
      proxy.cut(how);
      expect((await database.readSql('SELECT 5 AS n')).rows).toEqual([{ n: 5 }]);
    });

    it.each(['57P01', '57P05'] as const)('writes once after the last message %s', async (how) => {
      proxy.cut(how);
      await insert(1);
      expect(await numbers()).toEqual([{ n: 1 }]);
    });

    it('does not write again what the server may have done', async () => {
      proxy.cutAtAnswer();
      await expect(insert(1)).rejects.toMatchObject({ code: 'DR_DATABASE' });
      expect(await numbers()).toEqual([{ n: 1 }]);
    });

    it.each(['57P01', '57P05', 'silent'] as const)('begins a transaction (%s)', async (how) => {
      proxy.cut(how);
      const result = await database.transaction(async (sql) => {
        await sql.executeSql('INSERT INTO numbers VALUES (1)');
        return (await sql.readSql('SELECT n FROM numbers')).rows;
      });
      expect(result).toEqual([{ n: 1 }]);
      expect(await numbers()).toEqual([{ n: 1 }]);
    });

    it('rolls back a transaction within which that happens', async () => {
      const transaction = database.transaction(async (sql) => {
        await sql.executeSql('INSERT INTO numbers VALUES (1)');
        proxy.cut('57P01');
        await sql.executeSql('INSERT INTO numbers VALUES (2)');
      });
      await expect(transaction).rejects.toMatchObject({ code: 'DR_DATABASE' });
      expect(await numbers()).toEqual([]);
    });

    it('repeats statements that are ended while they run', async () => {
      await countRows(direct, 'CREATE TABLE ended (n int)');
      const untilEnded = 'pg_sleep((SELECT CASE count(*) WHEN 0 THEN 600 ELSE 0 END FROM ended))';
      const running = [
        database.readSql(`SELECT 5 AS n FROM ${untilEnded}`),
        database.executeSql(`INSERT INTO numbers SELECT 1 FROM ${untilEnded} RETURNING n`),
      ];
      const both = `state = 'active' AND query LIKE '%FROM pg_sleep%'`;
      await expect.poll(() => countRows(direct, `SELECT pid ${connections(both)}`)).toBe(2);
      await countRows(direct, 'INSERT INTO ended VALUES (1)');
      expect(await endConnections(direct, both)).toBe(2);
      expect((await Promise.all(running)).map(({ rows }) => rows)).toEqual([
        [{ n: 5 }],
        [{ n: 1 }],
      ]);
      expect(await numbers()).toEqual([{ n: 1 }]);
    });
  });

  it('receives what another process sends as soon as it is open', async () => {
    const direct = await server.database();
    const far = await openQueue({ database: direct });
    const proxy = await startPostgresProxy(direct, 300);
    const near = await openQueue({ database: proxy.url });
    const recorded = recordEvents(near);
    const { promptId } = await far.add(quickJob(1));
    expect(await recorded.until((e) => e.type === 'changed')).toMatchObject({
      counts: { pending: 1 },
    });
    await far.remove([promptId]);
    await recorded.until((e) => e.type === 'ended' && e.promptId === promptId);
    await Promise.all([near.close(), far.close()]);
    await proxy.close();
  });

  it('survives a restart of the server while a job runs and a client waits', async () => {
    const problems: string[] = [];
    const queue = await openQueue({
      database: await server.database(),
      onProblem: (message) => problems.push(message),
    });
    const recorded = recordEvents(queue);
    const worker = queue.startWorker({ engine: testEngine(temporaryFolder('restart')) });
    const { promptId } = await queue.add(slowJob(3000));
    await recorded.until(isMessage('progress', promptId));
    const ended = queue.waitForEnd(promptId);
    await server.crash(1500);
    expect(await ended).toMatchObject({ state: 'success', attempts: 1 });
    if (server.pid() !== undefined)
      expect(problems).toContain('the end of a job can’t be read yet');
    await worker.close();
    await queue.close();
  });

  it('survives the loss of all connections while a job runs', async () => {
    const database = await server.database();
    const problems: string[] = [];
    const queue = await openQueue({
      database,
      leaseSeconds: 3,
      onProblem: (message) => problems.push(message),
    });
    const recorded = recordEvents(queue);
    const worker = queue.startWorker({ engine: testEngine(temporaryFolder('cut')) });
    const { promptId } = await queue.add(slowJob(3000));
    await recorded.until(isMessage('progress', promptId));
    expect(await endConnections(database)).toBeGreaterThan(1);
    expect(await queue.waitForEnd(promptId)).toMatchObject({ state: 'success', attempts: 1 });
    expect(problems.length).toBeGreaterThan(0);
    const next = await queue.add(quickJob(1));
    await recorded.until((e) => e.type === 'ended' && e.promptId === next.promptId);
    await worker.close();
    await queue.close();
  });

  it('is served by `darkroom worker`, which finishes its job on SIGTERM', async () => {
    const database = await server.database();
    const storage = temporaryFolder('storage');
    const queue = await openQueue({ database });
    const recorded = recordEvents(queue);
    const worker = spawn(
      process.execPath,
      [
        ...FROM_SOURCE,
        fileURLToPath(new URL('../../cli/main.ts', import.meta.url)),
        'worker',
        '--database',
        database,
        '--storage',
        storage,
        // its engine may take long to start on a busy machine
        '--finish',
        '100',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let stderr = '';
    worker.stderr.on('data', (data) => {
      stderr += data;
    });
    // 'close' comes after all of standard error has been read, 'exit' may come before
    const exited = once(worker, 'close');
    const { promptId } = await queue.add({
      prompt: JSON.stringify({
        1: { class_type: 'SolidMask', inputs: { value: 0.5, width: 64, height: 32 } },
        2: { class_type: 'MaskToImage', inputs: { mask: ['1', 0] } },
        3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'far/grey' } },
      }),
      outputs: ['3'],
    });
    const started = await Promise.race([
      recorded.until(isMessage('execution_start')).then(() => 'runs the job'),
      exited.then(() => stderr),
    ]);
    expect(started).toBe('runs the job');
    worker.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(await queue.status(promptId)).toMatchObject({
      state: 'success',
      attempts: 1,
      error: undefined,
    });
    expect(stderr).toContain(`${promptId} ended: success`);
    expect(filesIn(join(storage, 'output'))).toContain(join('far', 'grey_00001_.png'));
    expect(JSON.parse((await queue.history.get(promptId))!.json).outputs['3'].images).toEqual([
      { filename: 'grey_00001_.png', subfolder: 'far', type: 'output' },
    ]);
    await queue.close();
  });
});
