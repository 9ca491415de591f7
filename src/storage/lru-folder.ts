// A folder of entries under keys, kept below a size: the entries that were not used for the longest
// time are removed first. Several processes may use it at once; an entry is there whole or not at
// all, and the time of its file says when it was last used.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { removeAbandoned, writeAtomic } from './atomic-write.ts';

export interface Entries {
  /** Undefined when there is none that can be read. Counts as a use. */
  read(key: string): Uint8Array | undefined;
  /**
   * Writes an entry and makes room; one that is larger than the folder may be is not kept. Gives
   * whether it was; throws when the disk refuses.
   */
  write(key: string, parts: readonly Uint8Array[]): boolean;
  remove(key: string): void;
}

const ENDING = '.safetensors';

/** Nothing is made before the first entry. `bytes`: how large the folder may become. */
export function openEntries(folder: string, bytes: number): Entries {
  let cleared = false;
  const pathOf = (key: string): string => join(folder, key + ENDING);
  const remove = (key: string): void => rmSync(pathOf(key), { force: true });
  return {
    remove,
    read: (key) => {
      try {
        const content = readFileSync(pathOf(key));
        const now = new Date();
        utimesSync(pathOf(key), now, now);
        return content;
      } catch {
        return undefined;
      }
    },
    write: (key, parts) => {
      const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
      if (size > bytes) return false;
      mkdirSync(folder, { recursive: true });
      if (!cleared) void removeAbandoned(folder).catch(() => undefined);
      cleared = true;
      makeRoom(folder, bytes - size);
      writeAtomic(folder, key + ENDING, Buffer.concat(parts), (temporary) =>
        renameSync(temporary, pathOf(key)),
      );
      return true;
    },
  };
}

function makeRoom(folder: string, bytes: number): void {
  const entries = readdirSync(folder)
    .filter((name) => name.endsWith(ENDING))
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat ? [{ path, used: stat.mtimeMs, size: stat.size }] : [];
    })
    .sort((a, b) => a.used - b.used);
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of entries) {
    if (total <= bytes) return;
    rmSync(path, { force: true });
    total -= size;
  }
}
