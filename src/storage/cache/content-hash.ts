// SHA-256 of a large file, stored in the cache together with the file's inode, size, modification
// time and change time (which programs cannot set back). A file for which one of them differs is
// hashed again.
import { createHash } from 'node:crypto';
import { createReadStream, realpathSync, renameSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openRegular, readRegularFile } from '../../formats/regular-file.ts';
import { writeAtomic } from '../atomic-write.ts';

const CHUNK_BYTES = 2 ** 22;
const MAX_HASH_FILE_BYTES = 2 ** 16;

/**
 * Returns the hash in hexadecimal. `folder`: where hashes are stored; if it is not writable, the
 * hash is computed each time. `onBytes` is called with the number of bytes read so far.
 */
export async function contentHash(
  file: string,
  folder: string,
  onBytes?: (done: number, size: number) => void,
): Promise<string> {
  const path = realpathSync(file);
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const identity = [path, dev, ino, size, mtimeNs, ctimeNs].join('\n');
  const hashFile = join(
    folder,
    `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`,
  );
  const cached = await readRegularFile(hashFile, MAX_HASH_FILE_BYTES)
    .then((bytes) => JSON.parse(bytes.toString('utf8')))
    .catch(() => undefined);
  if (cached?.identity === identity && /^[0-9a-f]{64}$/.test(cached.hash)) return cached.hash;
  const hash = createHash('sha256');
  let done = 0;
  const stream = createReadStream(path, {
    fd: await openRegular(path),
    highWaterMark: CHUNK_BYTES,
  });
  for await (const part of stream) {
    hash.update(part as Buffer);
    done += (part as Buffer).length;
    onBytes?.(done, Number(size));
  }
  const result = hash.digest('hex');
  const content = Buffer.from(JSON.stringify({ identity, hash: result }));
  try {
    await mkdir(folder, { recursive: true });
    writeAtomic(folder, basename(hashFile), content, (temporary) =>
      renameSync(temporary, hashFile),
    );
  } catch {
    // it is computed again
  }
  return result;
}
