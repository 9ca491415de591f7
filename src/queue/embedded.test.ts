// The queue on the embedded database.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/queue.ts';
import { queueSuite } from '../../test/support/queue-suite.ts';
import { openEmbedded } from './embedded-database.ts';

describe('a queue in a folder', () => {
  const folder = join(temporaryFolder('database'), 'queue');
  queueSuite(async () => folder);

  it('has one process', async () => {
    await expect(openEmbedded(folder)).rejects.toMatchObject({
      code: 'DR_DATABASE',
      message: expect.stringContaining(String(process.pid)),
    });
  });
});
