// Lists and removes the content of the user's cache folder (DARKROOM_CACHE), which has one folder
// per kind of entry. All of it may be removed at any time; it is computed again when it is needed.
import { lstatSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { readRegularFileSync } from '../../formats/regular-file.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { statOf } from '../folder-paths.ts';

export interface CacheEntry {
  readonly kind: string;
  /** The path relative to the cache folder, `kind/…`. */
  readonly name: string;
  readonly path: string;
  /** A description for users, with the file that the entry was made from. */
  readonly about: string;
  readonly bytes: number;
  /** The time of the last use, in milliseconds since 1970. */
  readonly used: number;
}

interface Kind {
  readonly folder: string;
  readonly about: string;
  /** Reads from an entry what it was made from: `of FILE`. */
  readonly sourceOf?: (path: string) => string | undefined;
  /** Whether the entry was downloaded; such entries are removed only when they are named. */
  readonly isDownloaded?: boolean;
}

const KINDS: readonly Kind[] = [
  { folder: 'models', about: 'the model that comes with Darkroom, unpacked' },
  { folder: 'results', about: 'result of a node' },
  { folder: 'derived', about: 'prepared weights', sourceOf: prepackedSource },
  { folder: 'sessions', about: 'weights laid out for this machine', sourceOf: sessionSource },
  { folder: 'torch', about: 'weights of a .ckpt or .pt file, laid out' },
  { folder: 'merged', about: 'weights merged for a network that is open' },
  { folder: 'hashes', about: 'hash of a model file' },
  { folder: 'frontend', about: 'ComfyUI’s own editor', isDownloaded: true },
  { folder: 'templates', about: 'ComfyUI’s official templates', isDownloaded: true },
];

/** Returns the model file and the recipes of prepacked weights. */
function prepackedSource(path: string): string | undefined {
  for (const name of namesIn(path)) {
    if (!name.endsWith('.json')) continue;
    try {
      const { source, recipes } = JSON.parse(
        readRegularFileSync(join(path, name)).toString('utf8'),
      );
      if (typeof source === 'string')
        return `of ${source}${Array.isArray(recipes) ? ` (${recipes.join(', ')})` : ''}`;
    } catch {
      // this description is damaged; another one names the same file
    }
  }
  return undefined;
}

/** Returns the model file of a cached session. */
function sessionSource(path: string): string | undefined {
  try {
    const { source } = JSON.parse(readRegularFileSync(join(path, 'about.json')).toString('utf8'));
    return typeof source === 'string' ? `of ${source}` : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns all entries, the largest first. The thousands of hashes are one entry, and so are
 * the frontend and the templates.
 */
export function cacheEntries(root: string = cacheFolder()): CacheEntry[] {
  const found: CacheEntry[] = [];
  for (const kind of KINDS) {
    const folder = join(root, kind.folder);
    if (statOf(folder) === undefined) continue;
    const isOneEntry = kind.isDownloaded || kind.folder === 'hashes';
    for (const name of isOneEntry ? [''] : namesIn(folder)) {
      const path = join(folder, name);
      const { bytes, used } = sizeOf(path);
      const about = [kind.about, kind.sourceOf?.(path)].filter(Boolean).join(' ');
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
 * Returns the entries that `names` select: a name is that of a kind or of an entry, or part of the
 * description. Without names, all entries are selected that were not downloaded. `unknown`: the
 * names that select nothing.
 */
export function selectEntries(
  entries: readonly CacheEntry[],
  names: readonly string[],
): { selected: CacheEntry[]; unknown: string[] } {
  if (names.length === 0) {
    const downloaded = KINDS.filter((kind) => kind.isDownloaded).map(({ folder }) => folder);
    return { selected: entries.filter(({ kind }) => !downloaded.includes(kind)), unknown: [] };
  }
  const matches = (name: string, { kind, name: entry, about }: CacheEntry): boolean =>
    kind === name ||
    entry === name ||
    entry.endsWith(`/${name}`) ||
    (name.length > 3 && about.includes(name));
  return {
    selected: entries.filter((entry) => names.some((name) => matches(name, entry))),
    unknown: names.filter((name) => !entries.some((entry) => matches(name, entry))),
  };
}

/** Removes entries and returns the bytes that they took. Throws errors of the file system. */
export function removeEntries(entries: readonly CacheEntry[]): number {
  let bytes = 0;
  for (const entry of entries) {
    rmSync(entry.path, { recursive: true, force: true });
    bytes += entry.bytes;
  }
  return bytes;
}

/** Returns the names in a folder; none for one that cannot be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Returns the bytes of a file, or of all files in a folder, and the latest modification time among
 * them in milliseconds. Links count as such: what they lead to is not removed with the entry.
 */
function sizeOf(path: string): { bytes: number; used: number } {
  const stat = lstatOf(path);
  if (!stat) return { bytes: 0, used: 0 };
  if (!stat.isDirectory()) return { bytes: stat.size, used: stat.mtimeMs };
  let [bytes, used] = [0, 0];
  for (const name of namesIn(path)) {
    const inner = sizeOf(join(path, name));
    bytes += inner.bytes;
    used = Math.max(used, inner.used);
  }
  return { bytes, used };
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
