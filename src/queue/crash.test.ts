// Kills processes at a few random moments; `npm run test:crash` does so at many.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crash } from '../../test/support/queue/crash.ts';
import { startPostgres, whyNoPostgres } from '../../test/support/queue/postgres.ts';
import { temporaryFolder } from '../../test/support/queue/queue.ts';
import { seeded } from '../../test/support/seeded.ts';

const TIMEOUT = { timeout: 900_000 };

describe('every accepted job ends once, whichever processes are killed', () => {
  it('on the embedded database', TIMEOUT, async () => {
    const database = join(temporaryFolder('database'), 'queue');
    expect(await crash({ database, hosts: 1, jobs: 8, kills: 4, random: seeded(3) })).toMatchObject(
      { faults: [] },
    );
  });

  it.skipIf(whyNoPostgres() !== undefined)('on PostgreSQL with two workers', TIMEOUT, async () => {
    const server = await startPostgres();
    expect(
      await crash({
        database: await server.database(),
        hosts: 2,
        jobs: 8,
        kills: 4,
        random: seeded(4),
      }),
    ).toMatchObject({
      faults: [],
    });
    await server.stop();
  });
});
