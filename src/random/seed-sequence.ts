// numpy's SeedSequence (O'Neill's seed_seq design): mixes an integer and a spawn key into a pool of
// 32-bit words and derives generator states from it.

const INIT_A = 0x43b0d7e5;
const MULT_A = 0x931e8875;
const INIT_B = 0x8b51f9dd;
const MULT_B = 0x58f38ded;
const MIX_L = 0xca01f9dd;
const MIX_R = 0x4973f715;

export interface SeedSequence {
  readonly pool: Uint32Array;
  /** `generate_state(words)`: 32-bit words. */
  state(words: number): Uint32Array;
  /** `generate_state(words, numpy.uint64)`: 64-bit words. */
  state64(words: number): BigUint64Array;
}

/** `numpy.random.SeedSequence(entropy, spawn_key=…, pool_size=…)` for non-negative integers. */
export function seedSequence(
  entropy: bigint | number,
  spawnKey: readonly (bigint | number)[] = [],
  poolSize = 4,
): SeedSequence {
  const words = wordsOf(entropy);
  if (spawnKey.length > 0) while (words.length < poolSize) words.push(0);
  for (const key of spawnKey) words.push(...wordsOf(key));

  let constant = INIT_A;
  const hash = (word: number): number => {
    const value = word ^ constant;
    constant = Math.imul(constant, MULT_A);
    const product = Math.imul(value, constant);
    return product ^ (product >>> 16);
  };
  const mix = (x: number, y: number): number => {
    const value = Math.imul(MIX_L, x) - Math.imul(MIX_R, y);
    return value ^ (value >>> 16);
  };

  const pool = new Uint32Array(poolSize);
  for (let i = 0; i < poolSize; i++) pool[i] = hash(words[i] ?? 0);
  for (let from = 0; from < poolSize; from++)
    for (let to = 0; to < poolSize; to++)
      if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  for (let from = poolSize; from < words.length; from++)
    for (let to = 0; to < poolSize; to++) pool[to] = mix(pool[to], hash(words[from]));

  const state = (count: number): Uint32Array => {
    let factor = INIT_B;
    return new Uint32Array(count).map((_, i) => {
      const value = pool[i % poolSize] ^ factor;
      factor = Math.imul(factor, MULT_B);
      const product = Math.imul(value, factor);
      return product ^ (product >>> 16);
    });
  };
  return {
    pool,
    state,
    state64(count) {
      const words32 = state(2 * count);
      return new BigUint64Array(count).map(
        (_, i) => BigInt(words32[2 * i]) | (BigInt(words32[2 * i + 1]) << 32n),
      );
    },
  };
}

/** The 32-bit words of a non-negative integer, the lowest first; a single zero for 0. */
export function wordsOf(value: bigint | number): number[] {
  const words: number[] = [];
  for (let rest = BigInt(value); rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffffffffn));
  return words.length > 0 ? words : [0];
}
