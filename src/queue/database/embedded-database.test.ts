// The queue on the embedded database.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/queue/queue.ts';
import { queueSuite } from '../../../test/support/queue/queue-suite.ts';
import { openEmbedded } from './embedded-database.ts';

it('a database that does not answer is opened again', async () => {
  const database = await openEmbedded(join(temporaryFolder('database'), 'queue'), 1000);
  await database.executeSql('CREATE TABLE numbers (n int)');
  await expect(database.executeSql('SELECT pg_sleep(20)')).rejects.toMatchObject({
    code: 'DR_DATABASE',
  });
  await database.executeSql('INSERT INTO numbers VALUES ($1)', [1]);
  await expect(
    database.transaction(async (sql) => {
      await sql.executeSql('INSERT INTO numbers VALUES ($1)', [2]);
      await sql.executeSql('SELECT pg_sleep(20)');
    }),
  ).rejects.toMatchObject({ code: 'DR_DATABASE' });
  expect((await database.executeSql('SELECT n FROM numbers')).rows).toEqual([{ n: 1 }]);
  await database.close();
});

describe('a queue in a folder', () => {
  const folder = join(temporaryFolder('database'), 'queue');
  queueSuite(async () => folder);

  it('is refused to a second process', async () => {
    await expect(openEmbedded(folder)).rejects.toMatchObject({
      code: 'DR_DATABASE',
      message: expect.stringContaining(String(process.pid)),
    });
  });
});
