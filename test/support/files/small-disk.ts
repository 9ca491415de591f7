// A disk of a few megabytes that tests fill: a tmpfs, where this process may mount one (as root).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Fills the disk up to this number of free bytes. */
  fill(free: number): void;
  /** Removes the filling. */
  makeRoom(): void;
  remove(): void;
}

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
    fill: (free) => {
      const { bavail, bsize } = statfsSync(path);
      const bytes = bavail * bsize - free;
      if (bytes > 0) writeFileSync(filling, Buffer.alloc(bytes));
    },
    makeRoom: () => rmSync(filling, { force: true }),
    remove: () => {
      execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
      rmSync(path, { recursive: true, force: true });
    },
  };
}
