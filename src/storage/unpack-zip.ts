// Unpacks a zip archive into a new folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkAborted } from '../errors.ts';
import { openSource } from '../formats/byte-source.ts';
import { invalidModel } from '../formats/model-file-errors.ts';
import { readEntry, readZip } from '../formats/zip.ts';

const MAX_UNPACKED_BYTES = 2 ** 30;

/**
 * Writes all files of an archive into a folder, which is created. Links in it are written as files,
 * and nothing is run. Throws DR_MODEL_INVALID for an archive that is damaged or hostile,
 * DR_INTERRUPTED, and errors of the file system; what was written by then stays.
 */
export async function unpackZip(file: string, folder: string, signal: AbortSignal): Promise<void> {
  const source = await openSource(file);
  try {
    const entries = [...(await readZip(source)).values()];
    const size = entries.reduce((sum, entry) => sum + entry.size, 0);
    if (size > MAX_UNPACKED_BYTES)
      throw invalidModel(file, `unpacks to ${size} bytes, more than ${MAX_UNPACKED_BYTES}`);
    mkdirSync(folder, { recursive: true });
    for (const entry of entries) {
      checkAborted(signal);
      const path = join(folder, entry.name);
      mkdirSync(entry.name.endsWith('/') ? path : dirname(path), { recursive: true });
      if (!entry.name.endsWith('/'))
        writeFileSync(path, await readEntry(source, entry), { flag: 'wx', flush: true });
    }
  } finally {
    await source.close();
  }
}
