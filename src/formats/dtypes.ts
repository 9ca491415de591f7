// The number formats of tensor files: size in bytes and exact conversion to float32 (rounded to
// nearest, ties to even, where float32 is narrower).
import { allocate } from '../tensor/allocate.ts';

export interface DType {
  /** Bytes per value. */
  readonly size: number;
  /**
   * Writes the values of `bytes` (little-endian, any alignment) to `out`, which has one element for
   * each.
   */
  decode(bytes: Uint8Array, out: Float32Array): void;
}

export type DTypeName =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'F8_E4M3'
  | 'F8_E5M2'
  | 'I64'
  | 'U64'
  | 'I32'
  | 'U32'
  | 'I16'
  | 'U16'
  | 'I8'
  | 'U8'
  | 'BOOL';

/**
 * The value of a small float of `bits` bits in total. The top exponent means infinities and NaN
 * (`ieee`), or ordinary values and a single NaN (`finite`).
 */
function smallFloat(
  value: number,
  bits: number,
  exponentBits: number,
  special: 'ieee' | 'finite',
): number {
  const fractionBits = bits - 1 - exponentBits;
  const sign = value >> (bits - 1) ? -1 : 1;
  const top = (1 << exponentBits) - 1;
  const exponent = (value >> fractionBits) & top;
  const fraction = value & ((1 << fractionBits) - 1);
  const bias = top >> 1;
  if (special === 'ieee' && exponent === top)
    return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (special === 'finite' && exponent === top && fraction === (1 << fractionBits) - 1)
    return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / (1 << fractionBits)) * 2 ** (exponent - bias);
}

function lazyTable(
  bits: number,
  exponentBits: number,
  special: 'ieee' | 'finite',
): () => Float32Array {
  let table: Float32Array | undefined;
  return () => {
    table ??= Float32Array.from({ length: 1 << bits }, (_, i) =>
      smallFloat(i, bits, exponentBits, special),
    );
    return table;
  };
}

const float16 = lazyTable(16, 5, 'ieee');
const e4m3 = lazyTable(8, 4, 'finite');
const e5m2 = lazyTable(8, 5, 'ieee');

/**
 * A 64-bit integer as a double that rounds to the right float32: beyond 53 bits, the discarded bits
 * are combined into one sticky bit.
 */
function floatOfInt64(value: bigint): number {
  const size = value < 0n ? -value : value;
  if (size < 1n << 53n) return Number(value);
  const roundedToOdd = ((size >> 11n) | ((size & 0x7ffn) === 0n ? 0n : 1n)) << 11n;
  return Number(value < 0n ? -roundedToOdd : roundedToOdd);
}

const each =
  (size: number, get: (view: DataView, at: number) => number): DType['decode'] =>
  (bytes, out) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < out.length; i++) out[i] = get(view, i * size);
  };

const fromTable =
  (table: () => Float32Array): DType['decode'] =>
  (bytes, out) => {
    const values = table();
    for (let i = 0; i < out.length; i++) out[i] = values[bytes[i]];
  };

/** The dtypes that Darkroom reads. */
export const DTYPES: Readonly<Record<DTypeName, DType>> = {
  F64: { size: 8, decode: each(8, (v, at) => v.getFloat64(at, true)) },
  F32: { size: 4, decode: each(4, (v, at) => v.getFloat32(at, true)) },
  F16: {
    size: 2,
    decode(bytes, out) {
      const values = float16();
      for (let i = 0; i < out.length; i++) out[i] = values[bytes[2 * i] | (bytes[2 * i + 1] << 8)];
    },
  },
  BF16: {
    size: 2,
    decode(bytes, out) {
      const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < out.length; i++)
        bits[i] = (bytes[2 * i] << 16) | (bytes[2 * i + 1] << 24);
    },
  },
  F8_E4M3: { size: 1, decode: fromTable(e4m3) },
  F8_E5M2: { size: 1, decode: fromTable(e5m2) },
  I64: { size: 8, decode: each(8, (v, at) => floatOfInt64(v.getBigInt64(at, true))) },
  U64: { size: 8, decode: each(8, (v, at) => floatOfInt64(v.getBigUint64(at, true))) },
  I32: { size: 4, decode: each(4, (v, at) => v.getInt32(at, true)) },
  U32: { size: 4, decode: each(4, (v, at) => v.getUint32(at, true)) },
  I16: { size: 2, decode: each(2, (v, at) => v.getInt16(at, true)) },
  U16: { size: 2, decode: each(2, (v, at) => v.getUint16(at, true)) },
  I8: { size: 1, decode: each(1, (v, at) => v.getInt8(at)) },
  U8: { size: 1, decode: each(1, (v, at) => v.getUint8(at)) },
  BOOL: { size: 1, decode: each(1, (v, at) => (v.getUint8(at) === 0 ? 0 : 1)) },
};

/** Whether a name is that of a dtype that Darkroom reads. */
export const isDType = (name: unknown): name is DTypeName =>
  typeof name === 'string' && Object.hasOwn(DTYPES, name);

/** The float32 nearest to each value of `bytes`. */
export function decodeFloat32(dtype: DTypeName, bytes: Uint8Array): Float32Array {
  const out = allocate(bytes.byteLength / DTYPES[dtype].size);
  DTYPES[dtype].decode(bytes, out);
  return out;
}

/** Float32 values as bytes of `dtype` (F32, F16 or BF16), rounded to nearest, ties to even. */
export function encodeFloat32(dtype: DTypeName, values: Float32Array): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const encode = { F16: float16Bits, BF16: bfloat16Bits }[dtype as string];
  if (!encode) throw new Error(`internal: float32 values can't be written as ${dtype}`);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return new Uint8Array(Uint16Array.from(bits, encode).buffer);
}

/** The bits of the float16 nearest to a float32. */
function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  if (size >= 0x477ff000) return sign | 0x7c00; // 65520 and above
  if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0xfff + ((size >> 13) & 1)) >> 13);
  const exponent = size >>> 23;
  if (exponent < 102) return sign; // below half of the smallest subnormal
  const shift = 126 - exponent;
  const fraction = (size & 0x7fffff) | 0x800000;
  const truncated = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  const roundsUp = rest > middle || (rest === middle && (truncated & 1) === 1);
  return sign | (truncated + (roundsUp ? 1 : 0));
}

/** The bits of the bfloat16 nearest to a float32. */
function bfloat16Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const oneFloat = new Float32Array(1);
const itsBits = new Uint32Array(oneFloat.buffer);

/** Returns the float16 nearest to a number that is rounded to float32 before. */
export function float16Of(value: number): number {
  oneFloat[0] = value;
  return float16()[float16Bits(itsBits[0])];
}

/** Returns the bfloat16 nearest to a number that is rounded to float32 before. */
export function bfloat16Of(value: number): number {
  oneFloat[0] = value;
  itsBits[0] = bfloat16Bits(itsBits[0]) << 16;
  return oneFloat[0];
}

/** Returns the float16 at a position of bytes. */
export const float16At = (bytes: Uint8Array, at: number): number =>
  float16()[bytes[at] | (bytes[at + 1] << 8)];
