// Addresses of webhooks, and the entries that allow some.
import { createWebhookPolicy } from '../../../src/queue/webhooks/webhook-policy.ts';
import { parseBucketLocation } from '../../../src/storage/bucket/bucket-keys.ts';
import type { FuzzTarget } from '../target.ts';

/** Errors in one do not keep the others from being parsed. */
const attempt = (works: readonly (() => unknown)[]): void => {
  const thrown = works.flatMap((work) => {
    try {
      work();
      return [];
    } catch (error) {
      return (error as Error).name === 'DarkroomError' ? [] : [error];
    }
  });
  if (thrown.length > 0) throw thrown[0];
};

export const target: FuzzTarget = {
  run: (input) => {
    const [url, entry = ''] = input.toString('utf8').split('\n');
    attempt([
      () => createWebhookPolicy().checkUrl(url),
      () => createWebhookPolicy([entry]).checkUrl(url),
      () => parseBucketLocation(url),
    ]);
  },
  seeds: () => [
    'https://example.com/a?b=c\n10.0.0.0/8',
    'http://[::ffff:7f00:1]:80/\nfe80::/10',
    'http://0x7f.1/\nlocalhost',
    's3://bucket/prefix/x\nexample.com.',
  ],
  dictionary: [
    'http://',
    '[::',
    ']',
    '127.0.0.1',
    '0x7f',
    '.',
    '/',
    '@',
    '%',
    '::1',
    '/33',
    's3://',
  ],
};
