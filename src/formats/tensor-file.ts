// A file of named tensors, whatever its format: names, shapes, the positions of the bytes, and
// readers.

import { endianness } from 'node:os';
import { DarkroomError } from '../errors.ts';
import { allocate } from '../tensor/allocate.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { type ByteSource, openSource } from './byte-source.ts';
import { decodeFloat32 } from './dtypes.ts';
import { decodeBlocks } from './gguf/decode-blocks.ts';
import { rotateGroups } from './quantised/hadamard.ts';
import { isQuantised, type TensorInfo, type TensorScaling } from './tensor-info.ts';
import { rowsOf } from './tensor-rows.ts';

export type { TensorInfo } from './tensor-info.ts';

export interface TensorFile {
  readonly file: string;
  /** By name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** A whole tensor as float32. Throws DR_MODEL_PART_MISSING for an unknown name. */
  read(name: string): Promise<Tensor>;
  /** Rows of a tensor [R, C] as float32 [rows.length, C]; a row may occur twice. */
  readRows(name: string, rows: readonly number[]): Promise<Tensor>;
  /** The bytes as stored; of quantised tensors the float32 values. */
  readRaw(name: string): Promise<Uint8Array>;
  /** The same open file with other tensors in it; either one closes it. */
  withTensors(tensors: ReadonlyMap<string, TensorInfo>): TensorFile;
  close(): Promise<void>;
}

/** Reads the tensors of an open file, which `close` closes too. */
export function tensorReader(
  source: ByteSource,
  contents: Pick<TensorFile, 'tensors' | 'metadata'>,
): TensorFile {
  return new TensorReader(source, contents);
}

/** Opened files with the bytes of some tensors, by path. */
type OtherSources = Map<string, Promise<ByteSource>>;

/** The public methods are properties, because callers destructure them. */
class TensorReader implements TensorFile {
  readonly file: string;
  readonly tensors: TensorFile['tensors'];
  readonly metadata: TensorFile['metadata'];
  readonly #source: ByteSource;
  readonly #otherSources: OtherSources;

  constructor(
    source: ByteSource,
    { tensors, metadata }: Pick<TensorFile, 'tensors' | 'metadata'>,
    otherSources: OtherSources = new Map(),
  ) {
    this.file = source.file;
    this.tensors = tensors;
    this.metadata = metadata;
    this.#source = source;
    this.#otherSources = otherSources;
  }

  readonly read = async (name: string): Promise<Tensor> => {
    const info = this.#info(name);
    return { shape: info.shape, data: await this.#values(info) };
  };

  readonly readRows = async (name: string, rows: readonly number[]): Promise<Tensor> => {
    const info = this.#info(name);
    const { shape } = info;
    if (shape.length !== 2) throw new Error(`internal: rows of ${name} with shape [${shape}]`);
    const [count, width] = shape;
    const data = allocate(rows.length * width);
    for (const [i, row] of rows.entries()) {
      if (!Number.isInteger(row) || row < 0 || row >= count)
        throw new Error(`internal: row ${row} of ${name} with shape [${shape}]`);
      data.set(await this.#values(rowsOf(info, [row, row + 1])), i * width);
    }
    return { shape: [rows.length, width], data };
  };

  readonly readRaw = async (name: string): Promise<Uint8Array> => {
    const info = this.#info(name);
    if (!isQuantised(info)) return this.#bytes(info, 0, info.byteLength);
    const { buffer, byteOffset, byteLength } = await this.#values(info);
    return new Uint8Array(buffer, byteOffset, byteLength);
  };

  readonly withTensors = (tensors: TensorFile['tensors']): TensorFile =>
    tensors === this.tensors
      ? this
      : new TensorReader(this.#source, { tensors, metadata: this.metadata }, this.#otherSources);

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

  /** The values of a tensor as float32. */
  async #values(info: TensorInfo): Promise<Float32Array> {
    if (info.parts && isQuantised(info)) return this.#joinedValues(info);
    const bytes = await this.#bytes(info, 0, info.byteLength);
    if (info.blocks) return decodeBlocks(info.blocks.type, bytes, info.blocks.arithmetic);
    if (info.scaling) return this.#scaled(decodeFloat32(info.dtype, bytes), info.scaling);
    const isNative = info.dtype === 'F32' && endianness() === 'LE';
    return isNative
      ? new Float32Array(bytes.buffer as ArrayBuffer)
      : decodeFloat32(info.dtype, bytes);
  }

  async #joinedValues({ shape, parts = [] }: TensorInfo): Promise<Float32Array> {
    const values = allocate(sizeOf(shape));
    let start = 0;
    for (const part of parts) {
      values.set(await this.#values(part), start);
      start += sizeOf(part.shape);
    }
    return values;
  }

  /** Multiplies values by their scales, in place, and rotates them back. */
  async #scaled(values: Float32Array, { scale, rotation }: TensorScaling): Promise<Float32Array> {
    const scales = await this.#values(scale);
    const each = values.length / scales.length;
    for (const [row, factor] of scales.entries())
      for (let i = row * each; i < (row + 1) * each; i++) values[i] *= factor;
    return rotation === undefined ? values : rotateGroups(values, rotation);
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
