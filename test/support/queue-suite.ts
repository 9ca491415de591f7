// What a queue promises, on any database.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/engine/client.ts';
import type { DarkroomError } from '../../src/errors.ts';
import { parseJson } from '../../src/formats/parse-json.ts';
import type { Queue, QueueOptions, Worker } from '../../src/queue/contract.ts';
import { openQueue } from '../../src/queue/queue.ts';
import {
  isMessage,
  jobOf,
  quickJob,
  recordEvents,
  slowJob,
  temporaryFolder,
  testEngine,
} from './queue.ts';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: DarkroomError) => error.code,
  );
const entry = (json: string) =>
  JSON.parse(json) as {
    prompt: unknown[];
    outputs: object;
    meta: object;
    status: { messages: [string, object][] };
  };

export function queueSuite(database: () => Promise<string | undefined>): void {
  let options: QueueOptions;
  let queue: Queue;
  const problems: string[] = [];
  beforeAll(async () => {
    options = {
      database: await database(),
      leaseSeconds: 3,
      limit: 50,
      onProblem: (message, error) => problems.push(`${message}: ${error}`),
    };
    queue = await openQueue(options);
  });
  afterAll(() => queue?.close());

  describe('waiting jobs', () => {
    it('run by number, then in the order in which they came; front is before all', async () => {
      const first = await queue.add(quickJob(1));
      const second = await queue.add(
        quickJob(2, { promptId: 'chosen by the "client"', clientId: 'me' }),
      );
      const front = await queue.add(quickJob(3, { front: true }));
      const half = await queue.add(quickJob(4, { number: first.number + 0.5 }));
      expect([second.number, front.number]).toEqual([first.number + 1, -(first.number + 2)]);
      const { running, pending } = await queue.list();
      expect(running).toEqual([]);
      expect(pending.map((job) => job.promptId)).toEqual(
        [front, first, half, second].map((job) => job.promptId),
      );
      expect(JSON.parse(pending[3].json)).toEqual([
        second.number,
        'chosen by the "client"',
        JSON.parse(quickJob(2).prompt),
        {},
        ['2'],
      ]);
      expect(await queue.counts()).toEqual({ running: 0, pending: 4, remaining: 4 });
      expect(await queue.status(second.promptId)).toMatchObject({
        state: 'pending',
        jobsAhead: 3,
        attempts: 0,
        clientId: 'me',
      });
      expect(await queue.status('nobody')).toBeUndefined();
      expect(await queue.waitForEnd('nobody')).toBeUndefined();
    });

    it('are taken out, and then have ended', async () => {
      const { pending } = await queue.list();
      const heard = recordEvents(queue);
      await queue.remove([pending[0].promptId, 'nobody']);
      expect((await queue.list()).pending).toHaveLength(3);
      expect(await queue.waitForEnd(pending[0].promptId)).toMatchObject({ state: 'removed' });
      await queue.clear();
      expect(await queue.counts()).toEqual({ running: 0, pending: 0, remaining: 0 });
      expect(await queue.history.list()).toEqual([]);
      await heard.until((e) => e.type === 'changed' && e.counts.remaining === 0);
      await heard.until(
        (e) => e.type === 'ended' && e.promptId === pending[1].promptId && e.state === 'removed',
      );
    });

    it('are added once per idempotency key, and not beyond the limit', async () => {
      const first = await queue.add(quickJob(1, { idempotencyKey: 'k' }));
      expect(await queue.add(quickJob(1, { idempotencyKey: 'k' }))).toEqual({
        ...first,
        added: false,
      });
      const many = await Promise.all(
        Array.from({ length: 60 }, () =>
          queue.add(quickJob(1)).catch((error: DarkroomError) => error.code),
        ),
      );
      expect(many.filter((answer) => answer === 'DR_QUEUE_FULL')).toHaveLength(11);
      const numbers = many.flatMap((answer) => (typeof answer === 'object' ? [answer.number] : []));
      expect(new Set(numbers).size).toBe(49);
      await queue.clear();
    });

    it('have a webhook of http or none', async () => {
      for (const webhook of ['ftp://a/b', 'file:///etc/passwd', 'nonsense'])
        expect(await codeOf(queue.add(quickJob(1, { webhook })))).toBe('DR_BAD_USAGE');
    });
  });

  describe('a worker', () => {
    let engine: EngineOptions;
    let worker: Worker;
    beforeAll(() => {
      engine = testEngine();
      worker = queue.startWorker({ engine });
    });
    afterAll(() => worker.close());

    it('runs a job and tells of it as ComfyUI does; the history keeps numbers as they were written', async () => {
      const heard = recordEvents(queue);
      const prompt =
        '{"10": {"class_type": "TestNumber", "inputs": {"value": 4, "seed": ' +
        '18446744073709551615}}, "2": {"class_type": "TestSave", "inputs": {"value": ["10", ' +
        '1], "filename_prefix": "sub/a"}}}';
      const extra = '{"extra_pnginfo": {"workflow": {"x": 8.0}}, "client_id": "me"}';
      const { promptId, number } = await queue.add({
        prompt,
        extra,
        outputs: ['2'],
        clientId: 'me',
      });
      expect(await queue.waitForEnd(promptId)).toMatchObject({ state: 'success', attempts: 1 });
      await heard.until((e) => e.type === 'ended' && e.promptId === promptId);
      expect(heard.typesOf(promptId).filter((type) => type !== 'darkroom/warning')).toEqual([
        ...[
          'execution_start',
          'execution_cached',
          'executing',
          'progress_state',
          'progress_state',
          'executing',
          'progress_state',
        ],
        ...['executed', 'progress_state', 'execution_success', 'executing'],
      ]);
      const kinds = heard.events.map((e) => (e.type === 'message' ? e.event : e.type));
      expect(kinds.slice(-4)).toEqual(['execution_success', 'changed', 'executing', 'ended']);
      const found = (await queue.history.get(promptId))!;
      expect(found.json).toContain(
        `"prompt": [${number}, "${promptId}", ${prompt}, ${extra}, ["2"]]`,
      );
      expect(entry(found.json)).toMatchObject({
        outputs: {
          2: { images: [{ filename: 'a_00001_.txt', subfolder: 'sub', type: 'output' }] },
        },
        meta: { 2: { node_id: '2', display_node: '2', parent_node: null, real_node_id: '2' } },
        status: { status_str: 'success', completed: true },
      });
      expect(found.json).not.toContain('"path"');
      expect(entry(found.json).status.messages.map(([type]) => type)).toEqual([
        'execution_start',
        'execution_cached',
        'execution_success',
      ]);
      const saved = JSON.parse(readFileSync(join(engine.output, 'sub', 'a_00001_.txt'), 'utf8'));
      expect([saved.value, saved.workflow]).toEqual(['bigint:18446744073709551615', '{"x": 8.0}']);
      const last = heard.events.filter(isMessage('executing', promptId)).at(-1) as {
        text: string;
        clientId: string;
      };
      expect([parseJson(last.text), last.clientId]).toEqual([
        { type: 'executing', data: { node: null, prompt_id: promptId } },
        'me',
      ]);
    });

    it('stores what failed, and what was interrupted', async () => {
      const failed = await queue.add(jobOf('TestFail', { how: 'known' }));
      expect(await queue.waitForEnd(failed.promptId)).toMatchObject({
        state: 'error',
        attempts: 1,
        error: expect.stringContaining('DR_SHAPE_MISMATCH'),
      });
      const { status } = entry((await queue.history.get(failed.promptId))!.json);
      expect(status).toMatchObject({ status_str: 'error', completed: false });
      expect(status.messages.at(-1)).toMatchObject([
        'execution_error',
        {
          node_id: '1',
          node_type: 'TestFail',
          exception_type: 'DR_SHAPE_MISMATCH',
          exception_message: 'shapes differ',
          executed: [],
        },
      ]);
      const heard = recordEvents(queue);
      const slow = await queue.add(slowJob(60_000));
      await heard.until(isMessage('progress', slow.promptId));
      await queue.interrupt('another');
      expect((await queue.list()).running.map((job) => job.promptId)).toEqual([slow.promptId]);
      expect(worker.currentJob()).toBe(slow.promptId);
      await queue.interrupt();
      expect(await queue.waitForEnd(slow.promptId)).toMatchObject({ state: 'interrupted' });
      const told = (await heard.until(isMessage('execution_interrupted'))) as {
        broadcast: boolean;
        text: string;
      };
      expect([told.broadcast, JSON.parse(told.text).data]).toMatchObject([
        true,
        { node_id: '1', node_type: 'TestSlow', executed: [] },
      ]);
    });

    it('starts a job again when its engine dies, once', async () => {
      const root = temporaryFolder('marker');
      const once = await queue.add(jobOf('TestExitOnce', { marker: join(root, 'died'), value: 7 }));
      expect(await queue.waitForEnd(once.promptId)).toMatchObject({
        state: 'success',
        attempts: 2,
      });
      const always = await queue.add(jobOf('TestFail', { how: 'exit' }));
      const after = await queue.add(quickJob(5));
      expect(await queue.waitForEnd(always.promptId)).toMatchObject({
        state: 'error',
        attempts: 2,
        error: expect.stringContaining('DR_ENGINE_CRASHED'),
      });
      expect(await queue.waitForEnd(after.promptId)).toMatchObject({ state: 'success' });
    });

    it('hands on what nodes say, however long, in order', async () => {
      const heard = recordEvents(queue);
      const { promptId } = await queue.add(jobOf('TestTalk', { bytes: 20_000, times: 20 }));
      await queue.waitForEnd(promptId);
      await heard.until((e) => e.type === 'ended' && e.promptId === promptId);
      const said = heard.events
        .filter(isMessage('test-talk', promptId))
        .map((e) => JSON.parse((e as { text: string }).text).data);
      expect(said.map(({ i }) => i)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      expect(said[19].text).toBe('é'.repeat(20_000));
    });

    it('gets a new engine when it is to forget everything', async () => {
      const { promptId } = await queue.add(quickJob(8));
      await queue.waitForEnd(promptId);
      const before = worker.enginePid();
      await queue.free();
      await queue.waitForEnd((await queue.add(quickJob(9))).promptId);
      expect(worker.enginePid()).not.toBe(before);
    });

    it('calls the webhook until it is answered', async () => {
      const bodies: string[] = [];
      const server = createServer((request, response) => {
        let body = '';
        request.on('data', (data) => {
          body += data;
        });
        request.on('end', () => {
          bodies.push(body);
          response.statusCode = bodies.length === 1 ? 503 : 204;
          response.end();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/done`;
      const { promptId, number } = await queue.add(quickJob(3, { webhook, clientId: 'me' }));
      await expect.poll(() => bodies.length, { timeout: 30_000 }).toBe(2);
      expect(bodies[0]).toBe(bodies[1]);
      expect(JSON.parse(bodies[1])).toMatchObject({
        prompt_id: promptId,
        number,
        client_id: 'me',
        state: 'success',
        outputs: { 2: {} },
        error: null,
      });
      server.close();
    });

    it('gives its job back when it is closed: that was no attempt', async () => {
      const own = await openOther();
      await worker.close();
      const heard = recordEvents(queue);
      const second = queue.startWorker({ engine });
      const { promptId } = await queue.add(slowJob(3000));
      await heard.until(isMessage('progress', promptId));
      await second.close();
      expect(await queue.status(promptId)).toMatchObject({ state: 'pending', attempts: 0 });
      worker = (own ?? queue).startWorker({ engine });
      expect(await queue.waitForEnd(promptId)).toMatchObject({ state: 'success', attempts: 1 });
      await worker.close();
      await own?.close();
    });

    /** A second process would open the same database, where that is possible. */
    const openOther = async (): Promise<Queue | undefined> =>
      options.database?.startsWith('postgres') ? openQueue(options) : undefined;
  });

  describe('the history', () => {
    it('is listed as ComfyUI lists it', async () => {
      const all = (await queue.history.list()).map((e) => e.promptId);
      expect(all.length).toBeGreaterThan(6);
      const ids = async (o: { maxItems?: number; offset?: number }) =>
        (await queue.history.list(o)).map((e) => e.promptId);
      expect(await ids({ maxItems: 2 })).toEqual(all.slice(-2));
      expect(await ids({ maxItems: 2, offset: 1 })).toEqual(all.slice(1, 3));
      expect(await ids({ offset: 3 })).toEqual(all.slice(3));
      expect(await ids({ maxItems: 100, offset: -1 })).toEqual(all);
      expect(await ids({ maxItems: 0 })).toEqual([]);
    });

    it('and the numbers outlive the process; pending jobs wait', async () => {
      const before = await queue.history.list();
      const waiting = await queue.add(quickJob(6, { clientId: 'me' }));
      await queue.close();
      queue = await openQueue(options);
      expect(await queue.history.list()).toEqual(before);
      expect((await queue.list()).pending).toMatchObject([
        { promptId: waiting.promptId, clientId: 'me', number: waiting.number },
      ]);
      const next = await queue.add(quickJob(6));
      expect(next.number).toBe(waiting.number + 1);
    });

    it('forgets', async () => {
      const [first, second] = await queue.history.list();
      await queue.history.delete([first.promptId, 'nobody']);
      expect(await queue.history.get(first.promptId)).toBeUndefined();
      expect(await queue.history.get(second.promptId)).toEqual(second);
      await queue.history.clear();
      expect(await queue.history.list()).toEqual([]);
      expect((await queue.counts()).pending).toBe(2);
    });
  });

  it('keeps the job of an id that is used again', async () => {
    await queue.clear();
    const worker = queue.startWorker({ engine: testEngine() });
    for (const value of [1, 2]) {
      await queue.add(quickJob(value, { promptId: 'same' }));
      await expect.poll(async () => (await queue.counts()).remaining, { timeout: 30_000 }).toBe(0);
    }
    const [only, ...others] = await queue.history.list();
    expect(others).toEqual([]);
    expect(entry(only.json).prompt[2]).toEqual(JSON.parse(quickJob(2).prompt));
    await worker.close();
    expect(problems.filter((problem) => !problem.includes('webhook'))).toEqual([]);
  });
}

export const filesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
