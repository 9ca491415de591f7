// Files that are whole or absent: written to a temporary name in the same folder, flushed to the disk, then renamed.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const TEMPORARY = /^\..*\.tmp-(\d+)$/s;

// temporary files of this process, for the case that it ends in between
const open = new Set<string>();
process.on('exit', () => {
  for (const path of open) rmSync(path, { force: true });
});

/** Writes `bytes` to a temporary file beside `name`, hands its path to `place` (which renames or links it), and removes it if it is still there. */
export function writeWhole<T>(folder: string, name: string, bytes: Uint8Array, place: (temporary: string) => T): T {
  const temporary = join(folder, `.${name.slice(0, 100)}.tmp-${process.pid}`);
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

/** Removes what a process that was killed left half-written in a folder. */
export function removeTemporary(folder: string, pid: number): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (Number(TEMPORARY.exec(name)?.[1]) === pid) rmSync(join(folder, name), { force: true });
}
