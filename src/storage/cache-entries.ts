// What stands in the user's cache folder (DARKROOM_CACHE): one folder per kind. All of it may be
// removed at any time; what is needed is made again. To list and clear it, kinds say what their
// entries are.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../user-cache-folder.ts';

export interface CacheEntry {
  readonly kind: string;
  /** `kind/…`, as it lies in the cache folder. */
  readonly name: string;
  readonly path: string;
  /** What it is, and of what. */
  readonly about: string;
  readonly bytes: number;
  /** Milliseconds. */
  readonly used: number;
}

interface Kind {
  readonly folder: string;
  readonly about: string;
  /** More about an entry, from what lies in it. */
  readonly of?: (path: string) => string | undefined;
  /** Can't be made again from files of this machine: removed only when named. */
  readonly fetched?: boolean;
}

const KINDS: readonly Kind[] = [
  { folder: 'models', about: 'the model that comes with Darkroom, unpacked' },
  { folder: 'derived', about: 'prepared weights', of: sourceOf },
  { folder: 'sessions', about: 'weights laid out for this machine', of: sessionSource },
  { folder: 'torch', about: 'weights of a .ckpt or .pt file, laid out' },
  { folder: 'merged', about: 'weights merged for a network that is open' },
  { folder: 'hashes', about: 'hash of a model file' },
  { folder: 'frontend', about: 'ComfyUI’s own editor', fetched: true },
];

/** The model file that prepared weights are of. */
function sourceOf(path: string): string | undefined {
  for (const name of readdirSync(path)) {
    if (!name.endsWith('.json')) continue;
    try {
      const { source, recipes } = JSON.parse(readFileSync(join(path, name), 'utf8'));
      if (typeof source === 'string')
        return `of ${source}${Array.isArray(recipes) ? ` (${recipes.join(', ')})` : ''}`;
    } catch {
      // damaged; the next one may say it
    }
  }
  return undefined;
}

/** The model file that a kept session is of. */
function sessionSource(path: string): string | undefined {
  try {
    const { source } = JSON.parse(readFileSync(join(path, 'about.json'), 'utf8'));
    return typeof source === 'string' ? `of ${source}` : undefined;
  } catch {
    return undefined;
  }
}

/**
 * All entries, the largest first. Hashes, thousands of small files, are one entry; so is the
 * frontend.
 */
export function cacheEntries(root: string = cacheFolder()): CacheEntry[] {
  const found: CacheEntry[] = [];
  for (const kind of KINDS) {
    const folder = join(root, kind.folder);
    if (!existsSync(folder)) continue;
    const whole = kind.fetched || kind.folder === 'hashes';
    for (const name of whole ? [''] : readdirSync(folder)) {
      const path = join(folder, name);
      const { bytes, used } = sizeOf(path);
      const about = [kind.about, kind.of?.(path)].filter(Boolean).join(' ');
      found.push({
        kind: kind.folder,
        name: [kind.folder, name].filter(Boolean).join('/'),
        path,
        about,
        bytes,
        used,
      });
    }
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}

/**
 * The entries that `names` mean: a kind, an entry, or part of what it is of; those that can be made
 * again without any. Each name means at least one, or is given back in `unknown`.
 */
export function chosenEntries(
  entries: readonly CacheEntry[],
  names: readonly string[],
): { chosen: CacheEntry[]; unknown: string[] } {
  if (names.length === 0)
    return {
      chosen: entries.filter(({ kind }) => !KINDS.find(({ folder }) => folder === kind)?.fetched),
      unknown: [],
    };
  const means = (name: string, { kind, name: entry, about }: CacheEntry): boolean =>
    kind === name ||
    entry === name ||
    entry.endsWith(`/${name}`) ||
    (name.length > 3 && about.includes(name));
  return {
    chosen: entries.filter((entry) => names.some((name) => means(name, entry))),
    unknown: names.filter((name) => !entries.some((entry) => means(name, entry))),
  };
}

/** Removes entries; gives the bytes that are free now. Throws what the file system says. */
export function clearEntries(entries: readonly CacheEntry[]): number {
  let bytes = 0;
  for (const entry of entries) {
    rmSync(entry.path, { recursive: true, force: true });
    bytes += entry.bytes;
  }
  return bytes;
}

/**
 * Bytes of a file or of all files below a folder, and the time when the last of them was used or
 * changed.
 */
function sizeOf(path: string): { bytes: number; used: number } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return { bytes: 0, used: 0 };
  if (!stat.isDirectory()) return { bytes: stat.size, used: stat.mtimeMs };
  let [bytes, used] = [0, 0];
  for (const name of readdirSync(path)) {
    const inner = sizeOf(join(path, name));
    bytes += inner.bytes;
    used = Math.max(used, inner.used);
  }
  return { bytes, used };
}
