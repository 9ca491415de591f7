// A disk of a few megabytes that tests fill: a tmpfs, where this process may mount one (as root).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Fills the disk up to this number of free bytes. */
  fill(free: number): Promise<void>;
  /** Removes the filling. */
  makeRoom(): void;
  remove(): void;
}

const PART = 2 ** 23;

/** Returns undefined where none can be mounted. */
export function smallDisk(megabytes: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'darkroom-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], {
      stdio: 'ignore',
    });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  const filling = join(path, 'filling');
  return {
    path,
    fill: async (free) => {
      const { bavail, bsize } = statfsSync(path);
      // in parts, so that this process goes on meanwhile
      for (let left = bavail * bsize - free; left > 0; left -= PART)
        await appendFile(filling, Buffer.alloc(Math.min(PART, left)));
    },
    makeRoom: () => rmSync(filling, { force: true }),
    remove: () => {
      execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
      rmSync(path, { recursive: true, force: true });
    },
  };
}
