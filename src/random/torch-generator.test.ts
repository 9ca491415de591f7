import { expect, it } from 'vitest';
import { expectExact, expectGolden, golden } from '../../test/support/golden.ts';
import { prepareNoise } from './prepare-noise.ts';
import { torchGenerator } from './torch-generator.ts';

it('draws torch.randn’s values bit for bit', () => {
  const g = golden('rng', 'randn');
  expect(g.cases.length).toBe(120);
  for (const c of g.cases) {
    const count = c.params.shape.reduce((n: number, d: number) => n * d, 1);
    expectExact(g, c.id, c.outputs.out, torchGenerator(BigInt(c.params.seed)).randn(count));
  }
});

it('prepares the noise of comfy.sample.prepare_noise', () => {
  const g = golden('rng', 'prepare_noise');
  expect(g.cases.length).toBe(7);
  for (const c of g.cases) {
    const noise = prepareNoise(
      c.params.shape,
      BigInt(c.params.seed),
      c.params.noise_inds ?? undefined,
    );
    expect([...noise.shape]).toEqual(g.tensor(c.outputs.out).shape);
    expectExact(g, c.id, c.outputs.out, noise.data);
  }
});

it('draws what torch does in sequences of draws, with the stored second normal of a pair', () => {
  const g = golden('rng', 'sequences');
  expect(g.cases.length).toBe(5);
  for (const c of g.cases) {
    const generator = torchGenerator(BigInt(c.params.seed));
    const draw: Record<string, (count: number) => ArrayLike<number | bigint>> = {
      randn: generator.randn,
      rand: generator.rand,
      randn_f64: generator.randn64,
      rand_f64: generator.rand64,
      randint: (count) => generator.randint(0, 1000, count),
      randint_big: (count) => generator.randint(0, 2n ** 63n - 1n, count),
      randperm: generator.randperm,
    };
    const names = Object.values(c.outputs);
    expect(names.length).toBe(c.params.program.length);
    for (const [i, [op, shape]] of c.params.program.entries()) {
      const values = draw[op](shape.reduce((n: number, d: number) => n * d, 1));
      if (op === 'randn_f64') expectGolden(g, c.id, names[i], Array.from(values, Number));
      else expectExact(g, c.id, names[i], values);
    }
  }
});

it('refuses seeds outside 0..2^64-1', () => {
  for (const seed of [-1, 1.5, 2n ** 64n, Number.NaN])
    expect(() => torchGenerator(seed)).toThrow(expect.objectContaining({ code: 'DR_SEED_RANGE' }));
});

it('uses the low 32 bits of the seed', () => {
  expect(torchGenerator(2n ** 64n - 1n).randn(1)).toEqual(torchGenerator(2 ** 32 - 1).randn(1));
});
