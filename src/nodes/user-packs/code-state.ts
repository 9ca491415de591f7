// The state of a pack's files, which changes when one of them does.
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PackSource } from './pack-source.ts';

/** A folder with more files is not a pack's own code; the others are not watched. */
const MAX_FILES = 2000;

/** A hash of names, sizes and times of the files of a pack, without those of node_modules. */
export function codeState({ folder }: PackSource): string {
  const hash = createHash('sha256');
  const folders = [folder];
  let count = 0;
  for (let path = folders.pop(); path !== undefined && count < MAX_FILES; path = folders.pop()) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isDirectory()) {
      hash.update(`${path} ${stats?.size} ${stats?.mtimeMs}\n`);
      count += 1;
      continue;
    }
    for (const name of readdirSync(path).sort().reverse())
      if (!name.startsWith('.') && name !== 'node_modules') folders.push(join(path, name));
  }
  return hash.digest('hex').slice(0, 16);
}
