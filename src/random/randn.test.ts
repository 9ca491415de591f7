import { expect, it } from 'vitest';
import { expectExact, golden } from '../../test/support/golden.ts';
import { torchGenerator } from './generator.ts';
import { prepareNoise } from './noise.ts';

it('randn equals torch.randn bit by bit', () => {
  const g = golden('rng', 'randn');
  expect(g.cases.length).toBe(120);
  for (const c of g.cases) {
    const count = c.params.shape.reduce((n: number, d: number) => n * d, 1);
    expectExact(g, c.id, c.outputs.out, torchGenerator(BigInt(c.params.seed)).randn(count));
  }
});

it('prepareNoise equals comfy.sample.prepare_noise', () => {
  const g = golden('rng', 'prepare_noise');
  expect(g.cases.length).toBe(7);
  for (const c of g.cases) {
    const noise = prepareNoise(c.params.shape, BigInt(c.params.seed), c.params.noise_inds ?? undefined);
    expect([...noise.shape]).toEqual(g.tensor(c.outputs.out).shape);
    expectExact(g, c.id, c.outputs.out, noise.data);
  }
});
