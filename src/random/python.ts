// Python's `random` module: MT19937 seeded by the words of the integer (init_by_array).
import { mtFromArray } from './mt19937.ts';
import { wordsOf } from './seed-sequence.ts';

export interface PythonRandom {
  /** `random.random()`: 53 bits in [0, 1). */
  random(): number;
  /** `random.randint(low, high)`, both ends possible, for ranges below 2^32. */
  randint(low: number, high: number): number;
}

/** `random.seed(seed)` for an integer; the sign is ignored, as Python ignores it. */
export function pythonRandom(seed: bigint | number): PythonRandom {
  const whole = BigInt(seed);
  const engine = mtFromArray(wordsOf(whole < 0n ? -whole : whole));
  return {
    random() {
      const high = engine.next() >>> 5;
      return (high * 2 ** 26 + (engine.next() >>> 6)) * 2 ** -53;
    },
    randint(low, high) {
      const range = high - low + 1;
      if (!(range >= 1 && range < 2 ** 32)) throw new Error(`internal: randint of ${low}..${high}`);
      const bits = 32 - Math.clz32(range);
      for (;;) {
        const value = engine.next() >>> (32 - bits);
        if (value < range) return low + value;
      }
    },
  };
}
