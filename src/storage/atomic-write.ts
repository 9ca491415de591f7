// Files that appear whole or not at all: written under a temporary name in the same folder, flushed
// to the disk, then renamed.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { open as openFile, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

// a folder may be shared by machines, whose process ids have nothing to do with each other
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const TEMPORARY = /^\..*\.tmp-(?:([0-9a-f]{8})-)?(\d+)$/s;
const TEMPORARY_FOLDER = /^\.tmp-(\d+)-/;

// temporary files of this process, to be removed if it ends while it writes them
const unfinished = new Set<string>();
process.on('exit', () => {
  for (const path of unfinished) rmSync(path, { force: true });
});

const temporaryPath = (folder: string, name: string): string =>
  join(folder, `.${name.slice(0, 100)}.tmp-${HOST}-${process.pid}`);

/**
 * Writes `bytes` to a temporary file in `folder` and calls `finish` with its path, which renames or
 * links it. Returns the result of `finish`. The temporary file is removed if it still exists.
 */
export function writeAtomic<T>(
  folder: string,
  name: string,
  bytes: Uint8Array,
  finish: (temporary: string) => T,
): T {
  const temporary = temporaryPath(folder, name);
  unfinished.add(temporary);
  try {
    const file = openSync(temporary, 'w');
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return finish(temporary);
  } finally {
    rmSync(temporary, { force: true });
    unfinished.delete(temporary);
  }
}

/** Does the same as writeAtomic for bytes that come part by part. */
export async function writeAtomicParts<T>(
  folder: string,
  name: string,
  parts: AsyncIterable<Uint8Array>,
  finish: (temporary: string) => T | Promise<T>,
): Promise<T> {
  const temporary = temporaryPath(folder, name);
  unfinished.add(temporary);
  try {
    const file = await openFile(temporary, 'w');
    try {
      for await (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    return await finish(temporary);
  } finally {
    rmSync(temporary, { force: true });
    unfinished.delete(temporary);
  }
}

/** Returns whether a name is that of a file that is still being written. */
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** Returns the path of a folder of this process that will be renamed when it is complete. */
export const temporaryFolder = (folder: string, name: string): string =>
  join(folder, `.tmp-${process.pid}-${name}`);

/** Returns the process of this machine that wrote a temporary file. */
function ownerOf(name: string): number | undefined {
  const [, host, pid] = TEMPORARY.exec(name) ?? [];
  return pid === undefined || (host ?? HOST) !== HOST ? undefined : Number(pid);
}

/** Removes the temporary files of a process that was killed from a folder. */
export function removeTemporary(folder: string, pid: number): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (ownerOf(name) === pid) rmSync(join(folder, name), { force: true });
}

/**
 * Removes the temporary files of dead processes of this machine from a folder and its subfolders.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await removeAbandoned(join(folder, entry.name));
    const pid = entry.isFile() ? ownerOf(entry.name) : undefined;
    if (pid !== undefined && !isAlive(pid)) await rm(join(folder, entry.name), { force: true });
  }
}

/** Removes the temporary folders (temporaryFolder) of dead processes from a folder. */
export async function removeAbandonedFolders(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = TEMPORARY_FOLDER.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Returns whether there is a process with this id on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
