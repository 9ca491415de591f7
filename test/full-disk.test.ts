// A full disk: outputs are complete or missing, jobs fail with a message or wait, and the database
// opens again.
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Queue } from '../src/queue/contract.ts';
import { openQueue } from '../src/queue/queue.ts';
import { type SmallDisk, smallDisk } from './support/files/small-disk.ts';
import {
  jobOf,
  listHistory,
  quickJob,
  temporaryFolder,
  testEngine,
} from './support/queue/queue.ts';
import { END } from './support/queue/queue-nodes.ts';

const MB = 2 ** 20;
const probe = smallDisk(1);
probe?.remove();
if (!probe)
  console.warn('tests of a full disk are skipped: no disk can be mounted (they need root)');

const long = (bytes: number, copies: number, nonce: number) => ({
  prompt: JSON.stringify({
    1: { class_type: 'TestNumber', inputs: { value: nonce } },
    2: { class_type: 'TestSaveLong', inputs: { value: ['1', 0], bytes, copies } },
  }),
  outputs: ['2'],
});

describe.skipIf(!probe)('a full disk', () => {
  let disk: SmallDisk;
  beforeAll(() => {
    disk = smallDisk(300)!;
  });
  afterAll(() => disk?.remove());

  it('fails the job with a message, truncates no file, and runs the next job later', async () => {
    const small = smallDisk(8)!;
    const queue = await openQueue({});
    queue.startWorker({
      engine: { ...testEngine(temporaryFolder('disk')), output: join(small.path, 'output') },
    });
    const first = await queue.add(long(MB, 2, 1));
    expect(await queue.waitForEnd(first.promptId)).toMatchObject({ state: 'success' });
    const tooMuch = await queue.add(long(3 * MB, 3, 2));
    expect(await queue.waitForEnd(tooMuch.promptId)).toMatchObject({
      state: 'error',
      attempts: 1,
      error: expect.stringMatching(/DR_OUTPUT_UNWRITABLE.*The disk is full/),
    });
    const folder = join(small.path, 'output');
    const files = readdirSync(folder);
    expect(files.filter((name) => name.startsWith('.'))).toEqual([]);
    for (const name of files) {
      const content = readFileSync(join(folder, name), 'utf8');
      const isLarge = statSync(join(folder, name)).size > MB;
      expect({ isComplete: content.endsWith(END), isLarge }, name).toEqual({
        isComplete: true,
        isLarge: true,
      });
    }
    expect(files.length).toBeGreaterThanOrEqual(2);
    await small.fill(0);
    const none = await queue.add(quickJob(3));
    expect(await queue.waitForEnd(none.promptId)).toMatchObject({ state: 'error' });
    small.makeRoom();
    const again = await queue.add(quickJob(4));
    expect(await queue.waitForEnd(again.promptId)).toMatchObject({ state: 'success' });
    await queue.close();
    small.remove();
  });

  it('makes the queue refuse new jobs and run accepted ones', async () => {
    const database = join(disk.path, 'queue');
    const problems: string[] = [];
    let queue: Queue = await openQueue({
      database,
      onProblem: (message) => problems.push(message),
    });
    const accepted = await Promise.all(Array.from({ length: 5 }, (_, i) => queue.add(quickJob(i))));
    await disk.fill(40 * MB);
    await expect(queue.add(quickJob(9))).rejects.toMatchObject({
      code: 'DR_DATABASE',
      message: expect.stringContaining('nearly full'),
    });
    queue.startWorker({ engine: testEngine(temporaryFolder('disk')) });
    for (const { promptId } of accepted)
      expect(await queue.waitForEnd(promptId)).toMatchObject({ state: 'success', attempts: 1 });
    disk.makeRoom();
    const { promptId } = await queue.add(quickJob(10));
    expect(await queue.waitForEnd(promptId)).toMatchObject({ state: 'success' });

    // full to the last byte while a job runs: its end is stored when there is room, or it runs
    // again
    const running = await queue.add(
      jobOf('TestSlow', { steps: 40, ms: 50, deaf: false, nonce: 1 }),
    );
    await expect.poll(async () => (await queue.counts()).running).toBe(1);
    await disk.fill(0);
    const ended = queue.waitForEnd(running.promptId).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    disk.makeRoom();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 60_000))]);
    await queue.close();
    queue = await openQueue({ database });
    queue.startWorker({ engine: testEngine(temporaryFolder('disk')) });
    expect(await queue.waitForEnd(running.promptId)).toMatchObject({ state: 'success' });
    expect((await listHistory(queue)).length).toBe(accepted.length + 2);
    await queue.close();
  });

  it('prevents the creation of a database, with an error', async () => {
    const small = smallDisk(16)!;
    mkdirSync(join(small.path, 'queue'));
    await expect(openQueue({ database: join(small.path, 'queue') })).rejects.toMatchObject({
      code: 'DR_DATABASE',
    });
    small.remove();
  });
});

it('a network that runs out of memory fails its own job only', async () => {
  const queue = await openQueue({});
  queue.startWorker({ engine: testEngine(temporaryFolder('memory')) });
  const failed = await queue.add(jobOf('TestFail', { how: 'memory' }));
  const next = await queue.add(quickJob(5));
  expect(await queue.waitForEnd(failed.promptId)).toMatchObject({
    state: 'error',
    attempts: 1,
    error: expect.stringContaining('DR_OUT_OF_MEMORY'),
  });
  expect(await queue.waitForEnd(next.promptId)).toMatchObject({ state: 'success', attempts: 1 });
  await queue.close();
});
