import { describe, expect, it } from 'vitest';
import type { DarkroomError } from '../../errors.ts';
import { createLogs } from '../../server/http/logs.ts';
import { openDatabase } from './open-database.ts';
import { unreachable } from './postgres-errors.ts';

const failure = (address: string): Promise<DarkroomError> =>
  openDatabase(address, () => undefined).then(
    () => expect.unreachable(),
    (error: DarkroomError) => error,
  );

/** Everything of an error that can be printed or logged. */
function printed(error: DarkroomError): string {
  const lines: string[] = [];
  const { logger } = createLogs({ level: 'error', write: (line) => lines.push(line) });
  logger.error({ err: error }, 'failed');
  return [...lines, error.message, error.stack, JSON.stringify(error)].join();
}

describe('the password of a database that can’t be opened is not repeated', () => {
  it.each([
    'postgres://me:s3cret@127.0.0.1:1/jobs',
    'postgres://me:s3cret@host.invalid/jobs',
    'postgres://me:a/s3cret@127.0.0.1/jobs',
    'postgres://me:1/s3cret@127.0.0.1:1/jobs',
    'postgres://me:a@s3cret:b@127.0.0.1:1/jobs',
    'postgres://me:%zz s3cret@127.0.0.1:1/jobs',
    'postgres://127.0.0.1:1/jobs?user=me&password=s3cret',
    'POSTGRES://me:s3cret@127.0.0.1:1/jobs',
    'postgres:me:s3cret@127.0.0.1/jobs',
    'mysql://me:s3cret@127.0.0.1/jobs',
    "host=127.0.0.1 password='a s3cret' dbname=jobs",
  ])('%s', async (address) => {
    const error = await failure(address);
    expect(['DR_DATABASE', 'DR_BAD_USAGE']).toContain(error.code);
    expect(printed(error)).not.toContain('s3cret');
  });
});

it('an error of the driver that quotes the password is masked', () => {
  const cause = new Error('invalid password "p@ss \\ s3cret" for p%40ss%20%5C%20s3cret');
  const error = unreachable('postgres://me:p%40ss%20%5C%20s3cret@db/jobs', cause);
  expect(printed(error)).not.toContain('s3cret');
  expect(error.message).toContain('postgres://me:…@db/jobs');
});
