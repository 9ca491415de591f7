// numpy's two generators: the legacy RandomState (MT19937, polar method) and default_rng (PCG64,
// O'Neill 2014, with the ziggurat of Marsaglia and Tsang 2000).
import { type Mt19937, mtFromWord } from './mt19937.ts';
import { seedSequence } from './seed-sequence.ts';

export interface RandomState {
  /** `rand()`: 53 bits in [0, 1). */
  rand(): number;
  /** `randn()`: a standard normal. They are drawn in pairs. */
  randn(): number;
  /** `randint(low, high)`, `high` excluded, for ranges up to 2^32. */
  randint(low: number, high: number): number;
}

const double53 = (engine: Mt19937): number => {
  const high = engine.next() >>> 5;
  return (high * 2 ** 26 + (engine.next() >>> 6)) * 2 ** -53;
};

/** `numpy.random.RandomState(seed)` for a seed in 0..2^32-1. */
export function randomState(seed: number): RandomState {
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
    throw new Error(`internal: RandomState seed ${seed}`);
  const engine = mtFromWord(seed);
  let second: number | undefined;
  return {
    rand: () => double53(engine),
    randn() {
      if (second !== undefined) {
        const value = second;
        second = undefined;
        return value;
      }
      for (;;) {
        const x = 2 * double53(engine) - 1;
        const y = 2 * double53(engine) - 1;
        const r = x * x + y * y;
        if (r >= 1 || r === 0) continue;
        const f = Math.sqrt((-2 * Math.log(r)) / r);
        second = f * x;
        return f * y;
      }
    },
    randint(low, high) {
      const last = high - low - 1;
      if (!(last >= 0 && last < 2 ** 32)) throw new Error(`internal: randint of ${low}..${high}`);
      if (last === 0) return low;
      const shift = Math.clz32(last);
      const mask = 0xffffffff >>> shift;
      for (;;) {
        const value = (engine.next() & mask) >>> 0;
        if (value <= last) return low + value;
      }
    },
  };
}

export interface DefaultRng {
  /** `random()`: 53 bits in [0, 1). */
  random(): number;
  /** `standard_normal()`. */
  normal(): number;
  /** `integers(low, high)`, `high` excluded, for ranges up to 2^63; rounded above 2^53. */
  integers(low: number, high: number): number;
  /** The result of `shuffle(list)` as a new list. */
  shuffled<T>(items: readonly T[]): T[];
  /**
   * The indices of `choice(n, p=weights, size=count, replace=False)`. The weights must sum to 1,
   * and at least `count` of them must be above 0. `onRound` is called for each time that the
   * weights are added up; very different weights need many.
   */
  weightedChoice(weights: readonly number[], count: number, onRound?: () => void): number[];
}

const PCG_MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const MASK128 = (1n << 128n) - 1n;

/** `numpy.random.default_rng(seed)` for a non-negative integer. */
export function defaultRng(seed: bigint | number): DefaultRng {
  const [high, low, incrementHigh, incrementLow] = seedSequence(seed).state64(4);
  const increment = ((((incrementHigh << 64n) | incrementLow) << 1n) | 1n) & MASK128;
  const step = (state: bigint) => (state * PCG_MULTIPLIER + increment) & MASK128;
  let state = step((increment + ((high << 64n) | low)) & MASK128);
  const next = (): bigint => {
    state = step(state);
    const word = (state >> 64n) ^ (state & 0xffffffffffffffffn);
    const rotation = state >> 122n;
    return BigInt.asUintN(64, (word >> rotation) | (word << (64n - rotation)));
  };
  const random = () => Number(next() >> 11n) * 2 ** -53;
  // a 32-bit draw uses half of a word; the upper half is stored for the next one
  let upper: bigint | undefined;
  const next32 = (): bigint => {
    if (upper !== undefined) {
      const value = upper;
      upper = undefined;
      return value;
    }
    const word = next();
    upper = word >> 32n;
    return word & 0xffffffffn;
  };
  const integers = (low: number, high: number): number => {
    const count = high - low;
    if (!(count >= 1 && count <= 2 ** 63)) throw new Error(`internal: integers of ${low}..${high}`);
    if (count === 1) return low;
    return low + (count <= 2 ** 32 ? below(count, next32, 32n) : below(count, next, 64n));
  };
  return {
    random,
    normal: () => ziggurat(next, random),
    integers,
    shuffled: (items) => {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = integerUpTo(i, next32);
        [result[i], result[j]] = [result[j], result[i]];
      }
      return result;
    },
    weightedChoice: (weights, count, onRound) =>
      drawWithoutReplacement(weights, count, random, onRound),
  };
}

/** An unbiased integer in 0..max, by rejection of larger values. */
function integerUpTo(max: number, next32: () => bigint): number {
  const mask = 0xffffffff >>> Math.clz32(max);
  for (;;) {
    const value = (Number(next32()) & mask) >>> 0;
    if (value <= max) return value;
  }
}

/**
 * An unbiased integer in 0..limit-1, by multiplication of words of `bits` bits (Lemire, arXiv
 * 1805.10941).
 */
function below(limit: number, next: () => bigint, bits: bigint): number {
  const count = BigInt(limit);
  const threshold = 2n ** bits % count;
  for (;;) {
    const product = next() * count;
    if (BigInt.asUintN(Number(bits), product) >= threshold) return Number(product >> bits);
  }
}

/** Draws all indices at once, drops repetitions, and draws again for the rest. */
function drawWithoutReplacement(
  weights: readonly number[],
  count: number,
  random: () => number,
  onRound?: () => void,
): number[] {
  const remaining = [...weights];
  const found: number[] = [];
  while (found.length < count) {
    onRound?.();
    const draws = Array.from({ length: count - found.length }, random);
    for (const index of found) remaining[index] = 0;
    let sum = 0;
    const sums = remaining.map((weight) => {
      sum += weight;
      return sum;
    });
    for (const index of new Set(draws.map((draw) => firstAbove(sums, sum, draw))))
      found.push(index);
  }
  return found;
}

/** The first index at which an ascending value divided by `sum` is above `draw`, by bisection. */
function firstAbove(values: readonly number[], sum: number, draw: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] / sum > draw) high = middle;
    else low = middle + 1;
  }
  return low;
}

const LEVELS = 256;
const TAIL = 3.6541528853610088;
const AREA = 0.004928673233974655;
const SCALE = 2 ** 52;
const tables = zigguratTables();

function ziggurat(next: () => bigint, random: () => number): number {
  for (;;) {
    const bits = next();
    const level = Number(bits & 0xffn);
    const negative = ((bits >> 8n) & 1n) === 1n;
    const size = Number((bits >> 9n) & 0xfffffffffffffn);
    const x = size * tables.width[level] * (negative ? -1 : 1);
    if (size < tables.inside[level]) return x;
    if (level === 0) {
      for (;;) {
        const beyond = -Math.log1p(-random()) / TAIL;
        const y = -Math.log1p(-random());
        if (y + y > beyond * beyond)
          return ((bits >> 17n) & 1n) === 1n ? -(TAIL + beyond) : TAIL + beyond;
      }
    }
    const { height } = tables;
    if ((height[level - 1] - height[level]) * random() + height[level] < Math.exp(-0.5 * x * x))
      return x;
  }
}

/** The layers of equal area, from the tail inwards. */
function zigguratTables() {
  const inside = new Float64Array(LEVELS);
  const width = new Float64Array(LEVELS);
  const height = new Float64Array(LEVELS);
  const density = (x: number) => Math.exp(-0.5 * x * x);
  const base = AREA / density(TAIL);
  let edge = TAIL;
  inside[0] = Math.floor((edge / base) * SCALE);
  width[0] = base / SCALE;
  height[0] = 1;
  width[LEVELS - 1] = edge / SCALE;
  height[LEVELS - 1] = density(edge);
  for (let i = LEVELS - 2; i > 0; i--) {
    const inner = Math.sqrt(-2 * Math.log(AREA / edge + density(edge)));
    inside[i + 1] = Math.floor((inner / edge) * SCALE);
    edge = inner;
    width[i] = edge / SCALE;
    height[i] = density(edge);
  }
  return { inside, width, height };
}
