// Factors of differences against ComfyUI's (test/golden/lora/make_extract.py). The signs of
// singular vectors are arbitrary, and the limit of the values depends on them: they are set to the
// original's before the comparison.
import { describe, expect, it } from 'vitest';
import { noise } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { sizeOf, tensor } from '../../tensor/tensor.ts';
import { extractLora, limitFactors } from './extract.ts';
import { largestSingularVectors } from './singular-vectors.ts';

const g = golden('lora', 'extract');
const matrices = g.cases.filter(({ outputs }) => outputs.up && outputs.down);

/** The difference of a case: noise, or the product of two matrices of it. */
function differenceOf({ shape, rank, seed, other }: Record<string, never>): Float32Array {
  if (!other) return noise(sizeOf(shape), seed, 2);
  const [rows, columns] = shape as readonly number[];
  const [a, b] = [noise(rows * rank, seed, 2), noise(rank * columns, other, 2)];
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += a[Math.floor(i / columns) * rank + k] * b[k * columns + (i % columns)];
    return sum;
  });
}

describe('extractLora', () => {
  it.each(matrices.map((one) => [one.id, one] as const))('%s', (id, { params, outputs }) => {
    const data = differenceOf(params as Record<string, never>);
    const [rows, inputs] = params.shape;
    const columns = sizeOf(params.shape.slice(1));
    const size = Math.min(params.rank, rows, inputs);
    const { right, scaledLeft } = largestSingularVectors({ rows, columns, data }, size);
    const expected = g.float(outputs.down).data;
    const signs = right.map((vector, k) =>
      Math.sign(vector.reduce((sum, value, i) => sum + value * expected[k * columns + i], 0)),
    );
    const up = Float32Array.from(
      { length: rows * size },
      (_, i) => scaledLeft[i % size][Math.floor(i / size)] * signs[i % size],
    );
    const down = Float32Array.from(right.flatMap((v, k) => [...v].map((x) => x * signs[k])));
    limitFactors([up, down]);
    expectGolden(g, id, outputs.up, up);
    expectGolden(g, id, outputs.down, down);
    const factors = extractLora(tensor(params.shape, data), params.rank)!;
    expect(factors.up.shape).toEqual(g.tensor(outputs.up).shape);
    expect(factors.down.shape).toEqual(g.tensor(outputs.down).shape);
  });

  it('makes orthonormal vectors where the difference is 0, so that its product is 0', () => {
    const { up, down } = extractLora(tensor([20, 30], new Float32Array(600)), 4)!;
    expect([...up.data].every((value) => value === 0)).toBe(true);
    expect(down.data.every(Number.isFinite)).toBe(true);
  });

  it('makes none for a point convolution of one input, and for values that are not finite', () => {
    expect(extractLora(tensor([4, 1, 1, 1], new Float32Array(4)), 2)).toBeUndefined();
    expect(extractLora(tensor([2, 2], Float32Array.of(1, 0, Number.NaN, 1)), 2)).toBeUndefined();
  });

  it('finds exact vectors where singular values are equal', () => {
    const data = Float32Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 2 : 0));
    const { right, scaledLeft } = largestSingularVectors({ rows: 6, columns: 6, data }, 6);
    for (const [k, vector] of right.entries())
      for (const [i, value] of vector.entries())
        expect(scaledLeft[k][i]).toBeCloseTo(2 * value, 12);
  });
});
