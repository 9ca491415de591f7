// The values of quantised blocks of GGUF files. Every block has integers, scales of its groups of
// numbers, and in some types what is subtracted from them. The layouts are those of ggml-quants.c,
// the order of roundings that of ComfyUI-GGUF (dequant.py), which computes in float16.
import { allocate } from '../../tensor/allocate.ts';
import { bfloat16Of, float16At, float16Of } from '../dtypes.ts';
import { BLOCK_TYPES, type BlockArithmetic, type BlockType } from './block-types.ts';

type Round = (value: number) => number;

const ROUNDINGS: Readonly<Record<BlockArithmetic, Round>> = {
  f16: float16Of,
  bf16: bfloat16Of,
  f32: Math.fround,
};

interface Layout {
  /** Numbers that share a scale. */
  readonly group: number;
  /** Writes the integers of the block at `at`. */
  integers(bytes: Uint8Array, at: number, out: Int16Array): void;
  /** Writes the scales, and what is subtracted, of the groups. */
  scales(bytes: Uint8Array, at: number, out: GroupScales, round: Round): void;
  readonly isShifted?: boolean;
}

interface GroupScales {
  readonly factors: Float32Array;
  readonly minima: Float32Array;
}

/** Decodes whole blocks to float32. */
export function decodeBlocks(
  type: BlockType,
  bytes: Uint8Array,
  arithmetic: BlockArithmetic,
): Float32Array {
  const { values: size, bytes: stride } = BLOCK_TYPES[type];
  const { group, integers, scales, isShifted } = LAYOUTS[type];
  const round = ROUNDINGS[arithmetic];
  const count = bytes.byteLength / stride;
  const out = allocate(count * size);
  const numbers = new Int16Array(size);
  const groups = size / group;
  const { factors, minima } = {
    factors: new Float32Array(groups),
    minima: new Float32Array(groups),
  };
  for (let block = 0; block < count; block++) {
    integers(bytes, block * stride, numbers);
    scales(bytes, block * stride, { factors, minima }, round);
    for (let i = 0; i < size; i++) {
      const j = Math.floor(i / group);
      const value = round(factors[j] * numbers[i]);
      out[block * size + i] = isShifted ? round(Math.fround(value - minima[j])) : value;
    }
  }
  return out;
}

/** Halves of bytes: all low ones, then all high ones. */
function nibbles(bytes: Uint8Array, at: number, count: number, out: Int16Array, to = 0): void {
  for (let i = 0; i < count; i++) {
    out[to + i] = bytes[at + i] & 15;
    out[to + count + i] = bytes[at + i] >> 4;
  }
}

/** Adds the bits of 4 bytes, times 16. */
function addFifthBits(bytes: Uint8Array, at: number, out: Int16Array): void {
  for (let i = 0; i < 32; i++) out[i] |= ((bytes[at + (i >> 3)] >> (i & 7)) & 1) << 4;
}

/** One scale at the beginning of a block of 32, and a shift behind it in some types. */
const oneScale =
  (hasShift: boolean): Layout['scales'] =>
  (bytes, at, { factors, minima }, round) => {
    factors[0] = round(float16At(bytes, at));
    // it is added
    if (hasShift) minima[0] = -round(float16At(bytes, at + 2));
  };

const simple = (
  integers: Layout['integers'],
  { isShifted = false }: { readonly isShifted?: boolean } = {},
): Layout => ({ group: 32, integers, scales: oneScale(isShifted), isShifted });

/** 6-bit scales and minima of 8 groups in 12 bytes (Q4_K, Q5_K). */
const SCALES_OF_8: Layout['scales'] = (bytes, at, { factors, minima }, round) => {
  const [d, min] = [round(float16At(bytes, at)), round(float16At(bytes, at + 2))];
  for (let i = 0; i < 4; i++) {
    const [low, middle, high] = [bytes[at + 4 + i], bytes[at + 8 + i], bytes[at + 12 + i]];
    factors[i] = round(d * (low & 63));
    minima[i] = round(min * (middle & 63));
    factors[i + 4] = round(d * ((high & 15) | ((low >> 2) & 48)));
    minima[i + 4] = round(min * ((high >> 4) | ((middle >> 2) & 48)));
  }
};

/** The levels of the types IQ4. */
export const IQ4_LEVELS = [
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
] as const;

const signed = (byte: number): number => (byte << 24) >> 24;

const LAYOUTS: Readonly<Record<BlockType, Layout>> = {
  Q8_0: simple((bytes, at, out) => {
    for (let i = 0; i < 32; i++) out[i] = signed(bytes[at + 2 + i]);
  }),
  Q4_0: simple((bytes, at, out) => {
    nibbles(bytes, at + 2, 16, out);
    for (let i = 0; i < 32; i++) out[i] -= 8;
  }),
  Q4_1: simple((bytes, at, out) => nibbles(bytes, at + 4, 16, out), { isShifted: true }),
  Q5_0: simple((bytes, at, out) => {
    nibbles(bytes, at + 6, 16, out);
    addFifthBits(bytes, at + 2, out);
    for (let i = 0; i < 32; i++) out[i] -= 16;
  }),
  Q5_1: simple(
    (bytes, at, out) => {
      nibbles(bytes, at + 8, 16, out);
      addFifthBits(bytes, at + 4, out);
    },
    { isShifted: true },
  ),
  IQ4_NL: simple((bytes, at, out) => {
    nibbles(bytes, at + 2, 16, out);
    for (let i = 0; i < 32; i++) out[i] = IQ4_LEVELS[out[i]];
  }),
  Q2_K: {
    group: 16,
    isShifted: true,
    integers: (bytes, at, out) => {
      for (let i = 0; i < 256; i++)
        out[i] = (bytes[at + 16 + (i >> 7) * 32 + (i & 31)] >> (((i >> 5) & 3) * 2)) & 3;
    },
    scales: (bytes, at, { factors, minima }, round) => {
      const [d, min] = [round(float16At(bytes, at + 80)), round(float16At(bytes, at + 82))];
      for (let i = 0; i < 16; i++) {
        factors[i] = round(d * (bytes[at + i] & 15));
        minima[i] = round(min * (bytes[at + i] >> 4));
      }
    },
  },
  Q3_K: {
    group: 16,
    integers: (bytes, at, out) => {
      for (let i = 0; i < 256; i++) {
        const low = (bytes[at + 32 + (i >> 7) * 32 + (i & 31)] >> (((i >> 5) & 3) * 2)) & 3;
        const high = (bytes[at + (i & 31)] >> (i >> 5)) & 1;
        out[i] = low - (high ? 0 : 4);
      }
    },
    scales: (bytes, at, { factors }, round) => {
      const d = round(float16At(bytes, at + 108));
      for (let i = 0; i < 16; i++) {
        const low = (bytes[at + 96 + (i & 7)] >> (i < 8 ? 0 : 4)) & 15;
        const high = (bytes[at + 104 + (i & 3)] >> ((i >> 2) * 2)) & 3;
        factors[i] = round(d * ((low | (high << 4)) - 32));
      }
    },
  },
  Q4_K: {
    group: 32,
    isShifted: true,
    integers: (bytes, at, out) => {
      for (let part = 0; part < 4; part++) nibbles(bytes, at + 16 + part * 32, 32, out, part * 64);
    },
    scales: SCALES_OF_8,
  },
  Q5_K: {
    group: 32,
    isShifted: true,
    integers: (bytes, at, out) => {
      for (let part = 0; part < 4; part++) nibbles(bytes, at + 48 + part * 32, 32, out, part * 64);
      for (let i = 0; i < 256; i++) out[i] |= ((bytes[at + 16 + (i & 31)] >> (i >> 5)) & 1) << 4;
    },
    scales: SCALES_OF_8,
  },
  Q6_K: {
    group: 16,
    integers: (bytes, at, out) => {
      for (let part = 0; part < 2; part++) nibbles(bytes, at + part * 64, 64, out, part * 128);
      for (let i = 0; i < 256; i++) {
        const high = bytes[at + 128 + (i >> 7) * 32 + (i & 31)] >> (((i >> 5) & 3) * 2);
        out[i] = (out[i] | ((high & 3) << 4)) - 32;
      }
    },
    scales: (bytes, at, { factors }, round) => {
      const d = round(float16At(bytes, at + 208));
      for (let i = 0; i < 16; i++) factors[i] = round(d * signed(bytes[at + 192 + i]));
    },
  },
  IQ4_XS: {
    group: 32,
    integers: (bytes, at, out) => {
      for (let part = 0; part < 8; part++) nibbles(bytes, at + 8 + part * 16, 16, out, part * 32);
      for (let i = 0; i < 256; i++) out[i] = IQ4_LEVELS[out[i]];
    },
    scales: (bytes, at, { factors }, round) => {
      const d = round(float16At(bytes, at));
      const highs = bytes[at + 2] | (bytes[at + 3] << 8);
      for (let i = 0; i < 8; i++) {
        const low = (bytes[at + 4 + (i >> 1)] >> (i & 1 ? 4 : 0)) & 15;
        factors[i] = round(d * ((low | (((highs >> (2 * i)) & 3) << 4)) - 32));
      }
    },
  },
};
