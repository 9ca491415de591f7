// Files and folders of a user, as /userdata lists them.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { UserEntry, UserFile } from '../../api-types.ts';
import { isFolder, relativeName, statOf } from '../../http/safe-paths.ts';

export interface FolderEntry {
  readonly path: string;
  readonly isFolder: boolean;
}

const MAX_DEPTH = 32;

/** Files and folders in a folder, and below it if `recursive`. Links are not followed. */
export const listEntries = (
  folder: string,
  { recursive }: { readonly recursive: boolean },
): FolderEntry[] => walk(folder, recursive ? MAX_DEPTH : 0);

function walk(folder: string, depth: number): FolderEntry[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .flatMap((entry): FolderEntry[] => {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) return [{ path, isFolder: false }];
      return [{ path, isFolder: true }, ...(depth > 0 ? walk(path, depth - 1) : [])];
    });
}

/** A file with its path relative to `root`. Times are in seconds. */
export function userFile(root: string, path: string): UserFile {
  const stats = statOf(path);
  return {
    path: relativeName(root, path),
    size: stats?.size ?? 0,
    modified: (stats?.mtimeMs ?? 0) / 1000,
    created: (stats?.ctimeMs ?? 0) / 1000,
  };
}

/** A file or folder with its path relative to `root`; size and date only for files. */
export function userEntry(root: string, { path, isFolder }: FolderEntry): UserEntry {
  const entry = { name: basename(path), path: relativeName(root, path) };
  if (isFolder) return { ...entry, type: 'directory' };
  const stats = statOf(path);
  if (!stats) return { ...entry, type: 'file' };
  return { ...entry, type: 'file', size: stats.size, modified: stats.mtimeMs / 1000 };
}

/** Folders first, then by name without regard to case. */
export function compareEntries(a: UserEntry, b: UserEntry): number {
  if (a.type !== b.type) return a.type === 'directory' ? -1 : 1;
  const [first, second] = [a.name.toLowerCase(), b.name.toLowerCase()];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

/** Decodes a name that clients have encoded twice. */
export function decodeName(name: string): string {
  try {
    return name.includes('%') ? decodeURIComponent(name) : name;
  } catch {
    return name;
  }
}
