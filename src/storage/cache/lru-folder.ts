// A folder of entries by key, of limited size: the least recently used entries are removed first.
// Several processes may use it at once. Entries are written atomically; the modification time of an
// entry's file is the time of its last use.
import { readdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { readRegularFileSync } from '../../formats/regular-file.ts';
import { makeFolder } from '../../make-folder.ts';
import { removeAbandoned, writeAtomic } from '../atomic-write.ts';
import { statOf } from '../folder-paths.ts';

export interface LruFolder {
  /** Returns an entry, which counts as a use; undefined when there is none that can be read. */
  read(key: string): Uint8Array | undefined;
  /**
   * Writes an entry, after removing others until it fits. Returns false, and writes nothing, for an
   * entry that is larger than the limit. Throws errors of the file system.
   */
  write(key: string, parts: readonly Uint8Array[]): boolean;
  remove(key: string): void;
}

const EXTENSION = '.safetensors';

/** Opens a folder of at most `maxBytes`. It is created when the first entry is written. */
export function openLruFolder(folder: string, maxBytes: number): LruFolder {
  let isCleaned = false;
  const pathOf = (key: string): string => join(folder, key + EXTENSION);
  const remove = (key: string): void => rmSync(pathOf(key), { force: true });
  return {
    remove,
    read: (key) => {
      try {
        const content = readRegularFileSync(pathOf(key));
        const now = new Date();
        utimesSync(pathOf(key), now, now);
        return content;
      } catch {
        return undefined;
      }
    },
    write: (key, parts) => {
      const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
      if (size > maxBytes) return false;
      makeFolder(folder);
      if (!isCleaned) void removeAbandoned(folder).catch(() => undefined);
      isCleaned = true;
      makeRoom(folder, maxBytes - size);
      writeAtomic(folder, key + EXTENSION, Buffer.concat(parts), (temporary) =>
        renameSync(temporary, pathOf(key)),
      );
      return true;
    },
  };
}

/** Removes entries until those that remain take at most `maxBytes`. */
function makeRoom(folder: string, maxBytes: number): void {
  const entries = readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = statOf(path);
      return stat ? [{ path, used: stat.mtimeMs, size: stat.size }] : [];
    })
    .sort((a, b) => a.used - b.used);
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of entries) {
    if (total <= maxBytes) return;
    rmSync(path, { force: true });
    total -= size;
  }
}
