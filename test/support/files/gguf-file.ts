// Writes small GGUF files.
import { sizeOf } from '../../../src/tensor/tensor.ts';

export interface GgufFileOptions {
  readonly architecture?: string;
  /** Shapes by name, the slowest axis first. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** The type of all tensors; Q8_0 by default. */
  readonly type?: number;
  readonly entries?: Readonly<Record<string, string | number | readonly number[]>>;
  readonly version?: number;
  /** Bytes that are missing at the end. */
  readonly missing?: number;
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer =>
  Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

const entry = (value: string | number | readonly number[]): Buffer =>
  typeof value === 'string'
    ? Buffer.concat([u32(8), text(value)])
    : typeof value === 'number'
      ? Buffer.concat([u32(4), u32(value)])
      : Buffer.concat([u32(9), u32(5), u64(value.length), ...value.map(u32)]);

const padded = (length: number): number => Math.ceil(length / 32) * 32;
const Q8_0 = 8;

/** Returns the bytes of a file whose blocks are zeros. */
export function ggufFile({
  architecture,
  tensors,
  type = Q8_0,
  entries = {},
  version = 3,
  missing = 0,
}: GgufFileOptions): Buffer {
  const all = { ...(architecture && { 'general.architecture': architecture }), ...entries };
  const lengths = Object.values(tensors).map((shape) => Math.floor(sizeOf(shape) / 32) * 34);
  let offset = 0;
  const infos = Object.entries(tensors).map(([name, shape], i) => {
    const info = [
      text(name),
      u32(shape.length),
      ...shape.toReversed().map(u64),
      u32(type),
      u64(offset),
    ];
    offset += padded(lengths[i]);
    return Buffer.concat(info);
  });
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(infos.length),
    u64(Object.keys(all).length),
    ...Object.entries(all).map(([key, value]) => Buffer.concat([text(key), entry(value)])),
    ...infos,
  ]);
  const size = padded(header.length) + offset - padded(lengths.at(-1) ?? 0) + (lengths.at(-1) ?? 0);
  return Buffer.concat([header, Buffer.alloc(Math.max(0, size - header.length))]).subarray(
    0,
    size - missing,
  );
}
