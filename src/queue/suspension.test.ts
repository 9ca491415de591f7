// A process that does not run for longer than its lease, since the machine sleeps, its thread is
// busy or it is stopped, keeps its job unless another has taken it.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Host, LEASE_SECONDS, startHost } from '../../test/support/queue/crash.ts';
import {
  startPostgres,
  type TestServer,
  whyNoPostgres,
} from '../../test/support/queue/postgres.ts';
import { slowJob, temporaryFolder } from '../../test/support/queue/queue.ts';
import { openQueue } from './queue.ts';

const rounds = Number(process.env['DARKROOM_TEST_SUSPENSIONS'] ?? 3);

let hosts: Host[] = [];
const start = async (database: string): Promise<Host> => {
  const host = startHost(database, temporaryFolder('suspended'));
  hosts.push(host);
  await host.ready;
  return host;
};
afterEach(async () => {
  for (const host of hosts) host.process.kill('SIGCONT');
  await Promise.all(hosts.map((host) => host.ask('close').then(() => host.exited)));
  hosts = [];
});

/** Starts a job and returns its id and the engine's process once it runs. */
async function startJob(host: Host, milliseconds: number) {
  const { promptId } = await host.ask('add', { job: slowJob(milliseconds) });
  await expect.poll(() => stateOf(host, promptId)).toBe('running');
  await expect.poll(() => host.ask('engine')).toBeDefined();
  return { promptId, engine: (await host.ask('engine'))! };
}

const stateOf = async (host: Host, promptId: string): Promise<string | undefined> =>
  (await host.ask('job', { promptId }))?.state;

const ended = async (host: Host, promptId: string) => {
  await expect.poll(() => stateOf(host, promptId)).not.toBe('running');
  return host.ask('job', { promptId });
};

async function suspend(pids: readonly number[], milliseconds: number): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await sleep(milliseconds);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
}

describe.runIf(process.platform !== 'win32')('a machine that sleeps', () => {
  it('keeps its job on the embedded database', async () => {
    const host = await start(join(temporaryFolder('database'), 'queue'));
    const { promptId, engine } = await startJob(host, 900_000);
    for (let round = 0; round < rounds; round++) {
      await suspend([engine, host.process.pid!], LEASE_SECONDS * 1000 + 500);
      // at another moment of the renewals each time
      await sleep(300 + 137 * (round % 9));
      const status = await host.ask('job', { promptId });
      expect({ round, ...status }).toMatchObject({ round, state: 'running', attempts: 1 });
      expect(await host.ask('engine')).toBe(engine);
    }
  });
});

const why = process.platform === 'win32' ? 'Windows can’t suspend processes' : whyNoPostgres();
describe.skipIf(why !== undefined)('a suspended process on PostgreSQL', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('keeps its job if nobody else has taken it', async () => {
    const database = await server.database();
    const host = await start(database);
    const server2 = await openQueue({ database, leaseSeconds: LEASE_SECONDS });
    const { promptId } = await startJob(host, 12_000);
    process.kill(host.process.pid!, 'SIGSTOP');
    const states = async () => (await server2.status(promptId))?.state;
    await expect.poll(states).toBe('pending');
    process.kill(host.process.pid!, 'SIGCONT');
    await expect.poll(states).not.toBe('pending');
    expect(await server2.waitForEnd(promptId)).toMatchObject({ state: 'success', attempts: 1 });
    await server2.close();
  });

  it('keeps the result of a job that ended meanwhile', async () => {
    const database = await server.database();
    const host = await start(database);
    const server2 = await openQueue({ database, leaseSeconds: LEASE_SECONDS });
    const { promptId } = await startJob(host, 3000);
    // its engine runs on
    await suspend([host.process.pid!], LEASE_SECONDS * 1000 + 4000);
    expect(await server2.waitForEnd(promptId)).toMatchObject({ state: 'success', attempts: 1 });
    await server2.close();
  });

  it('stops a job at once that another has taken', async () => {
    const database = await server.database();
    const first = await start(database);
    const { promptId, engine } = await startJob(first, 20_000);
    const second = await start(database);
    process.kill(first.process.pid!, 'SIGSTOP');
    const attempts = async () => (await second.ask('job', { promptId }))?.attempts;
    await expect.poll(attempts).toBe(2);
    process.kill(first.process.pid!, 'SIGCONT');
    await expect.poll(() => first.ask('engine')).not.toBe(engine);
    const { state, attempts: starts, error } = (await ended(second, promptId))!;
    expect({ state, starts, error }).toEqual({ state: 'success', starts: 2 });
    expect((await second.ask('history')).length).toBe(1);
  });
});
