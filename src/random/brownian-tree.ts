// torchsde's BrownianTree (tol 1e-6, pool 24, halfway tree) and k-diffusion's noise sampler over
// it: a Brownian path that depends only on the seed and its ends, not on the points requested. Each
// split of an interval at its middle draws from a seed of its own (a Brownian bridge).

import { allocate } from '../tensor/allocate.ts';
import { sqrt } from '../tensor/float32/sqrt.ts';
import { seedSequence } from './seed-sequence.ts';
import { checkSeed, torchGenerator } from './torch-generator.ts';

const POOL_SIZE = 24;
const DECIMALS = 6;
/**
 * Splits in the cache, each an array of `count` values: enough for the paths to both ends of the
 * last query (24 each over the sigmas of SD).
 */
const MAX_CACHED_SPLITS = 64;

const f = Math.fround;

export interface BrownianTree {
  /** W(to) - W(from), `count` values. Points outside the tree's ends are clamped to them. */
  increment(from: number, to: number): Float32Array;
}

export interface BrownianTreeOptions {
  /** 0..2^64-1; all bits count. */
  readonly seed: bigint | number;
  readonly t0: number;
  /** At least t0. */
  readonly t1: number;
  readonly count: number;
}

/** An interval of the dyadic tree. */
interface Interval {
  /** The ends, on a grid of 6 decimals. */
  readonly start: number;
  readonly end: number;
  /** With the depth, numpy's spawn key, which determines the draws. */
  readonly key: number;
  readonly depth: number;
}

/**
 * A path over [t0, t1]. At most 64 arrays of `count` values are in memory. Throws DR_SEED_RANGE.
 */
export function brownianTree({ seed, t0, t1, count }: BrownianTreeOptions): BrownianTree {
  const root: Interval = { start: round(t0), end: round(t1), key: 0, depth: 0 };
  const splits = splitCache(checkSeed(seed), count);
  const whole = scaled(splits.draw([]), Math.sqrt(t1 - t0));
  return {
    increment(from, to) {
      const clamp = (t: number): number => round(Math.min(Math.max(t, root.start), root.end));
      const [low, high] = from < to ? [clamp(from), clamp(to)] : [clamp(to), clamp(from)];
      const sum = allocate(count);
      if (low === high) return sum;
      let first = true;
      /** Adds the parts of an interval in [low, high], from left to right. */
      const collect = (interval: Interval, w: Float32Array): void => {
        const { start, end, key, depth } = interval;
        if (low <= start && end <= high) {
          if (first) sum.set(w);
          else for (let i = 0; i < count; i++) sum[i] += w[i];
          first = false;
          return;
        }
        const middle = round(0.5 * (end + start));
        const left = splits.left(interval, middle, w);
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

interface SplitCache {
  /** Standard normals for a spawn key. */
  draw(spawnKey: readonly number[]): Float32Array;
  /** The increment over the left part of an interval whose increment is `w`. */
  left(interval: Interval, middle: number, w: Float32Array): Float32Array;
}

function splitCache(entropy: bigint, count: number): SplitCache {
  const cached = new Map<string, Float32Array>();
  const draw = (spawnKey: readonly number[]): Float32Array =>
    torchGenerator(seedSequence(entropy, spawnKey, POOL_SIZE).state(1)[0]).randn(count);
  return {
    draw,
    left({ start, end, key, depth }, middle, w) {
      const name = `${depth}/${key}`;
      let left = cached.get(name);
      if (left) cached.delete(name);
      else {
        left = draw([key, depth]);
        bridge(left, w, {
          left: middle - start,
          right: end - middle,
          reciprocal: 1 / (end - start),
        });
      }
      cached.set(name, left); // the most recently used last
      if (cached.size > MAX_CACHED_SPLITS) cached.delete(cached.keys().next().value!);
      return left;
    },
  };
}

/**
 * Unit noise for the step from one sigma to the next: the increment of the path divided by the root
 * of the step's length. Sigmas are float32 values.
 */
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
    const root = sqrt(Math.abs(f(sigmaNext - sigma)));
    for (let i = 0; i < count; i++) noise[i] /= root;
    return noise;
  };
}

/** The lengths of the two parts of an interval, and 1 / their sum. */
interface BridgeLengths {
  readonly left: number;
  readonly right: number;
  readonly reciprocal: number;
}

/** Turns `noise` into the left increment of a bridge, given the increment `w` over both parts. */
function bridge(
  noise: Float32Array,
  w: Float32Array,
  { left, right, reciprocal }: BridgeLengths,
): void {
  const share = f(left);
  const inverse = f(reciprocal);
  const deviation = f(Math.sqrt(left * right * reciprocal));
  for (let i = 0; i < noise.length; i++)
    noise[i] = f(f(share * w[i]) * inverse) + f(deviation * noise[i]);
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  const out = allocate(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] - b[i];
  return out;
}

function scaled(a: Float32Array, factor: number): Float32Array {
  const k = f(factor);
  for (let i = 0; i < a.length; i++) a[i] *= k;
  return a;
}

/**
 * Python's `round(t, 6)` for t >= 0. Exact ties, which occur only at odd multiples of 1/128, are
 * rounded to even.
 */
function round(t: number): number {
  const up = Number(t.toFixed(DECIMALS));
  if (Math.abs((t * 128) % 2) !== 1) return up;
  const floor = Math.floor(t * 1e6);
  return (floor % 2 === 0 ? floor : floor + 1) / 1e6;
}
