import { expect, it } from 'vitest';
import { expectExact, expectGolden, golden } from '../../test/support/golden.ts';
import { defaultRng, randomState } from './numpy-random.ts';
import { pythonRandom } from './python-random.ts';
import { seedSequence } from './seed-sequence.ts';

const g = golden('rng', 'numpy_python');
const drawFive = (draw: () => number) => Array.from({ length: 5 }, draw);

it('draws the numbers of RandomState, default_rng and Python’s random', () => {
  const cases = g.cases.filter((c) => 'seed' in c.params);
  expect(cases.length).toBe(4);
  for (const c of cases) {
    const { seed } = c.params;
    // the outputs of one generator were drawn one after the other
    const state = randomState(seed);
    expectExact(g, c.id, c.outputs.rs_rand5, drawFive(state.rand));
    expectGolden(g, c.id, c.outputs.rs_randn5, drawFive(state.randn));
    expectExact(
      g,
      c.id,
      c.outputs.rs_randint5_0_100,
      drawFive(() => state.randint(0, 100)),
    );
    const rng = defaultRng(seed);
    expectExact(g, c.id, c.outputs.dr_random5, drawFive(rng.random));
    expectGolden(g, c.id, c.outputs.dr_normal5, drawFive(rng.normal));
    const python = pythonRandom(seed);
    expectExact(g, c.id, c.outputs.py_random5, drawFive(python.random));
    expectExact(
      g,
      c.id,
      c.outputs.py_randint5_0_1000,
      drawFive(() => python.randint(0, 1000)),
    );
    expect(Object.keys(c.outputs).length).toBe(7);
  }
});

it('computes the pools and states of numpy’s SeedSequence', () => {
  const cases = g.cases.filter((c) => 'entropy' in c.params);
  expect(cases.length).toBe(25);
  for (const c of cases) {
    const poolSize = g.tensor(c.outputs.pool).shape[0];
    const sequence = seedSequence(BigInt(c.params.entropy), c.params.spawn_key, poolSize);
    expectExact(g, c.id, c.outputs.pool, sequence.pool);
    expectExact(g, c.id, c.outputs.state4_u32, sequence.state(4));
    expect(String(sequence.state(1)[0]), c.id).toBe(c.scalars!.state1_u32);
    expect([...sequence.state64(2)].map(String), c.id).toEqual(c.scalars!.state2_u64);
  }
});

it('draws default_rng’s normals in the wedges and the tail of the ziggurat too', () => {
  // >>> r = numpy.random.default_rng(5); x = r.standard_normal(20000); x.sum(), abs(x).max(), x[-1]
  const rng = defaultRng(5);
  const values = Array.from({ length: 20000 }, () => rng.normal());
  expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(281.4315167781797, 9);
  expect(values.reduce((a, b) => Math.max(a, Math.abs(b)), 0)).toBeCloseTo(4.023889287038275, 12);
  expect(values.at(-1)).toBeCloseTo(0.8015261728290799, 12);
});

it('draws integers of ranges above 32 bits as NumPy does', () => {
  // r = np.random.default_rng(5); [r.integers(0, n) for n in (2**40, 2**32 + 1, 10, 2**40, 10)]
  const r = defaultRng(5);
  const drawn = [2 ** 40, 2 ** 32 + 1, 10, 2 ** 40, 10].map((n) => r.integers(0, n));
  expect(drawn).toEqual([885110075051, 3470079269, 4, 314241940641, 5]);
});
