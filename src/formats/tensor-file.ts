// A file of named tensors, whatever its format: names, shapes, the positions of the bytes, and
// readers.

import { endianness } from 'node:os';
import { DarkroomError } from '../errors.ts';
import { allocate } from '../tensor/allocate.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ByteSource, openSource } from './byte-source.ts';
import { DTYPES, type DTypeName, decodeFloat32 } from './dtypes.ts';

export interface TensorInfo {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  /** Absolute byte offset in the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** The file with the bytes, when it is not the model file itself. */
  readonly file?: string;
  /** The bytes, when they are contiguous in no file; `offset` is a position in them. */
  readonly bytes?: Uint8Array;
  /** The tensors that this one consists of, along the first axis (tensor-rows.ts). */
  readonly parts?: readonly TensorInfo[];
}

export interface TensorFile {
  readonly file: string;
  /** By name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** A whole tensor as float32. Throws DR_MODEL_PART_MISSING for an unknown name. */
  read(name: string): Promise<Tensor>;
  /** Rows of a tensor [R, C] as float32 [rows.length, C]; a row may occur twice. */
  readRows(name: string, rows: readonly number[]): Promise<Tensor>;
  /** The bytes as stored. */
  readRaw(name: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Reads the tensors of an open file, which `close` closes too. */
export function tensorReader(
  source: ByteSource,
  contents: Pick<TensorFile, 'tensors' | 'metadata'>,
): TensorFile {
  return new TensorReader(source, contents);
}

/** The public methods are properties, because callers destructure them. */
class TensorReader implements TensorFile {
  readonly file: string;
  readonly tensors: TensorFile['tensors'];
  readonly metadata: TensorFile['metadata'];
  readonly #source: ByteSource;
  /** Opened files with the bytes of some tensors, by path. */
  readonly #otherSources = new Map<string, Promise<ByteSource>>();

  constructor(source: ByteSource, { tensors, metadata }: Pick<TensorFile, 'tensors' | 'metadata'>) {
    this.file = source.file;
    this.tensors = tensors;
    this.metadata = metadata;
    this.#source = source;
  }

  readonly read = async (name: string): Promise<Tensor> => {
    const info = this.#info(name);
    const bytes = await this.#bytes(info, 0, info.byteLength);
    const isNative = info.dtype === 'F32' && endianness() === 'LE';
    return {
      shape: info.shape,
      data: isNative
        ? new Float32Array(bytes.buffer as ArrayBuffer)
        : decodeFloat32(info.dtype, bytes),
    };
  };

  readonly readRows = async (name: string, rows: readonly number[]): Promise<Tensor> => {
    const info = this.#info(name);
    const { dtype, shape } = info;
    if (shape.length !== 2) throw new Error(`internal: rows of ${name} with shape [${shape}]`);
    const [count, width] = shape;
    const rowBytes = width * DTYPES[dtype].size;
    const data = allocate(rows.length * width);
    for (const [i, row] of rows.entries()) {
      if (!Number.isInteger(row) || row < 0 || row >= count)
        throw new Error(`internal: row ${row} of ${name} with shape [${shape}]`);
      DTYPES[dtype].decode(
        await this.#bytes(info, row * rowBytes, rowBytes),
        data.subarray(i * width, (i + 1) * width),
      );
    }
    return { shape: [rows.length, width], data };
  };

  readonly readRaw = async (name: string): Promise<Uint8Array> => {
    const info = this.#info(name);
    return this.#bytes(info, 0, info.byteLength);
  };

  readonly close = async (): Promise<void> => {
    await this.#source.close();
    for (const opened of this.#otherSources.values())
      await opened.then(
        (source) => source.close(),
        () => undefined,
      );
  };

  #info(name: string): TensorInfo {
    const info = this.tensors.get(name);
    if (info) return info;
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${this.file} has no tensor ${name}`,
      hint: 'The file is of another kind, or not complete.',
      file: this.file,
    });
  }

  /** `length` bytes of a tensor, beginning at byte `from` of it. */
  async #bytes(info: TensorInfo, from: number, length: number): Promise<Uint8Array> {
    if (info.parts) return this.#joinedBytes(info.parts, from, length);
    const start = info.offset + from;
    if (info.bytes) return info.bytes.slice(start, start + length);
    const source = info.file === undefined ? this.#source : await this.#otherSource(info.file);
    return source.read(start, length);
  }

  async #joinedBytes(
    parts: readonly TensorInfo[],
    from: number,
    length: number,
  ): Promise<Uint8Array> {
    const joined = new Uint8Array(length);
    let start = 0;
    for (const part of parts) {
      const first = Math.max(from - start, 0);
      const last = Math.min(from + length - start, part.byteLength);
      if (first < last)
        joined.set(await this.#bytes(part, first, last - first), start + first - from);
      start += part.byteLength;
    }
    return joined;
  }

  #otherSource(path: string): Promise<ByteSource> {
    const opened = this.#otherSources.get(path) ?? openSource(path);
    this.#otherSources.set(path, opened);
    return opened;
  }
}
