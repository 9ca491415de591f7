// A folder that never answers, like a network share whose server is gone: a FUSE file system that
// nobody serves, where this process may mount one (as root on Linux).
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface HungMount {
  /** Lets all that wait for the folder fail, and shows the folder below it again. */
  remove(): void;
}

/** Mounts over an existing folder; returns undefined where that is not allowed. */
export function hungMount(folder: string): HungMount | undefined {
  let fuse: number | undefined;
  try {
    fuse = openSync('/dev/fuse', 'r+');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'hung', folder], {
      stdio: ['ignore', 'ignore', 'ignore', fuse],
    });
  } catch {
    if (fuse !== undefined) closeSync(fuse);
    return undefined;
  }
  const opened = fuse;
  return {
    remove: () => {
      execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
      closeSync(opened);
    },
  };
}
