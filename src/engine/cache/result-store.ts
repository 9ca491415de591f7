// Results of nodes in a folder, for later runs (`--cache`). An entry is a .safetensors file named
// by the hash of what went into its node: the numbers as tensors, their structure as JSON in the
// metadata, and the states of the files that were read. An entry that is damaged, of another
// version or made from files that have changed counts as absent.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { parseSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  encodeSafetensors,
  type TensorToWrite,
} from '../../formats/safetensors/safetensors-write.ts';
import { restoreValue, storeValue } from '../../formats/value-codec.ts';
import { openLruFolder } from '../../storage/cache/lru-folder.ts';
import type { OutputLists } from '../execute/lists.ts';
import type { FileDependencies } from './file-dependencies.ts';

export interface ResultStore {
  readonly files: FileDependencies;
  /** The stored result of a persistent signature; undefined when there is none that still holds. */
  find(signature: string): Promise<StoredResult | undefined>;
  /**
   * Stores outputs that are plain data, if computing them took longer than reading them will.
   * Returns why it failed, when it did.
   */
  save(signature: string, result: StoredResult, milliseconds: number): Promise<string | undefined>;
}

export interface StoredResult {
  readonly outputs: OutputLists;
  /** The files and listings that the node and those before it read. */
  readonly dependencies: readonly string[];
}

export interface ResultStoreOptions {
  readonly folder: string;
  /** The size that the folder may reach, in bytes. */
  readonly bytes: number;
  readonly files: FileDependencies;
  /** Everything else that results depend on: versions, device, precision. */
  readonly environment: string;
}

/** Faster results are computed again: writing, reading and checking an entry takes milliseconds. */
const MIN_MILLISECONDS = 10;
const MEGABYTES_PER_MILLISECOND = 0.2;

/** The metadata of an entry. Its JSON is written to disk. */
interface EntryHeader {
  /** The structure of the outputs, as JSON text. */
  readonly value: string;
  /** The state of each dependency when the result was computed. */
  readonly files: Readonly<Record<string, string>>;
}

/** The store of a folder. Nothing is created before the first result is stored. */
export function openResultStore(options: ResultStoreOptions): ResultStore {
  const { folder, files } = options;
  const entries = openLruFolder(folder, options.bytes);
  const keyOf = (signature: string): string =>
    createHash('sha256').update(`${options.environment}\n${signature}`).digest('hex');
  const areUnchanged = async (states: EntryHeader['files']): Promise<boolean> => {
    for (const [dependency, state] of Object.entries(states))
      if ((await files.currentState(dependency)) !== state) return false;
    return true;
  };
  return {
    files,
    find: async (signature) => {
      const key = keyOf(signature);
      const content = entries.read(key);
      if (!content) return undefined;
      try {
        const { header, arrays } = await decode(key, content);
        if (!(await areUnchanged(header.files))) return undefined;
        return {
          outputs: restoreValue({ json: header.value, arrays }) as OutputLists,
          dependencies: Object.keys(header.files),
        };
      } catch {
        entries.remove(key);
        return undefined;
      }
    },
    save: async (signature, { outputs, dependencies }, milliseconds) => {
      if (milliseconds < MIN_MILLISECONDS) return undefined;
      const stored = storeValue(outputs);
      if (!stored) return undefined;
      const size = stored.arrays.reduce((sum, array) => sum + array.byteLength, 0);
      if (size / 2 ** 20 > milliseconds * MEGABYTES_PER_MILLISECOND) return undefined;
      const states: Record<string, string> = {};
      for (const dependency of dependencies)
        states[dependency] = await files.currentState(dependency);
      try {
        const header = { value: stored.json, files: states };
        entries.write(keyOf(signature), encode(header, stored.arrays));
        return undefined;
      } catch (error) {
        return `results can't be stored in ${folder}: ${(error as Error).message}`;
      }
    },
  };
}

type StoredArray = Float32Array | Uint8Array;

function encode(header: EntryHeader, arrays: readonly StoredArray[]): Uint8Array[] {
  const tensors: Record<string, TensorToWrite> = {};
  for (const [i, data] of arrays.entries())
    tensors[i] = { dtype: data instanceof Float32Array ? 'F32' : 'U8', shape: [data.length], data };
  const text = JSON.stringify(header);
  return encodeSafetensors(tensors, { darkroom: text, crc32: checksum(text, arrays) });
}

/** Throws when the bytes are not those that were written. */
async function decode(
  name: string,
  content: Uint8Array,
): Promise<{ header: EntryHeader; arrays: StoredArray[] }> {
  const file = await parseSafetensors(name, content);
  const arrays: StoredArray[] = [];
  for (let i = 0; i < file.tensors.size; i++) {
    const isFloat = file.tensors.get(String(i))?.dtype === 'F32';
    arrays.push(isFloat ? (await file.read(String(i))).data : await file.readRaw(String(i)));
  }
  const { darkroom, crc32: expected } = file.metadata;
  if (checksum(darkroom, arrays) !== expected) throw new Error('its checksum is wrong');
  return { header: JSON.parse(darkroom) as EntryHeader, arrays };
}

const checksum = (text: string, arrays: readonly StoredArray[]): string =>
  String(
    arrays.reduce(
      (sum, { buffer, byteOffset, byteLength }) =>
        crc32(new Uint8Array(buffer, byteOffset, byteLength), sum),
      crc32(text),
    ),
  );
