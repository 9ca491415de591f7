// What every file of named tensors looks like from outside, whatever its format: names, shapes, where the bytes lie, and readers.
import { endianness } from 'node:os';
import { DarkroomError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ByteSource, openSource } from './byte-source.ts';
import { DTYPES, type DTypeName, decodeFloat32 } from './dtypes.ts';

export interface TensorInfo {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  /** Absolute byte offset in the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** The file where the bytes lie, when it is not the model file itself. */
  readonly file?: string;
  /** The bytes themselves, of a tensor that lies in no file in one piece; `offset` counts in them. */
  readonly bytes?: Uint8Array;
}

export interface TensorFile {
  readonly file: string;
  /** By name, in the file's order. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** A whole tensor as float32. Throws DR_MODEL_PART_MISSING for an unknown name. */
  read(name: string): Promise<Tensor>;
  /** Rows of a tensor [R, C] as float32 [rows.length, C]; a row may be asked for twice. */
  readRows(name: string, rows: readonly number[]): Promise<Tensor>;
  /** The bytes as they lie in the file. */
  readRaw(name: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Reads the tensors of an open file; closes it when it is closed itself. */
export function tensorReader(
  source: ByteSource,
  { tensors, metadata }: Pick<TensorFile, 'tensors' | 'metadata'>,
): TensorFile {
  const { file } = source;
  const others = new Map<string, Promise<ByteSource>>();
  const infoOf = (name: string): TensorInfo => {
    const info = tensors.get(name);
    if (info) return info;
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${file} has no tensor ${name}`,
      hint: 'The file is of another kind, or not complete.',
      file,
    });
  };
  const other = (path: string): Promise<ByteSource> => {
    const opened = others.get(path) ?? openSource(path);
    others.set(path, opened);
    return opened;
  };
  const bytesOf = async (info: TensorInfo, from: number, length: number): Promise<Uint8Array> => {
    const at = info.offset + from;
    if (info.bytes) return info.bytes.slice(at, at + length);
    return (info.file === undefined ? source : await other(info.file)).read(at, length);
  };
  return {
    file,
    tensors,
    metadata,
    async read(name) {
      const info = infoOf(name);
      const bytes = await bytesOf(info, 0, info.byteLength);
      const plain = info.dtype === 'F32' && endianness() === 'LE';
      return {
        shape: info.shape,
        data: plain
          ? new Float32Array(bytes.buffer as ArrayBuffer)
          : decodeFloat32(info.dtype, bytes),
      };
    },
    async readRows(name, rows) {
      const info = infoOf(name);
      const { dtype, shape } = info;
      if (shape.length !== 2) throw new Error(`internal: rows of ${name} with shape [${shape}]`);
      const [count, width] = shape;
      const rowBytes = width * DTYPES[dtype].size;
      const data = new Float32Array(rows.length * width);
      for (const [i, row] of rows.entries()) {
        if (!Number.isInteger(row) || row < 0 || row >= count)
          throw new Error(`internal: row ${row} of ${name} with shape [${shape}]`);
        DTYPES[dtype].decode(
          await bytesOf(info, row * rowBytes, rowBytes),
          data.subarray(i * width, (i + 1) * width),
        );
      }
      return { shape: [rows.length, width], data };
    },
    async readRaw(name) {
      const info = infoOf(name);
      return bytesOf(info, 0, info.byteLength);
    },
    close: async () => {
      await source.close();
      for (const opened of others.values())
        await opened.then(
          (one) => one.close(),
          () => undefined,
        );
    },
  };
}
