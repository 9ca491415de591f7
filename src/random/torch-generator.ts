// torch's CPU generator: which bits rand, randn, randint and randperm draw, and in which order
// (ATen on x86).

import { DarkroomError } from '../errors.ts';
import { allocate } from '../tensor/allocate.ts';
import { normalBlock } from './box-muller.ts';
import { type Mt19937, mtFromWord } from './mt19937.ts';

/**
 * A stream of draws. As in torch, half of a pair of normals is stored between calls of `randn` for
 * fewer than 16 values.
 */
export interface TorchGenerator {
  /** Standard normals, as `torch.randn(count, generator=g)`. */
  randn(count: number): Float32Array;
  /** Uniforms in [0, 1), as `torch.rand`. */
  rand(count: number): Float32Array;
  /** Standard normals in double precision, as `torch.randn(…, dtype=torch.float64)`. */
  randn64(count: number): Float64Array;
  /** Uniforms in double precision, as `torch.rand(…, dtype=torch.float64)`. */
  rand64(count: number): Float64Array;
  /** Integers in [low, high), as `torch.randint(low, high, (count,))`. */
  randint(low: bigint | number, high: bigint | number, count: number): BigInt64Array;
  /** A permutation of 0..n-1, as `torch.randperm(n)`. */
  randperm(n: number): Float64Array;
}

const MAX_SEED = 2n ** 64n - 1n;

/** The seed as an integer in 0..2^64-1. Throws DR_SEED_RANGE for anything else. */
export function checkSeed(seed: bigint | number): bigint {
  const whole = typeof seed === 'bigint' ? seed : Number.isInteger(seed) ? BigInt(seed) : -1n;
  if (whole < 0n || whole > MAX_SEED)
    throw new DarkroomError('DR_SEED_RANGE', {
      message: `seed ${seed} is not an integer from 0 to ${MAX_SEED}`,
      hint:
        `Use a whole number from 0 to ${MAX_SEED} (2^64 - 1); ` +
        'nodes that add an offset to the seed must stay below that too.',
    });
  return whole;
}

/**
 * `torch.Generator().manual_seed(seed)`. Only the low 32 bits of the seed reach the engine. Throws
 * DR_SEED_RANGE.
 */
export function torchGenerator(seed: bigint | number): TorchGenerator {
  const engine = mtFromWord(Number(checkSeed(seed) & 0xffffffffn));
  const uniform = (): number => (engine.next() & 0xffffff) * 2 ** -24;
  const uniform64 = (): number => {
    const high = engine.next() & 0x1fffff;
    return (high * 2 ** 32 + engine.next()) * 2 ** -53;
  };
  const normals = normalSource(uniform64);
  return {
    randn: (count) => normals(allocate(count), uniform, normalBlock),
    randn64: (count) => normals(new Float64Array(count), uniform64, normalBlock64),
    rand: (count) => allocate(count).map(uniform),
    rand64: (count) => new Float64Array(count).map(uniform64),
    randint: (low, high, count) => integers(engine, BigInt(low), BigInt(high), count),
    randperm: (n) => permutation(engine, n),
  };
}

type FillNormals = <A extends Float32Array | Float64Array>(
  data: A,
  draw: () => number,
  block: (data: A, start: number) => void,
) => A;

/**
 * Fills arrays with normals: fewer than 16 values one by one, more by turning blocks of 16 uniforms
 * into normals. Where the length is not a multiple of 16, the last 16 values are drawn again.
 */
function normalSource(uniform64: () => number): FillNormals {
  const scalarNormal = scalarNormalSource(uniform64);
  return (data, draw, block) => {
    const n = data.length;
    if (n < 16) {
      for (let i = 0; i < n; i++) data[i] = scalarNormal();
      return data;
    }
    for (let i = 0; i < n; i++) data[i] = draw();
    for (let i = 0; i + 16 <= n; i += 16) block(data, i);
    if (n % 16 !== 0) {
      for (let i = n - 16; i < n; i++) data[i] = draw();
      block(data, n - 16);
    }
    return data;
  };
}

/** Draws pairs of normals (Box-Muller) and returns them one at a time. */
function scalarNormalSource(uniform64: () => number): () => number {
  let second: number | undefined;
  return () => {
    if (second !== undefined) {
      const value = second;
      second = undefined;
      return value;
    }
    const u1 = uniform64();
    const u2 = uniform64();
    const radius = Math.sqrt(-2 * Math.log1p(-u2));
    const theta = 2 * Math.PI * u1;
    second = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  };
}

function integers(engine: Mt19937, low: bigint, high: bigint, count: number): BigInt64Array {
  const range = high - low;
  if (range <= 0n) throw new Error(`internal: randint of the empty range [${low}, ${high})`);
  const random64 = (): bigint => (BigInt(engine.next()) << 32n) | BigInt(engine.next());
  const draw = range < 2n ** 32n ? () => BigInt(engine.next()) : random64;
  return new BigInt64Array(count).map(() => low + (draw() % range));
}

function permutation(engine: Mt19937, n: number): Float64Array {
  const order = Float64Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const other = i + (engine.next() % (n - i));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}

function normalBlock64(data: Float64Array, start: number): void {
  for (let j = start; j < start + 8; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - data[j]));
    const theta = 2 * Math.PI * data[j + 8];
    data[j] = radius * Math.cos(theta);
    data[j + 8] = radius * Math.sin(theta);
  }
}
