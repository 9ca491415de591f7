// Results of nodes in a folder, for later runs (`--cache`). An entry is a .safetensors file named by what went into its node: the numbers
// as tensors, the structure as JSON in its metadata, and the files that were read on the way, by content. What is damaged, of another
// version, or made from files that have changed is as good as absent.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  encodeSafetensors,
  type TensorToWrite,
} from '../../formats/safetensors/safetensors-write.ts';
import { restoreValue, storeValue } from '../../formats/value-codec.ts';
import { openEntries } from '../../storage/lru-folder.ts';
import type { OutputLists } from '../execute/lists.ts';
import type { FilesAsked } from './file-dependencies.ts';

export interface ResultStore {
  readonly files: FilesAsked;
  /** A node's outputs, and what it and those before it asked of the folders. */
  find(signature: string): Promise<StoredResult | undefined>;
  /** Keeps outputs that are plain data, if making them took longer than reading them will. Gives what went wrong. */
  keep(signature: string, result: StoredResult, milliseconds: number): Promise<string | undefined>;
}

export interface StoredResult {
  readonly outputs: OutputLists;
  readonly asked: readonly string[];
}

export interface ResultStoreOptions {
  readonly folder: string;
  /** How large the folder may become. */
  readonly bytes: number;
  readonly files: FilesAsked;
  /** What else results depend on: versions, device, precision. */
  readonly about: string;
}

/** What is made faster than this is made again: writing, reading and checking an entry cost a few milliseconds. */
const MIN_MS = 10;
const MB_PER_MS = 0.2;

interface Note {
  readonly value: string;
  /** Answers by question. */
  readonly files: Readonly<Record<string, string>>;
}

export function resultStore({ folder, bytes, files, about }: ResultStoreOptions): ResultStore {
  const entries = openEntries(folder, bytes);
  const keyOf = (signature: string): string =>
    createHash('sha256').update(`${about}\n${signature}`).digest('hex');
  const unchanged = async (noted: Note['files']): Promise<boolean> => {
    for (const [question, answer] of Object.entries(noted))
      if ((await files.answer(question)) !== answer) return false;
    return true;
  };
  return {
    files,
    find: async (signature) => {
      const key = keyOf(signature);
      const content = entries.read(key);
      if (!content) return undefined;
      try {
        const { note, arrays } = decode(content);
        if (!(await unchanged(note.files))) return undefined;
        return {
          outputs: restoreValue({ json: note.value, arrays }) as OutputLists,
          asked: Object.keys(note.files),
        };
      } catch {
        entries.remove(key);
        return undefined;
      }
    },
    keep: async (signature, { outputs, asked }, milliseconds) => {
      if (milliseconds < MIN_MS) return undefined;
      const stored = storeValue(outputs);
      if (!stored) return undefined;
      const size = stored.arrays.reduce((sum, array) => sum + array.byteLength, 0);
      if (size / 2 ** 20 > milliseconds * MB_PER_MS) return undefined;
      const answers: Record<string, string> = {};
      for (const question of asked) answers[question] = await files.answer(question);
      try {
        entries.write(
          keyOf(signature),
          encode({ value: stored.json, files: answers }, stored.arrays),
        );
        return undefined;
      } catch (error) {
        return `results are not kept in ${folder}: ${(error as Error).message}`;
      }
    },
  };
}

function encode(note: Note, arrays: readonly (Float32Array | Uint8Array)[]): Uint8Array[] {
  const tensors: Record<string, TensorToWrite> = {};
  for (const [i, data] of arrays.entries())
    tensors[i] = { dtype: data instanceof Float32Array ? 'F32' : 'U8', shape: [data.length], data };
  const text = JSON.stringify(note);
  const check = arrays.reduce(
    (sum, { buffer, byteOffset, byteLength }) =>
      crc32(new Uint8Array(buffer, byteOffset, byteLength), sum),
    crc32(text),
  );
  return encodeSafetensors(tensors, { darkroom: text, crc32: String(check) });
}

/** Throws when the file is not as it was written. */
function decode(content: Uint8Array): { note: Note; arrays: (Float32Array | Uint8Array)[] } {
  const start =
    8 + Number(new DataView(content.buffer, content.byteOffset, 8).getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(content.subarray(8, start)).toString('utf8'));
  const { darkroom, crc32: check } = header['__metadata__'];
  const count = Object.keys(header).length - 1;
  const arrays = Array.from({ length: count }, (_, i) => {
    const [from, to] = header[i]['data_offsets'];
    if (start + to > content.length) throw new Error('cut off');
    const bytes = Uint8Array.from(content.subarray(start + from, start + to));
    return header[i]['dtype'] === 'F32'
      ? new Float32Array(bytes.buffer, 0, bytes.length / 4)
      : bytes;
  });
  const sum = arrays.reduce(
    (n, { buffer, byteOffset, byteLength }) =>
      crc32(new Uint8Array(buffer, byteOffset, byteLength), n),
    crc32(darkroom),
  );
  if (String(sum) !== check) throw new Error('damaged');
  return { note: JSON.parse(darkroom), arrays };
}
