// A process that writes a file into a folder, as long as its standard input is open, and cleans the
// folder before that, as a worker does.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeAbandoned, writeAtomicParts } from '../../src/storage/atomic-write.ts';

async function* parts(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('first');
  for await (const part of process.stdin) yield part;
}

const [folder] = process.argv.slice(2);
await removeAbandoned(folder);
await writeAtomicParts(folder, 'whole', parts(), (temporary) =>
  renameSync(temporary, join(folder, 'whole')),
);
