// The Brownian tree of the SDE samplers against torchsde, and what it keeps.
import { describe, expect, it } from 'vitest';
import { expectGolden, golden } from '../../test/support/golden.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { brownianNoise, brownianTree } from './brownian.ts';

describe('goldens', () => {
  it('noise of a step', () => {
    const g = golden('brownian', 'noise_sampler');
    expect(g.cases.length).toBe(25);
    for (const { id, params, outputs } of g.cases) {
      const noise = brownianNoise(BigInt(params.seed), sizeOf(params.shape), params.sigma_min, params.sigma_max);
      for (const [i, [from, to]] of params.queries.entries()) expectGolden(g, id, outputs[`n${i}`], noise(from, to));
    }
  });

  it('increments, clamped to the ends', () => {
    const g = golden('brownian', 'tree_raw');
    expect(g.cases.length).toBe(3);
    for (const { id, params, outputs } of g.cases) {
      const [t0, t1] = [params.t0, params.t1].map(Math.fround);
      const tree = brownianTree({ seed: BigInt(params.seed), t0, t1, count: 16 });
      for (const [i, [from, to]] of params.queries.entries())
        expectGolden(g, id, outputs[`n${i}`], tree.increment(Math.fround(from), Math.fround(to)));
    }
  });
});
