// torchsde's BrownianTree (tol 1e-6, pool 24, halfway tree) and k-diffusion's noise sampler over it: a Brownian path that depends on the
// seed and its ends alone, not on the points asked for. Each split of an interval at its middle draws from a seed of its own (a Brownian bridge).

import { seedSequence } from './seed-sequence.ts';
import { checkSeed, torchGenerator } from './torch-generator.ts';

const POOL_SIZE = 24;
const DECIMALS = 6;
/** Splits that are kept: the ways to both ends of the last query (24 each over the sigmas of SD). One array of `count` values per split. */
const KEPT_SPLITS = 64;

const f = Math.fround;

export interface BrownianTree {
  /** W(to) - W(from), `count` values; points outside of the tree's ends stand for the ends. */
  increment(from: number, to: number): Float32Array;
}

export interface BrownianTreeOptions {
  /** 0..2^64-1, all bits count. */
  readonly seed: bigint | number;
  readonly t0: number;
  /** At least t0. */
  readonly t1: number;
  readonly count: number;
}

/** An interval of the dyadic tree: ends on the grid of 6 decimals, and its place (numpy's spawn key) by which it draws. */
interface Interval {
  readonly start: number;
  readonly end: number;
  readonly key: number;
  readonly depth: number;
}

/** A path over [t0, t1]. Nothing but the whole increment is held at first; never more than 64 arrays of `count`. Throws DR_SEED_RANGE. */
export function brownianTree({ seed, t0, t1, count }: BrownianTreeOptions): BrownianTree {
  const entropy = checkSeed(seed);
  const drawn = (word: number): Float32Array => torchGenerator(word).randn(count);
  const root: Interval = { start: round(t0), end: round(t1), key: 0, depth: 0 };
  const whole = scaled(drawn(seedSequence(entropy, [], POOL_SIZE).state(1)[0]), Math.sqrt(t1 - t0));
  const kept = new Map<string, Float32Array>();

  /** The increment over the left part of an interval whose own is `w`. */
  const leftOf = (
    { start, end, key, depth }: Interval,
    middle: number,
    w: Float32Array,
  ): Float32Array => {
    const name = `${depth}/${key}`;
    let left = kept.get(name);
    if (left) kept.delete(name);
    else {
      left = drawn(seedSequence(entropy, [key, depth], POOL_SIZE).state(1)[0]);
      bridge(left, w, middle - start, end - middle, 1 / (end - start));
    }
    kept.set(name, left);
    if (kept.size > KEPT_SPLITS) kept.delete(kept.keys().next().value!);
    return left;
  };

  return {
    increment(from, to) {
      const clamp = (t: number): number => round(Math.min(Math.max(t, root.start), root.end));
      const [low, high] = from < to ? [clamp(from), clamp(to)] : [clamp(to), clamp(from)];
      const sum = new Float32Array(count);
      if (low === high) return sum;
      let first = true;
      /** Adds what lies in [low, high] of an interval, from left to right. */
      const collect = (interval: Interval, w: Float32Array): void => {
        const { start, end, key, depth } = interval;
        if (low <= start && end <= high) {
          if (first) sum.set(w);
          else for (let i = 0; i < count; i++) sum[i] += w[i];
          first = false;
          return;
        }
        const middle = round(0.5 * (end + start));
        const left = leftOf(interval, middle, w);
        if (low < middle) collect({ start, end: middle, key: 2 * key, depth: depth + 1 }, left);
        if (high > middle)
          collect({ start: middle, end, key: 2 * key + 1, depth: depth + 1 }, difference(w, left));
      };
      collect(root, whole);
      if (from > to) for (let i = 0; i < count; i++) sum[i] = -sum[i];
      return sum;
    },
  };
}

/** Unit noise for the step from one sigma to the next: the path's increment over the root of its length. Sigmas are float32 values. */
export function brownianNoiseSampler(
  seed: bigint | number,
  count: number,
  sigmaMin: number,
  sigmaMax: number,
): (sigma: number, sigmaNext: number) => Float32Array {
  let tree: BrownianTree | undefined;
  return (sigma, sigmaNext) => {
    tree ??= brownianTree({ seed, t0: sigmaMin, t1: sigmaMax, count });
    const noise = tree.increment(sigma, sigmaNext);
    const root = f(Math.sqrt(Math.abs(f(sigmaNext - sigma))));
    for (let i = 0; i < count; i++) noise[i] /= root;
    return noise;
  };
}

/** Turns `noise` into the left increment of a bridge over lengths `left` and `right`, given the increment `w` of both. */
function bridge(
  noise: Float32Array,
  w: Float32Array,
  left: number,
  right: number,
  reciprocal: number,
): void {
  const [share, inverse, deviation] = [
    f(left),
    f(reciprocal),
    f(Math.sqrt(left * right * reciprocal)),
  ];
  for (let i = 0; i < noise.length; i++)
    noise[i] = f(f(share * w[i]) * inverse) + f(deviation * noise[i]);
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] - b[i];
  return out;
}

function scaled(a: Float32Array, factor: number): Float32Array {
  const k = f(factor);
  for (let i = 0; i < a.length; i++) a[i] *= k;
  return a;
}

/** Python's `round(t, 6)` for t >= 0: exact ties, which only odd multiples of 1/128 are, go to the even side. */
function round(t: number): number {
  const up = Number(t.toFixed(DECIMALS));
  if (Math.abs((t * 128) % 2) !== 1) return up;
  const floor = Math.floor(t * 1e6);
  return (floor % 2 === 0 ? floor : floor + 1) / 1e6;
}
