// The models that come with the package (assets/models/<kind>/<name>.gz). They are unpacked into
// the user's cache when first asked for.
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, gunzipSync } from 'node:zlib';
import { DarkroomError } from '../errors.ts';
import { cacheFolder } from '../user-cache-folder.ts';
import { writeAtomic } from './atomic-write.ts';

export interface EmbeddedModels {
  /** Names of a kind (`checkpoints` …), without unpacking anything. */
  names(kind: string): readonly string[];
  /**
   * Path of the unpacked file; undefined when there is no such model. Throws DR_OUTPUT_UNWRITABLE.
   */
  unpack(kind: string, name: string): string | undefined;
}

const ASSETS = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'assets', 'models');

export interface EmbeddedOptions {
  readonly assets?: string;
  readonly cache?: string;
  /** Hears the folder before anything is written there. */
  readonly onFolder?: (folder: string) => void;
}

export function openEmbeddedModels({
  assets = ASSETS,
  cache = cacheFolder(),
  onFolder,
}: EmbeddedOptions = {}): EmbeddedModels {
  const names = (kind: string): readonly string[] => {
    const dir = join(assets, kind);
    if (!existsSync(dir)) return [];
    return readdirSync(dir)
      .filter((file) => file.endsWith('.gz'))
      .map((file) => file.slice(0, -3))
      .sort();
  };
  const unpack = (kind: string, name: string): string | undefined => {
    if (!names(kind).includes(name)) return undefined;
    const packed = join(assets, kind, `${name}.gz`);
    const { crc, size } = trailer(packed);
    const dir = join(cache, 'models', crc.toString(16).padStart(8, '0'));
    const path = join(dir, name);
    if (statSync(path, { throwIfNoEntry: false })?.size === size) return path;
    const content = gunzipSync(readFileSync(packed));
    if (crc32(content) !== crc) throw new Error(`internal: ${packed} is damaged`);
    try {
      mkdirSync(dir, { recursive: true });
      onFolder?.(dir);
      writeAtomic(dir, name, content, (temporary) => renameSync(temporary, path));
    } catch (error) {
      throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
        message: `the embedded model can't be unpacked to ${path}: ${(error as Error).message}`,
        hint: 'Make room there, or name another cache folder in DARKROOM_CACHE.',
        file: path,
        cause: error,
      });
    }
    return path;
  };
  return { names, unpack };
}

/** A gzip file ends with the checksum and the size of what is inside. */
function trailer(path: string): { crc: number; size: number } {
  const file = openSync(path, 'r');
  try {
    const last = Buffer.alloc(8);
    readSync(file, last, 0, 8, fstatSync(file).size - 8);
    return { crc: last.readUInt32LE(0), size: last.readUInt32LE(4) };
  } finally {
    closeSync(file);
  }
}
