// npm run bench:make -- DIR [NAME…] [--seed N] [--layers N]: writes full-size checkpoints of random
// numbers in the type of the published file, tensor by tensor; with `--layers`, transformers of
// fewer layers. The numbers are scaled like trained ones: normal with 1/sqrt(fan-in), norms near 1
// and 0, zero-initialised layers small.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeFloat32 } from '../src/formats/dtypes.ts';
import {
  type LazyTensor,
  writeLazySafetensors,
} from '../src/formats/safetensors/safetensors-write.ts';
import { sizeOf } from '../src/tensor/tensor.ts';
import { FULL_SIZE, IN_BFLOAT16, isFullSize } from './full-size.ts';
import type { Shapes } from './shapes.ts';

/**
 * Zero-initialised layers: the last ones of residual blocks, a ControlNet's outputs, and what
 * modulates a transformer's layers.
 */
const FROM_ZERO = new RegExp(
  `(${[
    'out_layers\\.3|proj_out|to_out\\.0|net\\.2|out_proj|fc2|c_proj|conv2|zero_convs\\.\\d+\\.0',
    'middle_block_out\\.0|adaLN_modulation\\.[01]|(_mod|modulation)\\.lin|_mlp\\.2|linear2',
    'attn2?\\.proj|_attn\\.proj|o_proj|down_proj|SelfAttention\\.o|DenseReluDense\\.wo',
  ].join('|')})\\.weight$`,
);
const NORM =
  /(norm\w*|ln_\w+|in_layers\.0|out_layers\.0|diffusion_model\.out\.0|cap_embedder\.0)\.(weight|bias|scale)$/;
const TABLE = /((token|position(al)?)_embedding|embed_tokens)(\.weight)?$/;
/** T5 does not divide scores by the square root of a head's width: its queries are smaller. */
const T5_QUERY = /SelfAttention\.q\.weight$/;
const WIDE_TABLE = /(^shared\.weight|pos_embed|_pad_token|relative_attention_bias\.weight)$/;

interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

function spreadOf(name: string, shape: readonly number[]): Spread {
  if (name.endsWith('logit_scale')) return { mean: 4.6, deviation: 0 };
  if (NORM.test(name)) return { mean: name.endsWith('bias') ? 0 : 1, deviation: 0.05 };
  if (name.endsWith('bias')) return { mean: 0, deviation: 0.02 };
  if (TABLE.test(name)) return { mean: 0, deviation: 0.02 };
  if (WIDE_TABLE.test(name)) return { mean: 0, deviation: 0.7 };
  const fanIn = sizeOf(shape) / shape[0];
  return { mean: 0, deviation: factorOf(name) / Math.sqrt(fanIn) };
}

const factorOf = (name: string): number =>
  FROM_ZERO.test(name) ? 0.3 : T5_QUERY.test(name) ? 1 / 8 : 1;

/** Quantile `p` of the standard normal distribution (Wichura's AS241, lower precision). */
function quantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  const size =
    r <= 5
      ? (((0.17023821103 * (r - 1.6) + 1.3067284816) * (r - 1.6) + 2.75681539) * (r - 1.6) +
          1.4234372777) /
        ((0.12021132975 * (r - 1.6) + 0.7370016425) * (r - 1.6) + 1)
      : (((0.017337203997 * (r - 5) + 0.42868294337) * (r - 5) + 3.081226386) * (r - 5) +
          6.657905115) /
        ((0.012258202635 * (r - 5) + 0.24197894225) * (r - 5) + 1);
  return Math.sign(q) * size;
}

/** 65536 equally likely values of the standard normal: a random 16-bit number selects one. */
const NORMAL = Float64Array.from({ length: 1 << 16 }, (_, i) => quantile((i + 0.5) / (1 << 16)));

function hash(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** Draws of a 16-bit type that depend only on name and seed. */
function draws(
  { name, dtype }: Pick<LazyTensor, 'name' | 'dtype'>,
  count: number,
  { mean, deviation }: Spread,
  seed: number,
): Uint8Array {
  const encoded = encodeFloat32(
    dtype,
    Float32Array.from(NORMAL, (z) => mean + deviation * z),
  );
  const table = new Uint16Array(encoded.buffer, encoded.byteOffset, NORMAL.length);
  const out = new Uint16Array(count + 1);
  let state = hash(name, seed) || 1;
  for (let i = 0; i < count; i += 2) {
    // splitmix32
    state = (state + 0x9e3779b9) | 0;
    let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    x ^= x >>> 15;
    out[i] = table[x & 0xffff];
    out[i + 1] = table[x >>> 16];
  }
  return new Uint8Array(out.buffer, 0, 2 * count);
}

const scheduleBytes = (): Uint8Array =>
  new Uint8Array(Float32Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000).buffer);
const positionBytes = (count: number): Uint8Array =>
  new Uint8Array(BigInt64Array.from({ length: count }, (_, i) => BigInt(i)).buffer);

/** Tables of the noise schedule are the only tensors of 1000 numbers. */
const isSchedule = (shape: readonly number[]): boolean => `${shape}` === '1000';

function toMake(
  name: string,
  shape: readonly number[],
  { seed, dtype }: Required<RandomOptions>,
): LazyTensor {
  const count = sizeOf(shape);
  if (name.endsWith('position_ids'))
    return { name, shape, dtype: 'I64', bytes: async () => positionBytes(count) };
  if (isSchedule(shape)) return { name, shape, dtype: 'F32', bytes: async () => scheduleBytes() };
  return {
    name,
    shape,
    dtype,
    bytes: async () => draws({ name, dtype }, count, spreadOf(name, shape), seed),
  };
}

interface RandomOptions {
  readonly seed?: number;
  readonly dtype?: 'F16' | 'BF16';
}

/** Writes tensors of these shapes. Equal names, shapes and seeds give equal numbers. */
export const writeRandom = (
  file: string,
  shapes: Shapes,
  { seed = 1, dtype = 'F16' }: RandomOptions = {},
): Promise<void> =>
  writeLazySafetensors(
    file,
    [...shapes].map(([name, shape]) => toMake(name, shape, { seed, dtype })),
    { format: 'pt' },
  );

if (process.argv[1] && import.meta.filename === process.argv[1]) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string', default: '1' }, layers: { type: 'string' } },
  });
  const [folder, ...names] = positionals;
  const wrong = names.find((name) => !isFullSize(name));
  if (!folder || wrong) {
    console.error(
      wrong
        ? `there is no '${wrong}': ${Object.keys(FULL_SIZE).join(', ')}`
        : 'which folder? npm run bench:make -- DIR [NAME…]',
    );
    process.exit(2);
  }
  mkdirSync(folder, { recursive: true });
  for (const name of names.length > 0
    ? names.filter(isFullSize)
    : Object.keys(FULL_SIZE).filter(isFullSize)) {
    const shapes = FULL_SIZE[name](values.layers ? Number(values.layers) : undefined);
    const started = performance.now();
    await writeRandom(join(folder, `${name}.safetensors`), shapes, {
      seed: Number(values.seed),
      dtype: IN_BFLOAT16.has(name) ? 'BF16' : 'F16',
    });
    const millions = [...shapes.values()].reduce((n, shape) => n + sizeOf(shape), 0) / 1e6;
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${name}: ${shapes.size} tensors, ${millions.toFixed(1)} M numbers, ${seconds.toFixed(0)} s`,
    );
  }
}
