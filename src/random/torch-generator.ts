// torch's CPU generator: which bits are drawn, in which order, for rand, randn, randint and randperm (ATen, CPU, x86).
import { DarkroomError } from '../errors.ts';
import { normalBlock } from './box-muller.ts';
import { mtFromWord } from './mt19937.ts';

/** A stream of draws. Like torch's, it remembers half of a scalar normal pair between calls of `randn` with fewer than 16 values. */
export interface TorchGenerator {
  /** Standard normals, as `torch.randn(count, generator=g)`. */
  randn(count: number): Float32Array;
  /** Uniforms in [0, 1), as `torch.rand`. */
  rand(count: number): Float32Array;
  /** Standard normals in double precision, as `torch.randn(…, dtype=torch.float64)`. */
  randn64(count: number): Float64Array;
  /** Uniforms in double precision, as `torch.rand(…, dtype=torch.float64)`. */
  rand64(count: number): Float64Array;
  /** Integers of [low, high), as `torch.randint(low, high, (count,))`. */
  randint(low: bigint | number, high: bigint | number, count: number): BigInt64Array;
  /** A permutation of 0..n-1, as `torch.randperm(n)`. */
  randperm(n: number): Float64Array;
}

const MAX_SEED = 2n ** 64n - 1n;

/** The seed as an integer of 0..2^64-1; throws DR_SEED_RANGE for anything else. */
export function checkSeed(seed: bigint | number): bigint {
  const whole = typeof seed === 'bigint' ? seed : Number.isInteger(seed) ? BigInt(seed) : -1n;
  if (whole < 0n || whole > MAX_SEED)
    throw new DarkroomError('DR_SEED_RANGE', {
      message: `seed ${seed} is not an integer of 0..${MAX_SEED}`,
      hint: 'Use a whole number from 0 to 18446744073709551615 (2^64 - 1); nodes that add an offset to the seed need room above it.',
    });
  return whole;
}

/** `torch.Generator().manual_seed(seed)`. Only the low 32 bits of the seed reach the engine. Throws DR_SEED_RANGE outside 0..2^64-1. */
export function torchGenerator(seed: bigint | number): TorchGenerator {
  const engine = mtFromWord(Number(checkSeed(seed) & 0xffffffffn));
  let cached: number | undefined;

  const uniform = () => (engine.next() & 0xffffff) * 2 ** -24;
  const uniform64 = () => {
    const high = engine.next() & 0x1fffff;
    return (high * 2 ** 32 + engine.next()) * 2 ** -53;
  };
  const random64 = () => (BigInt(engine.next()) << 32n) | BigInt(engine.next());

  const scalarNormal = () => {
    if (cached !== undefined) {
      const value = cached;
      cached = undefined;
      return value;
    }
    const u1 = uniform64();
    const u2 = uniform64();
    const radius = Math.sqrt(-2 * Math.log1p(-u2));
    const theta = 2 * Math.PI * u1;
    cached = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  };

  const normals = <A extends Float32Array | Float64Array>(
    data: A,
    draw: () => number,
    block: (data: A, at: number) => void,
  ): A => {
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

  return {
    randn: (count) => normals(new Float32Array(count), uniform, normalBlock),
    randn64: (count) => normals(new Float64Array(count), uniform64, normalBlock64),
    rand: (count) => new Float32Array(count).map(uniform),
    rand64: (count) => new Float64Array(count).map(uniform64),
    randint(low, high, count) {
      const from = BigInt(low);
      const range = BigInt(high) - from;
      if (range <= 0n) throw new Error(`internal: randint of the empty range [${low}, ${high})`);
      const draw = range < 2n ** 32n ? () => BigInt(engine.next()) : random64;
      return new BigInt64Array(count).map(() => from + (draw() % range));
    },
    randperm(n) {
      const order = Float64Array.from({ length: n }, (_, i) => i);
      for (let i = 0; i < n - 1; i++) {
        const other = i + (engine.next() % (n - i));
        [order[i], order[other]] = [order[other], order[i]];
      }
      return order;
    },
  };
}

function normalBlock64(data: Float64Array, at: number): void {
  for (let j = at; j < at + 8; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - data[j]));
    const theta = 2 * Math.PI * data[j + 8];
    data[j] = radius * Math.cos(theta);
    data[j + 8] = radius * Math.sin(theta);
  }
}
