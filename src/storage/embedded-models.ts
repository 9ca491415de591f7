// The models that come with the package (assets/models/<kind>/<name>.gz, or <name> itself where
// packing gains little). A packed one is unpacked into the user's cache when it is first requested.
import {
  closeSync,
  existsSync,
  fstatSync,
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
import { makeFolder } from '../make-folder.ts';
import { cacheFolder } from '../user-cache-folder.ts';
import { writeHint } from '../write-errors.ts';
import { writeAtomic } from './atomic-write.ts';

export interface EmbeddedModels {
  /** Returns the names of a kind (`checkpoints` …), without unpacking anything. */
  names(kind: string): readonly string[];
  /**
   * Returns the path of the file, unpacked if it is packed; undefined for an unknown name. Throws
   * DR_OUTPUT_UNWRITABLE.
   */
  unpack(kind: string, name: string): string | undefined;
}

/** There are licences beside them. */
const MODEL_FILE = /\.safetensors(\.gz)?$/;
const ASSETS = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'assets', 'models');

export interface EmbeddedOptions {
  /** The folder of the packed models. */
  readonly assets?: string;
  /** The cache folder that they are unpacked to. */
  readonly cache?: string;
  /** Is called with the folder before anything is written into it. */
  readonly onFolder?: (folder: string) => void;
}

export function openEmbeddedModels({
  assets = ASSETS,
  cache = cacheFolder(),
  onFolder,
}: EmbeddedOptions = {}): EmbeddedModels {
  const names = (kind: string): readonly string[] => {
    const folder = join(assets, kind);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((file) => MODEL_FILE.test(file))
      .map((file) => file.replace(/\.gz$/, ''))
      .sort();
  };
  const unpack = (kind: string, name: string): string | undefined => {
    if (!names(kind).includes(name)) return undefined;
    const plain = join(assets, kind, name);
    if (existsSync(plain)) return plain;
    const packed = `${plain}.gz`;
    const { crc, size } = trailerOf(packed);
    const folder = join(cache, 'models', crc.toString(16).padStart(8, '0'));
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false })?.size === size) return path;
    const content = gunzipSync(readFileSync(packed));
    if (crc32(content) !== crc) throw new Error(`internal: ${packed} is damaged`);
    try {
      makeFolder(folder);
      onFolder?.(folder);
      writeAtomic(folder, name, content, (temporary) => renameSync(temporary, path));
    } catch (error) {
      throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
        message: `the embedded model can't be unpacked to ${path}: ${(error as Error).message}`,
        hint: writeHint(
          folder,
          error,
          'DARKROOM_CACHE',
          'Free space there, or name another cache folder in DARKROOM_CACHE.',
        ),
        file: path,
        cause: error,
      });
    }
    return path;
  };
  return { names, unpack };
}

/** Returns the end of a gzip file: checksum and size of the unpacked content. */
function trailerOf(path: string): { crc: number; size: number } {
  const file = openSync(path, 'r');
  try {
    const last = Buffer.alloc(8);
    readSync(file, last, 0, 8, fstatSync(file).size - 8);
    return { crc: last.readUInt32LE(0), size: last.readUInt32LE(4) };
  } finally {
    closeSync(file);
  }
}
