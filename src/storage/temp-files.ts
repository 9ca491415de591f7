// The files of a temp folder, to be removed. Links are not followed.
import { type Dirent, rmdirSync, rmSync, type Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pathInside } from './folder-paths.ts';
import type { StoredFile, TempFiles } from './storage.ts';

export const tempFilesIn = (root: string): TempFiles => ({
  list: async () => {
    const found: StoredFile[] = [];
    for (const folder of [root, ...(await foldersUnder(root))])
      for (const entry of await entriesOf(folder)) {
        if (entry.isDirectory()) continue;
        const path = join(folder, entry.name);
        const stats = await lstat(path).catch((): Stats | undefined => undefined);
        if (!stats) continue;
        const name = relative(root, path).replaceAll(sep, '/');
        found.push({ name, size: stats.size, modified: stats.mtime });
      }
    return found;
  },
  remove: async (name) => {
    const path = pathInside(root, name);
    if (path === undefined) return;
    rmSync(path, { force: true });
    for (let folder = dirname(path); folder !== root; folder = dirname(folder))
      if (!removeEmpty(folder)) return;
  },
});

async function foldersUnder(root: string): Promise<string[]> {
  const found = [root];
  for (const folder of found)
    for (const entry of await entriesOf(folder))
      if (entry.isDirectory()) found.push(join(folder, entry.name));
  return found.slice(1);
}

const entriesOf = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch(() => []);

function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
