// Quantised blocks of GGUF files as ONNX operators over their bytes; the layouts and the order of
// roundings are those of formats/gguf/decode-blocks.ts. With a layer's input, values are computed in
// each evaluation, one layer after another: a session holds the bytes of the file only, mapped.
import {
  BLOCK_TYPES,
  type BlockArithmetic,
  type BlockType,
} from '../../formats/gguf/block-types.ts';
import { IQ4_LEVELS } from '../../formats/gguf/decode-blocks.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';
import { zeroAfter } from './late.ts';

/** The bytes of blocks, as 8-bit integers [count, bytes] and as float16 [count, bytes / 2]. */
export interface BlockBytes {
  readonly bytes: Value;
  readonly halves: Value;
}

/** Integers [count, groups, group] and the numbers of groups [count, groups, 1], as float32. */
interface Unpacked {
  readonly integers: Value;
  readonly factors: Value;
  /** Added to the products. */
  readonly shifts?: Value;
}

/** Returns the values of blocks [count, values per block] as float32. */
export function blockValues(
  g: Graph,
  type: BlockType,
  stored: BlockBytes,
  arithmetic: BlockArithmetic,
  after?: Value,
): Value {
  const at = new Columns(g, stored, arithmetic, after);
  const { integers, factors, shifts } = UNPACKED[type](at);
  const products = at.rounded(g.op('Mul', [factors, integers]));
  const values = shifts ? at.rounded(g.op('Add', [products, shifts])) : products;
  return g.op('Reshape', [values, g.ints([-1, BLOCK_TYPES[type].values])]);
}

/** Reads columns of blocks. */
class Columns {
  readonly g: Graph;
  readonly #stored: BlockBytes;
  readonly #arithmetic: BlockArithmetic;
  readonly #first: Value;

  constructor(g: Graph, stored: BlockBytes, arithmetic: BlockArithmetic, after?: Value) {
    this.g = g;
    this.#stored = stored;
    this.#arithmetic = arithmetic;
    this.#first = after === undefined ? g.ints([0]) : zeroAfter(g, after);
  }

  /** Bytes [count, to - from]. */
  bytes = (from: number, to: number): Value => this.#columns(this.#stored.bytes, from, to);

  /** The float16 at a byte, in the arithmetic's type: [count, 1] of float32. */
  half = (at: number): Value =>
    this.rounded(this.float(this.#columns(this.#stored.halves, at / 2, at / 2 + 1)));

  float = (value: Value): Value => this.g.op('Cast', [value], { to: ELEMENT.f32 });

  /** Rounds float32 values to the arithmetic's type. */
  rounded = (value: Value): Value =>
    this.#arithmetic === 'f32' ? value : this.g.round(value, this.#arithmetic);

  #columns(value: Value, from: number, to: number): Value {
    const { g } = this;
    const starts = g.op('Concat', [this.#first, g.ints([from])], { axis: 0 });
    return g.op('Slice', [value, starts, g.ints([2 ** 31 - 1, to]), g.ints([0, 1])]);
  }

  bytesOf = (...values: number[]): Value =>
    this.g.inlineRaw({ type: 'u8', dims: [values.length], bytes: Uint8Array.from(values) });

  and = (value: Value, mask: number): Value => this.g.op('BitwiseAnd', [value, this.bytesOf(mask)]);

  or = (a: Value, b: Value): Value => this.g.op('BitwiseOr', [a, b]);

  left = (value: Value, bits: number): Value =>
    this.g.op('BitShift', [value, this.bytesOf(bits)], { direction: 'LEFT' });

  shape = (value: Value, ...dims: number[]): Value =>
    this.g.op('Reshape', [value, this.g.ints([-1, ...dims])]);

  /**
   * The parts of `width` bits of each byte, the lowest ones first: [count, C] become [count, C /
   * run, 8 / width, run].
   */
  parts(value: Value, width: number, run: number, columns: number): Value {
    const { g } = this;
    const shifts = Array.from({ length: 8 / width }, (_, i) => i * width);
    const runs = this.shape(value, columns / run, 1, run);
    const by = g.op('Reshape', [this.bytesOf(...shifts), g.ints([1, 1, -1, 1])]);
    const shifted = g.op('BitShift', [runs, by], { direction: 'RIGHT' });
    return this.and(shifted, 2 ** width - 1);
  }

  /** Signed bytes as float32. */
  signed = (value: Value): Value =>
    this.minus(this.float(this.g.op('BitwiseXor', [value, this.bytesOf(128)])), 128);

  minus = (value: Value, number: number): Value =>
    this.g.op('Sub', [value, this.g.floats([number])]);

  /** Products of [count, 1] and [count, n], rounded, as [count, n, 1]. */
  scaled = (scale: Value, by: Value, count: number): Value =>
    this.shape(this.rounded(this.g.op('Mul', [scale, by])), count, 1);

  join = (values: readonly Value[]): Value => this.g.op('Concat', values, { axis: 1 });
}

type Unpack = (at: Columns) => Unpacked;

/** Blocks of 32 with one scale: integers [count, 32] of bytes or float32. */
const simple =
  (integers: (at: Columns) => Value, shift?: number): Unpack =>
  (at) => ({
    integers: at.shape(integers(at), 1, 32),
    factors: at.shape(at.half(0), 1, 1),
    ...(shift !== undefined && { shifts: at.shape(at.half(shift), 1, 1) }),
  });

const nibbles32 = (at: Columns, from: number): Value =>
  at.shape(at.parts(at.bytes(from, from + 16), 4, 16, 16), 32);

/** The bits of 4 bytes as 16 or 0: [count, 32]. */
const fifthBits = (at: Columns, from: number): Value =>
  at.left(at.shape(at.parts(at.bytes(from, from + 4), 1, 1, 4), 32), 4);

const levels = (at: Columns, indexes: Value): Value =>
  at.g.op('Gather', [at.g.floats(IQ4_LEVELS), at.g.op('Cast', [indexes], { to: ELEMENT.i64 })]);

/** 6-bit scales and minima of 8 groups in the bytes 4 … 16. */
function scalesOf8(at: Columns): Omit<Unpacked, 'integers'> {
  const [low, middle, high] = [at.bytes(4, 8), at.bytes(8, 12), at.bytes(12, 16)];
  const right = (value: Value, bits: number): Value =>
    at.g.op('BitShift', [value, at.bytesOf(bits)], { direction: 'RIGHT' });
  const upper = (value: Value): Value => at.and(right(value, 2), 48);
  const scales = at.join([at.and(low, 63), at.or(at.and(high, 15), upper(low))]);
  const minima = at.join([at.and(middle, 63), at.or(right(high, 4), upper(middle))]);
  return {
    factors: at.scaled(at.half(0), at.float(scales), 8),
    shifts: at.g.op('Neg', [at.scaled(at.half(2), at.float(minima), 8)]),
  };
}

const UNPACKED: Readonly<Record<BlockType, Unpack>> = {
  Q8_0: simple((at) => at.signed(at.bytes(2, 34))),
  Q4_0: simple((at) => at.minus(at.float(nibbles32(at, 2)), 8)),
  Q4_1: simple((at) => at.float(nibbles32(at, 4)), 2),
  Q5_0: simple((at) => at.minus(at.float(at.or(nibbles32(at, 6), fifthBits(at, 2))), 16)),
  Q5_1: simple((at) => at.float(at.or(nibbles32(at, 8), fifthBits(at, 4))), 2),
  IQ4_NL: simple((at) => levels(at, nibbles32(at, 2))),
  Q2_K: (at) => {
    const packed = at.bytes(0, 16);
    const high = at.g.op('BitShift', [packed, at.bytesOf(4)], { direction: 'RIGHT' });
    return {
      integers: at.float(at.shape(at.parts(at.bytes(16, 80), 2, 32, 64), 16, 16)),
      factors: at.scaled(at.half(80), at.float(at.and(packed, 15)), 16),
      shifts: at.g.op('Neg', [at.scaled(at.half(82), at.float(high), 16)]),
    };
  },
  Q3_K: (at) => {
    const low = at.shape(at.parts(at.bytes(32, 96), 2, 32, 64), 16, 16);
    const high = at.shape(at.parts(at.bytes(0, 32), 1, 32, 32), 16, 16);
    const lowScales = at.shape(at.parts(at.bytes(96, 104), 4, 8, 8), 16);
    const highScales = at.shape(at.parts(at.bytes(104, 108), 2, 4, 4), 16);
    const scales = at.float(at.or(lowScales, at.left(highScales, 4)));
    return {
      // the high bit means 4 more
      integers: at.minus(at.float(at.or(low, at.left(high, 2))), 4),
      factors: at.scaled(at.half(108), at.minus(scales, 32), 16),
    };
  },
  Q4_K: (at) => ({
    integers: at.float(at.shape(at.parts(at.bytes(16, 144), 4, 32, 128), 8, 32)),
    ...scalesOf8(at),
  }),
  Q5_K: (at) => {
    const low = at.shape(at.parts(at.bytes(48, 176), 4, 32, 128), 8, 32);
    const high = at.shape(at.parts(at.bytes(16, 48), 1, 32, 32), 8, 32);
    return { integers: at.float(at.or(low, at.left(high, 4))), ...scalesOf8(at) };
  },
  Q6_K: (at) => {
    const low = at.shape(at.parts(at.bytes(0, 128), 4, 64, 128), 16, 16);
    const high = at.shape(at.parts(at.bytes(128, 192), 2, 32, 64), 16, 16);
    return {
      integers: at.minus(at.float(at.or(low, at.left(high, 4))), 32),
      factors: at.scaled(at.half(208), at.signed(at.bytes(192, 208)), 16),
    };
  },
  IQ4_XS: (at) => {
    const low = at.shape(at.parts(at.bytes(4, 8), 4, 1, 4), 8);
    const high = at.shape(at.parts(at.bytes(2, 4), 2, 1, 2), 8);
    const scales = at.float(at.or(low, at.left(high, 4)));
    const indexes = at.shape(at.parts(at.bytes(8, 136), 4, 16, 128), 8, 32);
    return {
      integers: levels(at, indexes),
      factors: at.scaled(at.half(0), at.minus(scales, 32), 8),
    };
  },
};
