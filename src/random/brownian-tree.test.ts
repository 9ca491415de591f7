// The Brownian tree of the SDE samplers against torchsde, and the properties of its path.
import { describe, expect, it } from 'vitest';
import { expectExact, golden } from '../../test/support/golden.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { brownianNoiseSampler, brownianTree } from './brownian-tree.ts';

describe('golden brownian', () => {
  it('returns torchsde’s noise of a step', () => {
    const g = golden('brownian', 'noise_sampler');
    expect(g.cases.length).toBe(25);
    for (const { id, params, outputs } of g.cases) {
      const noise = brownianNoiseSampler(
        BigInt(params.seed),
        sizeOf(params.shape),
        params.sigma_min,
        params.sigma_max,
      );
      for (const [i, [from, to]] of params.queries.entries())
        expectExact(g, id, outputs[`n${i}`], noise(from, to));
    }
  });

  it('returns torchsde’s increments, clamped to the ends', () => {
    const g = golden('brownian', 'tree_raw');
    expect(g.cases.length).toBe(3);
    for (const { id, params, outputs } of g.cases) {
      const [t0, t1] = [params.t0, params.t1].map(Math.fround);
      const tree = brownianTree({ seed: BigInt(params.seed), t0, t1, count: 16 });
      for (const [i, [from, to]] of params.queries.entries())
        expectExact(g, id, outputs[`n${i}`], tree.increment(Math.fround(from), Math.fround(to)));
    }
  });
});

describe('brownianTree', () => {
  const tree = (seed: bigint | number = 3) => brownianTree({ seed, t0: 0.03, t1: 14.6, count: 20 });

  it('returns the same increment whatever was requested before and dropped from the cache', () => {
    const used = tree();
    for (let t = 14; t > 1; t -= 0.37) used.increment(t, t - 0.3);
    expect(used.increment(2.5, 7.123456)).toEqual(tree().increment(2.5, 7.123456));
  });

  it('returns increments that add up', () => {
    const first = tree().increment(1, 2.2);
    const second = tree().increment(2.2, 9);
    for (const [i, value] of tree().increment(1, 9).entries())
      expect(value).toBeCloseTo(first[i] + second[i], 5);
  });

  it('negates an increment in the opposite direction', () => {
    const forward = tree().increment(1, 9);
    expect(tree().increment(9, 1)).toEqual(forward.map((value) => -value));
  });

  it('uses all bits of the seed', () => {
    expect(tree(3n + 2n ** 32n).increment(1, 2)).not.toEqual(tree(3n).increment(1, 2));
  });

  it('refuses seeds of more than 64 bits', () => {
    expect(() => tree(2n ** 64n)).toThrow(expect.objectContaining({ code: 'DR_SEED_RANGE' }));
  });

  it('rounds times as Python does', () => {
    // >>> round(937 / 128, 6), round(939 / 128, 6) == (7.320312, 7.335938): to the even side
    expect(tree().increment(1, 937 / 128)).toEqual(tree().increment(1, 7.320312));
    expect(tree().increment(1, 939 / 128)).toEqual(tree().increment(1, 7.335938));
  });
});
