// Writes small GGUF files.
import { sizeOf } from '../../../src/tensor/tensor.ts';
import type { TensorsToWrite } from './rewrite.ts';

export interface GgufFileOptions {
  readonly architecture?: string;
  /** Shapes by name, the slowest axis first. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** The type of all tensors; Q8_0 by default. */
  readonly type?: number;
  /** The types and bytes of tensors that are not of blocks of zeros. */
  readonly data?: Readonly<Record<string, { readonly type: number; readonly bytes: Uint8Array }>>;
  readonly entries?: Readonly<Record<string, string | number | readonly number[]>>;
  readonly version?: number;
  /** Bytes that are missing at the end. */
  readonly missing?: number;
}

/** ggml's types by the dtypes of tensors; integers are its I8. */
const TYPES: Readonly<Record<string, number>> = { F32: 0, F16: 1, I8: 24, U8: 24, BF16: 30 };

/** Tensors as they are stored, for ggufFile. */
export function storedTensors(
  all: TensorsToWrite,
): Required<Pick<GgufFileOptions, 'tensors' | 'data'>> {
  const entries = Object.entries(all);
  return {
    tensors: Object.fromEntries(entries.map(([name, { shape }]) => [name, shape])),
    data: Object.fromEntries(
      entries.map(([name, { dtype, data }]) => {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        return [name, { type: TYPES[dtype], bytes }];
      }),
    ),
  };
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
  data = {},
  entries = {},
  version = 3,
  missing = 0,
}: GgufFileOptions): Buffer {
  const all = { ...(architecture && { 'general.architecture': architecture }), ...entries };
  const lengths = Object.entries(tensors).map(
    ([name, shape]) => data[name]?.bytes.length ?? Math.floor(sizeOf(shape) / 32) * 34,
  );
  let offset = 0;
  const offsets = lengths.map((length) => {
    offset += padded(length);
    return offset - padded(length);
  });
  const infos = Object.entries(tensors).map(([name, shape], i) =>
    Buffer.concat([
      text(name),
      u32(shape.length),
      ...shape.toReversed().map(u64),
      u32(data[name]?.type ?? type),
      u64(offsets[i]),
    ]),
  );
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(infos.length),
    u64(Object.keys(all).length),
    ...Object.entries(all).map(([key, value]) => Buffer.concat([text(key), entry(value)])),
    ...infos,
  ]);
  const start = padded(header.length);
  const end = start + (offsets.at(-1) ?? 0) + (lengths.at(-1) ?? 0);
  const file = Buffer.alloc(Math.max(end, header.length));
  header.copy(file);
  for (const [i, name] of Object.keys(tensors).entries())
    if (data[name]) file.set(data[name].bytes, start + offsets[i]);
  return file.subarray(0, file.length - missing);
}
