// Lists the files under a folder, following links as ComfyUI does (os.walk with followlinks), but
// through each loop of links only once. What cannot be read is left out, with a warning.
import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/** Is called with one sentence for each file or folder that cannot be read. */
export type OnUnreadable = (problem: string, path: string) => void;

export interface WalkOptions {
  /** Names of folders that are left out. */
  readonly skip?: ReadonlySet<string>;
  readonly onUnreadable?: OnUnreadable;
  /** Is called after each folder. */
  readonly onFolder?: () => void;
}

const MAX_DEPTH = 16;
/** A folder is listed under at most this many names, where several links lead to it. */
const MAX_NAMES = 8;

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
  const namesCount = new Map<string, number>();
  // outer folders first, so that the shortest names of a folder are the ones that are listed
  const visits: Visit[] = [{ folder: root, prefix: '', around: [] }];
  for (const { folder, prefix, around } of visits) {
    const identity = identityOf(folder);
    if (identity === undefined || around.includes(identity)) continue;
    const count = (namesCount.get(identity) ?? 0) + 1;
    if (count > MAX_NAMES) continue;
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
    onFolder?.();
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

/** Identifies a folder, whatever links lead to it; undefined for one that cannot be read. */
function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
