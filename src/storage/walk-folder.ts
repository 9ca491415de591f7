// Lists the files under a folder, following links as ComfyUI does (os.walk with followlinks), but
// through each loop of links only once. What cannot be read is left out, with a warning.
import { type BigIntStats, type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/** Is called with one sentence for each file or folder that cannot be read. */
export type OnUnreadable = (problem: string, path: string) => void;

export interface WalkOptions {
  /** Names of folders that are left out. */
  readonly skip?: ReadonlySet<string>;
  readonly onUnreadable?: OnUnreadable;
  readonly onFolder?: OnFolder;
}

/** Is called with each folder before it is listed, also with a root that does not exist. */
export type OnFolder = (folder: string, version: FolderVersion) => void;

/**
 * Is equal for a folder as long as no entry was added to it, removed or renamed. That of a folder
 * that has just changed equals no other: a clock may not tell its next change from the last.
 */
export type FolderVersion = string | symbol;

const MAX_DEPTH = 16;
/** A folder is listed under at most this many names, where several links lead to it. */
const MAX_NAMES = 8;
/** Clocks of file systems tick every 4 to 10 ms. */
const TICK_MS = 20;

interface Visit {
  readonly folder: string;
  /** The folder's name relative to the root; empty, or with `/` at the end. */
  readonly prefix: string;
  /** The identities of the folders around it. */
  readonly around: readonly string[];
}

/** Returns the files under a folder; relative, with `/`, those of outer folders first. */
export function filesUnder(
  root: string,
  { skip, onUnreadable, onFolder }: WalkOptions = {},
): string[] {
  const found: string[] = [];
  const namesCount = new Map<string | undefined, number>();
  // outer folders first, so that the shortest names of a folder are the ones that are listed
  const visits: Visit[] = [{ folder: root, prefix: '', around: [] }];
  for (const { folder, prefix, around } of visits) {
    const stats = statsOf(folder);
    const identity = stats && identityOf(stats);
    const count = (namesCount.get(identity) ?? 0) + 1;
    if (identity !== undefined && (around.includes(identity) || count > MAX_NAMES)) continue;
    onFolder?.(folder, versionOf(stats));
    if (identity === undefined) continue;
    namesCount.set(identity, count);
    for (const entry of entriesOf(folder, onUnreadable)) {
      const kind = kindOf(folder, entry, onUnreadable);
      if (kind === 'file') found.push(prefix + entry.name);
      else if (kind === 'folder' && !skip?.has(entry.name) && around.length < MAX_DEPTH)
        visits.push({
          folder: join(folder, entry.name),
          prefix: `${prefix}${entry.name}/`,
          around: [...around, identity],
        });
    }
  }
  return found;
}

/** Returns the files directly in a folder. */
export const filesIn = (folder: string, onUnreadable?: OnUnreadable): string[] =>
  entriesOf(folder, onUnreadable)
    .filter((entry) => kindOf(folder, entry, onUnreadable) === 'file')
    .map(({ name }) => name);

/** Returns the entries of a folder; none for one that does not exist or cannot be read. */
function entriesOf(folder: string, onUnreadable?: OnUnreadable): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      onUnreadable?.(`the folder ${folder} can't be read and is left out: ${message}`, folder);
    return [];
  }
}

/** Returns what an entry is, or what its link leads to; undefined for devices, pipes and so on. */
function kindOf(
  folder: string,
  entry: Dirent,
  onUnreadable?: OnUnreadable,
): 'file' | 'folder' | undefined {
  const target = entry.isSymbolicLink() ? targetOf(join(folder, entry.name), onUnreadable) : entry;
  if (target?.isFile()) return 'file';
  return target?.isDirectory() ? 'folder' : undefined;
}

function targetOf(path: string, onUnreadable?: OnUnreadable): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { message } = error as Error;
    onUnreadable?.(`the link ${path} can't be followed and is left out: ${message}`, path);
    return undefined;
  }
}

/** Identifies a folder, whatever links lead to it. */
const identityOf = ({ dev, ino }: BigIntStats): string => `${dev} ${ino}`;

/** Returns a folder's version as it is now. */
export const folderVersion = (folder: string): FolderVersion => versionOf(statsOf(folder));

/** Programs that copy may set `mtime` back, and some file systems keep no `ctime`: both count. */
function versionOf(stats: BigIntStats | undefined): FolderVersion {
  if (!stats) return '';
  const { mtimeNs, ctimeNs, ctimeMs } = stats;
  if (Math.abs(Date.now() - Number(ctimeMs)) < TICK_MS) return Symbol('has just changed');
  return `${identityOf(stats)} ${mtimeNs} ${ctimeNs}`;
}

/** undefined for a folder that does not exist or cannot be read. */
function statsOf(folder: string): BigIntStats | undefined {
  try {
    return statSync(folder, { bigint: true });
  } catch {
    return undefined;
  }
}
