import { once } from 'node:events';
import { expect, it } from 'vitest';
import { forkModule, startThread } from './start-module.ts';

it('starts a thread with its data', async () => {
  const thread = startThread('../test/support/echo', import.meta.url, 'hello');
  expect(await once(thread, 'message')).toEqual(['thread: hello']);
});

it('forks a process that has an IPC channel', async () => {
  const child = forkModule('../test/support/echo', import.meta.url);
  const [message] = await once(child, 'message');
  expect(message).toBe('process');
  child.kill();
});
