import { expect, it } from 'vitest';
import type { Queue, QueueEvent } from '../queue/contract.ts';
import { logFailedJobs } from './failed-jobs.ts';
import { createLogs } from './http/logs.ts';

it('a failed job is logged at info, with its error', async () => {
  const lines: string[] = [];
  let listener: (event: QueueEvent) => void = () => undefined;
  const queue = {
    subscribe: (next: typeof listener) => {
      listener = next;
      return () => undefined;
    },
    status: async () => ({ error: '{"code": "DR_NODE", "message": "it failed", "nodeId": "3"}' }),
  } as unknown as Queue;
  logFailedJobs(queue, createLogs({ level: 'info', write: (line) => lines.push(line) }));
  for (const state of ['success', 'error', 'interrupted'] as const)
    listener({ type: 'ended', promptId: `p-${state}`, state });
  await expect.poll(() => lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({
    level: 'info',
    promptId: 'p-error',
    error: { message: 'it failed', nodeId: '3' },
    msg: 'job failed',
  });
});
