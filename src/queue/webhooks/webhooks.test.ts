import { afterEach, expect, it } from 'vitest';
import { DarkroomError } from '../../errors.ts';
import type { DueWebhook } from '../pg-boss.ts';
import { createWebhookPolicy } from './webhook-policy.ts';
import { startWebhooks, type Webhooks, type WebhookTools } from './webhooks.ts';

let webhooks: Webhooks | undefined;
afterEach(() => webhooks?.close());

/** Webhooks of jobs whose tickets are their addresses, and a record of how they ended. */
function start(urls: readonly string[], post: WebhookTools['post']) {
  const due: DueWebhook[] = urls.map((ticket, i) => ({ id: String(i), ticket }));
  const ended: [id: string, error?: string, isFinal?: boolean][] = [];
  const problems: unknown[] = [];
  webhooks = startWebhooks({
    database: {
      readSql: async <R>(_text: string, values?: readonly unknown[]) => ({
        rows: [{ prompt_id: 'p', webhook: values?.[0], outputs: '{}', status: '{}' } as R],
      }),
    },
    boss: {
      takeWebhooks: async (count) => due.splice(0, count),
      endWebhook: async (...end) => void ended.push(end),
    },
    policy: createWebhookPolicy(),
    onProblem: (_message, error) => problems.push(error),
    post,
  });
  return { ended, problems, due };
}

/** Answers at once, or for `http://stuck…` only when it is stopped. */
const post: WebhookTools['post'] = async ({ host }, _body, { signal }) => {
  if (!host.startsWith('stuck')) return;
  await new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
};

it('calls one while six others do not answer', async () => {
  const stuck = Array.from({ length: 6 }, (_, i) => `http://stuck${i}.example/`);
  const { ended } = start([...stuck, 'http://good.example/'], post);
  await expect.poll(() => ended).toEqual([['6', undefined, false]]);
});

it('calls 32 at a time, and the next one when one has ended', async () => {
  let running = 0;
  let most = 0;
  const urls = Array.from({ length: 100 }, (_, i) => `http://host${i}.example/`);
  const { ended } = start(urls, async () => {
    running++;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 10));
    running--;
  });
  await expect.poll(() => ended.length).toBe(100);
  expect(most).toBe(32);
});

it('has a failed one repeated, but not one that is not allowed', async () => {
  const { ended } = start(
    ['http://a.example/', 'http://10.0.0.1/', 'http://b.example/'],
    async ({ host }) => {
      if (host === 'a.example') throw new Error('http://me:s3cret@a.example is away');
      throw new DarkroomError('DR_BAD_USAGE', { message: 'not allowed' });
    },
  );
  await expect.poll(() => ended.length).toBe(3);
  expect(ended.sort()).toEqual([
    ['0', 'http://…@a.example is away', false],
    ['1', expect.stringContaining('not a public address'), true],
    ['2', 'not allowed', true],
  ]);
});

it('stops those that run when it is closed', async () => {
  const { ended, due } = start(['http://stuck.example/'], post);
  await expect.poll(() => due.length).toBe(0);
  await webhooks?.close();
  expect(ended).toEqual([['0', 'the server was stopped', false]]);
});
