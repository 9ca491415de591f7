// Writes .safetensors in the layout of the reference library: tensors by falling alignment, then by
// name; the header padded with spaces to 8 bytes. Writes are atomic: temporary name, fsync, rename.
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { writeHint } from '../../write-errors.ts';
import { temporaryPath } from '../../writer-identity.ts';
import { DTYPES, type DTypeName, encodeFloat32 } from '../dtypes.ts';

export interface TensorToWrite {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  /**
   * A Float32Array has values to encode as F32, F16 or BF16; any other view has the bytes of the
   * dtype.
   */
  readonly data: ArrayBufferView;
}

/** The reference library's order of dtypes; the file holds the later ones first. */
const RANK: readonly DTypeName[] = [
  'BOOL',
  'U8',
  'I8',
  'F8_E5M2',
  'F8_E4M3',
  'I16',
  'U16',
  'F16',
  'BF16',
  'I32',
  'U32',
  'F32',
  'F64',
  'I64',
  'U64',
];

/** Writes the tensors to `file`, which is replaced atomically. Throws DR_OUTPUT_UNWRITABLE. */
export async function writeSafetensors(
  file: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  await writeWhole(file, encodeSafetensors(tensors, metadata));
}

/** A tensor whose bytes are computed when they are written. */
export interface LazyTensor {
  readonly name: string;
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly bytes: () => Promise<Uint8Array>;
}

/**
 * Writes the tensors in the given order, with one in memory at a time. Throws DR_OUTPUT_UNWRITABLE,
 * and what `bytes` throws; the file is then unchanged.
 */
export const writeLazySafetensors = (
  file: string,
  tensors: readonly LazyTensor[],
  metadata?: Readonly<Record<string, string>>,
): Promise<void> => writeWhole(file, encodeLazySafetensors(tensors, metadata));

/** The bytes of a file with these tensors in the given order, computed one tensor at a time. */
export async function* encodeLazySafetensors(
  tensors: readonly LazyTensor[],
  metadata?: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  yield headerOf(tensors, metadata);
  for (const { name, dtype, shape, bytes } of tensors)
    yield bytesOf(name, { dtype, shape, data: await bytes() });
}

/** The bytes of a file with these tensors, in parts. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array[] {
  const sorted = Object.entries(tensors).sort(
    ([a, x], [b, y]) =>
      RANK.indexOf(y.dtype) - RANK.indexOf(x.dtype) ||
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const parts = sorted.map(([name, t]) => bytesOf(name, t));
  return [
    headerOf(
      sorted.map(([name, tensor]) => ({ name, ...tensor })),
      metadata,
    ),
    ...parts,
  ];
}

function headerOf(
  tensors: readonly Pick<LazyTensor, 'name' | 'dtype' | 'shape'>[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  let at = 0;
  const entries = tensors.map(({ name, dtype, shape }) => {
    const from = at;
    at += sizeOf(shape) * DTYPES[dtype].size;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [from, at] })}`;
  });
  if (metadata) entries.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  const json = Buffer.from(`{${entries.join(',')}}`);
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

function bytesOf(name: string, { dtype, shape, data }: TensorToWrite): Uint8Array {
  if (name === '__metadata__') throw new Error('internal: a tensor named __metadata__');
  const bytes =
    data instanceof Float32Array
      ? encodeFloat32(dtype, data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const needed = sizeOf(shape) * DTYPES[dtype].size;
  if (bytes.byteLength !== needed)
    throw new Error(`internal: ${bytes.byteLength} bytes for ${name} [${shape}] ${dtype}`);
  return bytes;
}

async function writeWhole(
  file: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = temporaryPath(dirname(file), basename(file));
  try {
    const handle = await open(temporary, 'wx');
    try {
      for await (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof DarkroomError) throw cause;
    throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
      message: `${file} can't be written: ${(cause as Error).message}`,
      hint: writeHint(
        dirname(file),
        cause,
        'DARKROOM_CACHE',
        'Check that the folder exists and is writable, and that the disk has room.',
      ),
      file,
      cause,
    });
  }
}

/** Makes the rename durable. Failures are ignored, as some systems can't open folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (!handle) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}
