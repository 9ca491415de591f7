import { expect, it } from 'vitest';
import { createLogs } from './logs.ts';

it('an entry is the message followed by its fields', () => {
  const lines: string[] = [];
  const { logger, entries } = createLogs({ level: 'info', write: (line) => lines.push(line) });
  logger.info({ path: '/prompt', ms: 3 }, 'request');
  expect(entries()).toEqual([
    {
      t: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      m: '[info] request path=/prompt ms=3\n',
    },
  ]);
  expect(JSON.parse(lines[0])).toMatchObject({ level: 'info', msg: 'request', ms: 3 });
});

it('entries below the level are left out', () => {
  const { logger, entries } = createLogs({ level: 'warn' });
  logger.info('request');
  expect(entries()).toEqual([]);
});

it('subscribers receive new entries until they unsubscribe', () => {
  const { logger, subscribe } = createLogs({ level: 'info' });
  const messages: string[] = [];
  const unsubscribe = subscribe(({ m }) => messages.push(m));
  logger.info('first');
  unsubscribe();
  logger.info('second');
  expect(messages).toEqual(['[info] first\n']);
});

it('the log contains the last 300 entries', () => {
  const { logger, entries } = createLogs({ level: 'info' });
  for (let i = 0; i < 310; i++) logger.info(`entry ${i}`);
  expect(entries()).toHaveLength(300);
  expect(entries()[0].m).toBe('[info] entry 10\n');
});

it('secrets are masked, and what drivers attach to errors is left out', () => {
  const lines: string[] = [];
  const { logger, entries } = createLogs({ level: 'info', write: (line) => lines.push(line) });
  const cause = Object.assign(new Error('password="s3cret"'), { code: 'X', input: 's3cret' });
  const err = new Error('postgres://me:s3cret@db/jobs is away', { cause });
  logger.error({ err, url: 'https://a/?token=s3cret' }, 'the database is away');
  expect(lines.join() + entries()[0].m).not.toContain('s3cret');
  expect(JSON.parse(lines[0])).toMatchObject({
    err: {
      message: 'postgres://me:…@db/jobs is away',
      cause: { message: 'password=…', code: 'X' },
    },
  });
});
