// SHA-256 of a large file, remembered in the cache as long as the file is the same to the file
// system: inode, size, and times of the last change of its bytes and of itself (which no copying
// program sets back). A file that was replaced is hashed again.
import { createHash } from 'node:crypto';
import { createReadStream, realpathSync } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK = 2 ** 22;

/**
 * The hash in hexadecimal. `folder`: where hashes are remembered; without writing rights there it
 * is computed each time. `onBytes`: hears how far it is.
 */
export async function contentHash(
  file: string,
  folder: string,
  onBytes?: (done: number, size: number) => void,
): Promise<string> {
  const path = realpathSync(file);
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const identity = [path, dev, ino, size, mtimeNs, ctimeNs].join('\n');
  const note = join(folder, `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`);
  const known = await readFile(note, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  if (known?.identity === identity && /^[0-9a-f]{64}$/.test(known.hash)) return known.hash;
  const hash = createHash('sha256');
  let done = 0;
  for await (const part of createReadStream(path, { highWaterMark: CHUNK })) {
    hash.update(part as Buffer);
    done += (part as Buffer).length;
    onBytes?.(done, Number(size));
  }
  const result = hash.digest('hex');
  const temporary = `${note}.${process.pid}`;
  await mkdir(folder, { recursive: true })
    .then(() => writeFile(temporary, JSON.stringify({ identity, hash: result })))
    .then(() => rename(temporary, note))
    .catch(() => undefined);
  return result;
}
