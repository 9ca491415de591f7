// Finished files get their names: over what is there, or one that is free.
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { writeAtomic } from './atomic-write.ts';

/** Gives a finished file its name; false when there is one of that name, which stays. */
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

/** Writes a file whole, over one that may be there. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  writeAtomic(folder, basename(path), bytes, (temporary) => renameSync(temporary, path));
}

/** `name.png`, `name (1).png` … */
export function numberedName(name: string, count: number): string {
  const extension = extname(name);
  return count === 0
    ? name
    : `${name.slice(0, name.length - extension.length)} (${count})${extension}`;
}

/**
 * Writes a file under a name that is free: `name (1).png` … A file of the same name and content
 * counts as written already. Gives the name.
 */
export function addFile(folder: string, name: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const pathOf = (count: number): string => join(folder, numberedName(name, count));
  let count = 0;
  const settled = (): boolean => {
    for (; existsSync(pathOf(count)); count++) if (sameFile(pathOf(count), bytes)) return true;
    return false;
  };
  if (settled()) return numberedName(name, count);
  writeAtomic(folder, name, bytes, (temporary) => {
    while (!linkNew(temporary, pathOf(count))) if (settled()) return;
  });
  return numberedName(name, count);
}

const sameFile = (path: string, bytes: Uint8Array): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false });
  return (
    stats?.isFile() === true && stats.size === bytes.length && readFileSync(path).equals(bytes)
  );
};
