// Files that appear whole or not at all: written under a temporary name in the same folder, flushed
// to the disk, then renamed.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { open as openFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, PLACE, parseWriter, temporaryPath, WRITER } from '../writer-identity.ts';

// without a place in the names of earlier versions
const TEMPORARY = /^\..*\.tmp-((?:[0-9a-f]{8}-)?\d+(?:-\d+)?)$/s;
const TEMPORARY_FOLDER = /^\.tmp-(?:([0-9a-f]{8}-\d+(?:-\d+)?)-|\d+-)/;
/** Of a writer that can't be asked whether it still runs: the time after which it does not. */
const ABANDONED_MS = 24 * 3600 * 1000;

// temporary files of this process, to be removed if it ends while it writes them
const unfinished = new Set<string>();
process.on('exit', () => {
  for (const path of unfinished) rmSync(path, { force: true });
});

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
      let done = 0;
      while (done < bytes.length) done += writeSync(file, bytes, done);
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
  join(folder, `.tmp-${WRITER}-${name}`);

/** Removes the temporary files of a process that was killed, here, from a folder. */
export function removeTemporary(folder: string, pid: number): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const writer = parseWriter(TEMPORARY.exec(name)?.[1] ?? '');
    if (writer?.processes === PLACE.processes && writer.pid === pid)
      rmSync(join(folder, name), { force: true });
  }
}

/**
 * Removes the temporary files of dead processes from a folder and its subfolders. Those of other
 * containers and machines, which may be alive, are removed a day after they were last written.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await removeAbandoned(path);
    const writer = entry.isFile() ? TEMPORARY.exec(entry.name) : null;
    if (writer && (await isAbandoned(path, writer[1]))) await rm(path, { force: true });
  }
}

/** Removes the temporary folders (temporaryFolder) of dead processes from a folder, likewise. */
export async function removeAbandonedFolders(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const writer = TEMPORARY_FOLDER.exec(name);
    if (writer && (await isAbandoned(path, writer[1])))
      await rm(path, { recursive: true, force: true });
  }
}

async function isAbandoned(path: string, writerName = ''): Promise<boolean> {
  const writer = parseWriter(writerName);
  const runs = writer && isRunning(writer);
  if (runs !== undefined) return !runs;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return Date.now() - mtimeMs > ABANDONED_MS;
}
