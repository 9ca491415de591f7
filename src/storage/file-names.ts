// Gives a file that was written under a temporary name its own: an unused one, or that of the file
// it replaces.
import { linkSync, lstatSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { noFreeName } from '../write-errors.ts';
import { writeAtomic } from './atomic-write.ts';

/** Moves a file to `path`. Returns false, and leaves both as they are, when `path` exists. */
export function linkNew(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // file systems without hard links
    if (isTaken(path)) return false;
    renameSync(temporary, path);
    return true;
  }
}

/** Returns whether there is something of this name, be it a link that leads nowhere. */
export const isTaken = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Writes a file atomically, replacing an existing one. Creates its folder. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const folder = dirname(path);
  makeFolder(folder);
  writeAtomic(folder, basename(path), bytes, (temporary) => renameSync(temporary, path));
}

/** Returns `name.png` for 0, `name (1).png` for 1 … */
export function numberedName(name: string, count: number): string {
  const extension = extname(name);
  return count === 0
    ? name
    : `${name.slice(0, name.length - extension.length)} (${count})${extension}`;
}

/** How many numbered names in use are passed over before a search is given up. */
export const MAX_NUMBERED_NAMES = 10_000;

/**
 * Writes a file under `name`, or under `name (1).png` … if that is taken, and returns the name. An
 * existing file of the same name and content is not written again. Throws DR_OUTPUT_UNWRITABLE
 * where no name is free, and errors of the file system.
 */
export function addFile(folder: string, name: string, bytes: Uint8Array): string {
  makeFolder(folder);
  const pathOf = (count: number): string => join(folder, numberedName(name, count));
  let count = 0;
  /** Counts up to a name that is free; returns true at a file that has this content. */
  const isWritten = (): boolean => {
    for (; isTaken(pathOf(count)); count++) {
      if (hasContent(pathOf(count), bytes)) return true;
      if (count === MAX_NUMBERED_NAMES) throw noFreeName(folder, name);
    }
    return false;
  };
  if (isWritten()) return numberedName(name, count);
  writeAtomic(folder, name, bytes, (temporary) => {
    while (!linkNew(temporary, pathOf(count))) if (isWritten()) return;
  });
  return numberedName(name, count);
}

const hasContent = (path: string, bytes: Uint8Array): boolean => {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size === bytes.length && readFileSync(path).equals(bytes);
  } catch {
    return false;
  }
};
