// Python's `random` module: MT19937 seeded with the 32-bit words of an integer (init_by_array).
import { mtFromArray } from './mt19937.ts';
import { wordsOf } from './seed-sequence.ts';

export interface PythonRandom {
  /** `random.random()`: 53 bits in [0, 1). */
  random(): number;
  /** `random.randint(low, high)`, both ends included, for ranges up to 2^53. */
  randint(low: number, high: number): number;
  /** The result of `random.shuffle(list)` as a new list. */
  shuffled<T>(items: readonly T[]): T[];
}

/** `random.seed(seed)` for an integer. As in Python, the sign is ignored. */
export function pythonRandom(seed: bigint | number): PythonRandom {
  const whole = BigInt(seed);
  const engine = mtFromArray(wordsOf(whole < 0n ? -whole : whole));
  const word = (bits: number): number => engine.next() >>> (32 - bits);
  const getBits = (bits: number): number => {
    if (bits <= 32) return word(bits);
    const low = engine.next() >>> 0;
    return word(bits - 32) * 2 ** 32 + low;
  };
  const randint = (low: number, high: number): number => {
    const range = high - low + 1;
    if (!(range >= 1 && range <= 2 ** 53)) throw new Error(`internal: randint of ${low}..${high}`);
    const bits = range.toString(2).length;
    for (;;) {
      const value = getBits(bits);
      if (value < range) return low + value;
    }
  };
  return {
    random() {
      const high = engine.next() >>> 5;
      return (high * 2 ** 26 + (engine.next() >>> 6)) * 2 ** -53;
    },
    randint,
    shuffled(items) {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = randint(0, i);
        [result[i], result[j]] = [result[j], result[i]];
      }
      return result;
    },
  };
}
