// A full disk where none can be mounted: while a file exists, every write below a folder fails with
// ENOSPC in the processes that load quota-shim.mjs.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Quota {
  readonly environment: Readonly<Record<string, string>>;
  fill(free: number): Promise<void>;
  makeRoom(): void;
}

/** `folder` is where the file that switches it is put. */
export function createQuota(root: string, folder: string): Quota {
  const marker = join(folder, 'disk-is-full');
  const shim = new URL('./quota-shim.mjs', import.meta.url).href;
  return {
    environment: {
      NODE_OPTIONS: `--import ${shim}`,
      SOAK_QUOTA_ROOT: root,
      SOAK_QUOTA_MARKER: marker,
    },
    fill: async () => writeFileSync(marker, ''),
    makeRoom: () => {
      if (existsSync(marker)) rmSync(marker);
    },
  };
}
