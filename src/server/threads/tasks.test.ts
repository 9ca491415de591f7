// Every route that reads workflows, images or prompts does so in a thread: here, threads refuse
// every task.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { savingGraph, type TestServer, testServer } from '../../../test/support/server.ts';
import { DarkroomError } from '../../errors.ts';

const tasks = vi.hoisted((): string[] => []);
vi.mock('./thread-pool.ts', () => ({
  createThreadPool: () => ({
    run: async (name: string) => {
      tasks.push(name);
      throw new DarkroomError('DR_TOO_EXPENSIVE', { message: 'too much' });
    },
    warm: async () => undefined,
    close: async () => undefined,
  }),
}));

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ idle: true });
});
afterAll(() => test.close());
beforeEach(() => {
  tasks.length = 0;
});

it('imageTexts is a task of POST /upload/mask', async () => {
  const image = await sharp({ create: { width: 1, height: 1, channels: 4, background: 'red' } })
    .png()
    .toBuffer();
  writeFileSync(join(test.folders.input, 'a.png'), image);
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(image)]), 'a.png');
  form.append('original_ref', JSON.stringify({ filename: 'a.png', type: 'input' }));
  const url = await test.listen();
  const response = await fetch(`${url}/upload/mask`, { method: 'POST', body: form });
  expect(tasks).toEqual(['imageTexts']);
  expect(response.status).toBe(413);
});

it.each([
  ['checkPrompt', 'POST', '/prompt', { prompt: savingGraph(1) }],
  ['checkWorkflow', 'POST', '/darkroom/check', { prompt: savingGraph(1) }],
  ['readWorkflow', 'POST', '/darkroom/read', savingGraph(1)],
  ['populateWildcards', 'POST', '/impact/wildcards', { text: '{a|b}' }],
  ['wildcardNames', 'GET', '/impact/wildcards/list', undefined],
  ['loadedWildcardNames', 'GET', '/impact/wildcards/list/loaded', undefined],
  ['startWorkflow', 'GET', '/darkroom/start', undefined],
  ['exampleNames', 'GET', '/darkroom/examples', undefined],
  ['example', 'GET', '/darkroom/examples/text-to-image', undefined],
] as const)('%s is a task of %s %s', async (task, method, url, body) => {
  const response = await (method === 'GET' ? test.get(url) : test.post(url, body));
  expect(tasks).toEqual([task]);
  expect(response.statusCode).toBe(413);
});
