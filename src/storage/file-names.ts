// Gives a file that was written under a temporary name its own: an unused one, or that of the file
// it replaces.
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { writeAtomic } from './atomic-write.ts';

/** Moves a file to `path`. Returns false, and leaves both as they are, when `path` exists. */
export function linkNew(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // file systems without hard links
    if (existsSync(path)) return false;
    renameSync(temporary, path);
    return true;
  }
}

/** Writes a file atomically, replacing an existing one. Creates its folder. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  writeAtomic(folder, basename(path), bytes, (temporary) => renameSync(temporary, path));
}

/** Returns `name.png` for 0, `name (1).png` for 1 … */
export function numberedName(name: string, count: number): string {
  const extension = extname(name);
  return count === 0
    ? name
    : `${name.slice(0, name.length - extension.length)} (${count})${extension}`;
}

/**
 * Writes a file under `name`, or under `name (1).png` … if that is taken, and returns the name. An
 * existing file of the same name and content is not written again.
 */
export function addFile(folder: string, name: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const pathOf = (count: number): string => join(folder, numberedName(name, count));
  let count = 0;
  /** Counts up to a name that is free; returns true at a file that has this content. */
  const isWritten = (): boolean => {
    for (; existsSync(pathOf(count)); count++) if (hasContent(pathOf(count), bytes)) return true;
    return false;
  };
  if (isWritten()) return numberedName(name, count);
  writeAtomic(folder, name, bytes, (temporary) => {
    while (!linkNew(temporary, pathOf(count))) if (isWritten()) return;
  });
  return numberedName(name, count);
}

const hasContent = (path: string, bytes: Uint8Array): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false });
  return (
    stats?.isFile() === true && stats.size === bytes.length && readFileSync(path).equals(bytes)
  );
};
