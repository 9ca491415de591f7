// The conformance tests of a queue, for any database.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../../src/engine/client.ts';
import type { DarkroomError } from '../../../src/errors.ts';
import { parseJson } from '../../../src/formats/parse-json.ts';
import type {
  AcceptedJob,
  HistoryEntry,
  Queue,
  QueueOptions,
  Worker,
} from '../../../src/queue/contract.ts';
import { openQueue } from '../../../src/queue/queue.ts';
import {
  isMessage,
  jobOf,
  listHistory,
  listQueue,
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
      webhookAllow: ['127.0.0.1'],
      onProblem: (message, error) => problems.push(`${message}: ${error}`),
    };
    queue = await openQueue(options);
  });
  afterAll(() => queue?.close());

  describe('pending jobs', () => {
    it('run by number, then in the order of adding; `front` is before all others', async () => {
      const first = await queue.add(quickJob(1));
      const second = await queue.add(
        quickJob(2, { promptId: 'chosen by the "client"', clientId: 'me' }),
      );
      const front = await queue.add(quickJob(3, { front: true }));
      const half = await queue.add(quickJob(4, { number: first.number + 0.5 }));
      expect(second.number).toBe(first.number + 1);
      expect(front.number).toBe(-(first.number + 2));
      const { running, pending } = await listQueue(queue);
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
    });

    it('are undefined for an unknown id', async () => {
      expect(await queue.status('nobody')).toBeUndefined();
      expect(await queue.waitForEnd('nobody')).toBeUndefined();
    });

    it('that are removed have ended', async () => {
      const { pending } = await listQueue(queue);
      const recorded = recordEvents(queue);
      await queue.remove([pending[0].promptId, 'nobody']);
      expect((await listQueue(queue)).pending).toHaveLength(3);
      expect(await queue.waitForEnd(pending[0].promptId)).toMatchObject({ state: 'removed' });
      await queue.clear();
      expect(await queue.counts()).toEqual({ running: 0, pending: 0, remaining: 0 });
      expect(await listHistory(queue)).toEqual([]);
      await recorded.until((e) => e.type === 'changed' && e.counts.remaining === 0);
      await recorded.until(
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

    it('can’t have a webhook that is not http', async () => {
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

    describe('that has run a job', () => {
      const prompt =
        '{"10": {"class_type": "TestNumber", ' +
        '"inputs": {"value": 4, "seed": 18446744073709551615}}, ' +
        '"2": {"class_type": "TestSave", ' +
        '"inputs": {"value": ["10", 1], "filename_prefix": "sub/a"}}}';
      const extra = '{"extra_pnginfo": {"workflow": {"x": 8.0}}, "client_id": "me"}';
      let recorded: ReturnType<typeof recordEvents>;
      let added: AcceptedJob;
      let stored: HistoryEntry;
      beforeAll(async () => {
        recorded = recordEvents(queue);
        added = await queue.add({ prompt, extra, outputs: ['2'], clientId: 'me' });
        const end = await queue.waitForEnd(added.promptId);
        expect(end).toMatchObject({ state: 'success', attempts: 1 });
        await recorded.until((e) => e.type === 'ended' && e.promptId === added.promptId);
        stored = (await queue.history.get(added.promptId))!;
      });

      it('has sent ComfyUI’s messages in order', () => {
        const types = recorded.typesOf(added.promptId);
        expect(types.filter((type) => type !== 'darkroom/warning')).toEqual([
          'execution_start',
          'execution_cached',
          'executing',
          'progress_state',
          'progress_state',
          'executing',
          'progress_state',
          'executed',
          'progress_state',
          'execution_success',
          'executing',
        ]);
        const kinds = recorded.events.map((e) => (e.type === 'message' ? e.event : e.type));
        expect(kinds.slice(-4)).toEqual(['execution_success', 'changed', 'executing', 'ended']);
      });

      it('has sent a last message to its client', () => {
        const last = recorded.events.filter(isMessage('executing', added.promptId)).at(-1) as {
          text: string;
          clientId: string;
        };
        expect(parseJson(last.text)).toEqual({
          type: 'executing',
          data: { node: null, prompt_id: added.promptId },
        });
        expect(last.clientId).toBe('me');
      });

      it('has stored the prompt in the history as it was written', () => {
        const { number, promptId } = added;
        expect(stored.json).toContain(
          `"prompt": [${number}, "${promptId}", ${prompt}, ${extra}, ["2"]]`,
        );
      });

      it('has stored outputs and messages in the history, without local paths', () => {
        expect(entry(stored.json)).toMatchObject({
          outputs: {
            2: { images: [{ filename: 'a_00001_.txt', subfolder: 'sub', type: 'output' }] },
          },
          meta: { 2: { node_id: '2', display_node: '2', parent_node: null, real_node_id: '2' } },
          status: { status_str: 'success', completed: true },
        });
        expect(stored.json).not.toContain('"path"');
        expect(entry(stored.json).status.messages.map(([type]) => type)).toEqual([
          'execution_start',
          'execution_cached',
          'execution_success',
        ]);
      });

      it('has passed on big integers and floats unchanged', () => {
        const saved = JSON.parse(readFileSync(join(engine.output, 'sub', 'a_00001_.txt'), 'utf8'));
        expect(saved).toMatchObject({
          value: 'bigint:18446744073709551615',
          workflow: '{"x": 8.0}',
        });
      });
    });

    it('stores the error of a job that failed', async () => {
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
    });

    it('stops a running job that is interrupted', async () => {
      const recorded = recordEvents(queue);
      const slow = await queue.add(slowJob(60_000));
      await recorded.until(isMessage('progress', slow.promptId));
      await queue.interrupt('another');
      expect((await listQueue(queue)).running.map((job) => job.promptId)).toEqual([slow.promptId]);
      expect(worker.currentJob()).toBe(slow.promptId);
      await queue.interrupt();
      expect(await queue.waitForEnd(slow.promptId)).toMatchObject({ state: 'interrupted' });
      const message = (await recorded.until(isMessage('execution_interrupted'))) as {
        broadcast: boolean;
        text: string;
      };
      expect(message.broadcast).toBe(true);
      expect(JSON.parse(message.text).data).toMatchObject({
        node_id: '1',
        node_type: 'TestSlow',
        executed: [],
      });
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

    it('delivers the messages of nodes in order, however long they are', async () => {
      const recorded = recordEvents(queue);
      const { promptId } = await queue.add(jobOf('TestTalk', { bytes: 20_000, times: 20 }));
      await queue.waitForEnd(promptId);
      await recorded.until((e) => e.type === 'ended' && e.promptId === promptId);
      const messages = recorded.events
        .filter(isMessage('test-talk', promptId))
        .map((e) => JSON.parse((e as { text: string }).text).data);
      expect(messages.map(({ i }) => i)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      expect(messages[19].text).toBe('é'.repeat(20_000));
    });

    it('gets a new engine on /free', async () => {
      const { promptId } = await queue.add(quickJob(8));
      await queue.waitForEnd(promptId);
      const before = worker.enginePid();
      await queue.free();
      await queue.waitForEnd((await queue.add(quickJob(9))).promptId);
      expect(worker.enginePid()).not.toBe(before);
    });

    it('makes the queue call a webhook until it is answered', async () => {
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

    it('releases its job when it is closed, which does not count as an attempt', async () => {
      const own = await openOther();
      await worker.close();
      const recorded = recordEvents(queue);
      const second = queue.startWorker({ engine });
      const { promptId } = await queue.add(slowJob(3000));
      await recorded.until(isMessage('progress', promptId));
      await second.close();
      expect(await queue.status(promptId)).toMatchObject({ state: 'pending', attempts: 0 });
      worker = (own ?? queue).startWorker({ engine });
      expect(await queue.waitForEnd(promptId)).toMatchObject({ state: 'success', attempts: 1 });
      await worker.close();
      await own?.close();
    });

    /** Opens the queue a second time, as another process would, where the database allows that. */
    const openOther = async (): Promise<Queue | undefined> =>
      options.database?.startsWith('postgres') ? openQueue(options) : undefined;
  });

  describe('the history', () => {
    it('is listed with ComfyUI’s options', async () => {
      const all = (await listHistory(queue)).map((e) => e.promptId);
      expect(all.length).toBeGreaterThan(6);
      const ids = async (options: { maxItems?: number; offset?: number }) =>
        (await listHistory(queue, options)).map((e) => e.promptId);
      expect(await ids({ maxItems: 2 })).toEqual(all.slice(-2));
      expect(await ids({ maxItems: 2, offset: 1 })).toEqual(all.slice(1, 3));
      expect(await ids({ offset: 3 })).toEqual(all.slice(3));
      expect(await ids({ maxItems: 100, offset: -1 })).toEqual(all);
      expect(await ids({ maxItems: 0 })).toEqual([]);
    });

    it('survives the process, as do numbers and pending jobs', async () => {
      const before = await listHistory(queue);
      const waiting = await queue.add(quickJob(6, { clientId: 'me' }));
      await queue.close();
      queue = await openQueue(options);
      expect(await listHistory(queue)).toEqual(before);
      expect((await listQueue(queue)).pending).toMatchObject([
        { promptId: waiting.promptId, clientId: 'me', number: waiting.number },
      ]);
      const next = await queue.add(quickJob(6));
      expect(next.number).toBe(waiting.number + 1);
    });

    it('can be deleted, one job or all', async () => {
      const [first, second] = await listHistory(queue);
      await queue.history.delete([first.promptId, 'nobody']);
      expect(await queue.history.get(first.promptId)).toBeUndefined();
      expect(await queue.history.get(second.promptId)).toEqual(second);
      await queue.history.clear();
      expect(await listHistory(queue)).toEqual([]);
      expect((await queue.counts()).pending).toBe(2);
    });
  });

  it('has only the latest job of an id that is used again', async () => {
    await queue.clear();
    const worker = queue.startWorker({ engine: testEngine() });
    for (const value of [1, 2]) {
      await queue.add(quickJob(value, { promptId: 'same' }));
      await expect.poll(async () => (await queue.counts()).remaining, { timeout: 30_000 }).toBe(0);
    }
    const [only, ...others] = await listHistory(queue);
    expect(others).toEqual([]);
    expect(entry(only.json).prompt[2]).toEqual(JSON.parse(quickJob(2).prompt));
    await worker.close();
    expect(problems.filter((problem) => !problem.includes('webhook'))).toEqual([]);
  });
}

export const filesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
