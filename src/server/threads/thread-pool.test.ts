// The server while a thread is busy with the content of a request: others are answered, and what
// takes too much is given up.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { node, savingGraph, type TestServer, testServer } from '../../../test/support/server.ts';
import type { ThreadLimits } from './thread-pool.ts';

let test: TestServer;

const start = async (threads: ThreadLimits): Promise<void> => {
  test = await testServer({ idle: true, threads });
  await test.server.warmThreads();
};

/** A prompt whose check takes `ms` milliseconds, or all memory of a thread. */
const slowPrompt = (ms: number, allocates = false) => ({
  prompt: {
    '1': node('TestPrepared', { ms, allocates }),
    '2': node('TestSave', { value: ['1', 0], filename_prefix: 'test' }),
  },
});
const quickPrompt = { prompt: savingGraph(1) };
const FOREVER_MS = 600_000;

const tooExpensive = expect.objectContaining({
  error: expect.objectContaining({
    type: 'too_expensive',
    message: expect.stringContaining('the request was given up'),
    details: expect.stringContaining('Send a smaller workflow'),
  }),
  node_errors: {},
});

describe('a request whose content takes too long', () => {
  beforeAll(() => start({ taskMs: 4000 }));
  afterAll(() => test.close());

  it('is given up, while others are answered', async () => {
    let isAnswered = false;
    const slow = test.post('/prompt', slowPrompt(FOREVER_MS)).finally(() => {
      isAnswered = true;
    });
    const others = [];
    while (!isAnswered) {
      others.push((await test.get('/features')).statusCode);
      await sleep(20);
    }
    expect(others.length).toBeGreaterThan(1);
    expect(new Set(others)).toEqual(new Set([200]));
    const response = await slow;
    expect(response.statusCode).toBe(413);
    expect(response.json()).toEqual(tooExpensive);
  });

  it('does not keep other prompts from being accepted', async () => {
    const slow = test.post('/prompt', slowPrompt(FOREVER_MS));
    expect((await test.post('/prompt', quickPrompt)).statusCode).toBe(200);
    expect((await slow).statusCode).toBe(413);
  });

  it('leaves a pool that goes on, also when all threads were busy', async () => {
    const slow = [1, 2, 3].map(() => test.post('/prompt', slowPrompt(FOREVER_MS)));
    const next = test.post('/prompt', quickPrompt);
    for (const response of await Promise.all(slow)) expect(response.statusCode).toBe(413);
    expect((await next).statusCode).toBe(200);
    expect((await test.post('/prompt', quickPrompt)).statusCode).toBe(200);
  });
});

it('a request whose content takes too much memory is given up', async () => {
  await start({ heapMegabytes: 256 });
  onTestFinished(() => test.close());
  const response = await test.post('/prompt', slowPrompt(FOREVER_MS, true));
  expect(response.statusCode).toBe(413);
  expect(response.json()).toEqual(tooExpensive);
  expect((await test.post('/prompt', quickPrompt)).statusCode).toBe(200);
});
