// Weights in the formats that people have, with scales that are powers of two, as
// test/golden/weights/make_families.py makes them.
import { decodeFloat32 } from '../../../src/formats/dtypes.ts';
import { roundHalfEven } from '../../../src/tensor/round-half-even.ts';
import { ggufFile, storedTensors } from './gguf-file.ts';
import { noise, type TensorsToWrite } from './rewrite.ts';

type Written = TensorsToWrite[string];

/** The least power of two that makes the largest of values at most `most`. */
const powerFor = (values: Float32Array, most: number): number =>
  2 **
  Math.ceil(Math.log2(values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-6) / most));

const E4M3 = decodeFloat32(
  'F8_E4M3',
  Uint8Array.from({ length: 127 }, (_, code) => code),
);

/** The nearest code of fp8; of two equally near ones the even one. */
function e4m3(value: number): number {
  const size = Math.abs(value);
  let code = E4M3.findIndex((one) => one >= size);
  if (code > 0) {
    const [below, above] = [size - E4M3[code - 1], E4M3[code] - size];
    if (below < above || (below === above && code % 2 === 1)) code--;
  }
  return value < 0 ? code + 128 : code;
}

const description = (format: string): Written => {
  const data = Buffer.from(JSON.stringify({ format }));
  return { dtype: 'U8', shape: [data.length], data };
};

type Quantise = (layer: string, shape: readonly number[], values: Float32Array) => TensorsToWrite;

const fp8: Quantise = (layer, shape, values) => {
  const scale = powerFor(values, 448);
  return {
    [`${layer}.weight`]: {
      dtype: 'F8_E4M3',
      shape,
      data: Uint8Array.from(values, (value) => e4m3(value / scale)),
    },
    [`${layer}.weight_scale`]: { dtype: 'F32', shape: [], data: Float32Array.of(scale) },
    [`${layer}.comfy_quant`]: description('float8_e4m3fn'),
  };
};

const int8: Quantise = (layer, [rows, columns], values) => {
  const row = (i: number): Float32Array => values.subarray(i * columns, (i + 1) * columns);
  const scales = Float32Array.from({ length: rows }, (_, i) => powerFor(row(i), 127));
  const data = Int8Array.from(values, (value, i) =>
    roundHalfEven(value / scales[Math.floor(i / columns)]),
  );
  return {
    [`${layer}.weight`]: { dtype: 'I8', shape: [rows, columns], data: new Uint8Array(data.buffer) },
    [`${layer}.weight_scale`]: { dtype: 'F32', shape: [rows, 1], data: scales },
    [`${layer}.comfy_quant`]: description('int8_tensorwise'),
  };
};

const BLOCK = 32;

/** Q8_0: for each block a scale in float16 and 8-bit integers. */
function q8Blocks(values: Float32Array): Uint8Array {
  const out = Buffer.alloc((values.length / BLOCK) * (BLOCK + 2));
  for (let b = 0; b < values.length / BLOCK; b++) {
    const own = values.subarray(b * BLOCK, (b + 1) * BLOCK);
    const scale = powerFor(own, 127);
    const at = b * (BLOCK + 2);
    // a power of two in float16; below 2^-14 without the leading 1
    const exponent = Math.log2(scale);
    out.writeUInt16LE(exponent < -14 ? 2 ** (exponent + 24) : (exponent + 15) << 10, at);
    own.forEach((value, i) => {
      out.writeInt8(roundHalfEven(value / scale), at + 2 + i);
    });
  }
  return out;
}

const isOfBlocks = (name: string, { shape }: Written): boolean =>
  name.includes('blocks.') && shape.length === 2;

const valuesOf = ({ dtype, data }: Written): Float32Array =>
  data instanceof Float32Array ? data : decodeFloat32(dtype, data as Uint8Array);

/**
 * The tensors with the weights of blocks times 0.85 to 1.15, seeded by their place in the order of
 * names: those of the fixtures have few bits.
 */
export function varied(tensors: TensorsToWrite): TensorsToWrite {
  const names = Object.keys(tensors)
    .filter((name) => isOfBlocks(name, tensors[name]))
    .sort();
  const changed = names.map((name, i): [string, Written] => {
    const { shape } = tensors[name];
    const values = valuesOf(tensors[name]);
    const factors = noise(values.length, i + 1, 0.3);
    const data = values.map((value, k) => value * Math.fround(factors[k] + 1));
    return [name, { dtype: 'F32', shape, data }];
  });
  return { ...tensors, ...Object.fromEntries(changed) };
}

/** The tensors with the weights of blocks in another format. */
export const quantisedBy = (tensors: TensorsToWrite, how: 'fp8' | 'int8'): TensorsToWrite =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, one]) =>
      isOfBlocks(name, one)
        ? Object.entries(
            { fp8, int8 }[how](name.replace(/\.weight$/, ''), one.shape, valuesOf(one)),
          )
        : [[name, one]],
    ),
  );

const Q8_0 = 8;

/** A GGUF file of the tensors with the weights of blocks in Q8_0. */
export function q8File(tensors: TensorsToWrite, architecture: string): Buffer {
  const { tensors: shapes, data } = storedTensors(tensors);
  const blocks = Object.entries(tensors)
    .filter(([name, one]) => isOfBlocks(name, one))
    .map(([name, one]) => [name, { type: Q8_0, bytes: q8Blocks(valuesOf(one)) }]);
  return ggufFile({
    architecture,
    tensors: shapes,
    data: { ...data, ...Object.fromEntries(blocks) },
  });
}
