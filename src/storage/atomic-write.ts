// Files that are whole or absent: written to a temporary name in the same folder, flushed to the disk, then renamed.
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

// a folder may be shared by machines, whose process ids mean nothing to each other
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const TEMPORARY = /^\..*\.tmp-(?:([0-9a-f]{8})-)?(\d+)$/s;

// temporary files of this process, for the case that it ends in between
const open = new Set<string>();
process.on('exit', () => {
  for (const path of open) rmSync(path, { force: true });
});

/** Writes `bytes` to a temporary file beside `name`, hands its path to `place` (which renames or links it), and removes it if it is still there. */
export function writeAtomic<T>(
  folder: string,
  name: string,
  bytes: Uint8Array,
  place: (temporary: string) => T,
): T {
  const temporary = join(folder, `.${name.slice(0, 100)}.tmp-${HOST}-${process.pid}`);
  open.add(temporary);
  try {
    const file = openSync(temporary, 'w');
    try {
      let at = 0;
      while (at < bytes.length) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return place(temporary);
  } finally {
    rmSync(temporary, { force: true });
    open.delete(temporary);
  }
}

/** The same for bytes that come part by part. */
export async function writeAtomicParts<T>(
  folder: string,
  name: string,
  parts: AsyncIterable<Uint8Array>,
  place: (temporary: string) => T | Promise<T>,
): Promise<T> {
  const temporary = join(folder, `.${name.slice(0, 100)}.tmp-${HOST}-${process.pid}`);
  open.add(temporary);
  try {
    const file = await openFile(temporary, 'w');
    try {
      for await (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    return await place(temporary);
  } finally {
    rmSync(temporary, { force: true });
    open.delete(temporary);
  }
}

/** Whether a name is that of a file that is still being written. */
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** The process of this machine that made a temporary file. */
function ownerOf(name: string): number | undefined {
  const [, host, pid] = TEMPORARY.exec(name) ?? [];
  return pid === undefined || (host ?? HOST) !== HOST ? undefined : Number(pid);
}

/** Removes what a process that was killed left half-written in a folder. */
export function removeTemporary(folder: string, pid: number): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (ownerOf(name) === pid) rmSync(join(folder, name), { force: true });
}

/** Removes what dead processes of this machine left half-written in a folder and those below it. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await removeAbandoned(join(folder, entry.name));
    const pid = entry.isFile() ? ownerOf(entry.name) : undefined;
    if (pid !== undefined && !isAlive(pid)) await rm(join(folder, entry.name), { force: true });
  }
}

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
