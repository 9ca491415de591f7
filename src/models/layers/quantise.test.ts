import { describe, expect, it } from 'vitest';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { nhwcOrder, quantiseColumns } from './quantise.ts';

/** Quantises by the definition, one number at a time; `values` by row. */
function quantiseDirectly(
  weight: Float32Array,
  n: number,
): { values: number[][]; scales: number[] } {
  const k = weight.length / n;
  const scales = Array.from({ length: n }, (_, j) => {
    const most = Math.max(...weight.subarray(j * k, (j + 1) * k).map(Math.abs));
    return most === 0 ? 1 : Math.fround(most / 127);
  });
  const values = Array.from({ length: k }, (_, i) =>
    scales.map((scale, j) => roundHalfEven(weight[j * k + i] / scale) + 0),
  );
  return { values, scales };
}

const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1 + i * i * 0.7) * 2 ** ((i % 7) - 3));

describe('quantiseColumns', () => {
  it('rounds to the nearest step of each channel, beyond one tile of columns', () => {
    const [n, k] = [150, 33];
    const weight = numbers(n * k);
    const { values, scales } = quantiseDirectly(weight, n);
    const quantised = quantiseColumns(weight, n);
    expect([...quantised.scales]).toEqual(scales);
    expect([...quantised.values]).toEqual(values.flat());
    expect(Math.max(...quantised.values.map(Math.abs))).toBe(127);
  });

  it('quantises selected rows in another order of inputs', () => {
    const weight = numbers(6 * 18);
    const order = nhwcOrder(2, 3);
    const { values } = quantiseDirectly(weight, 6);
    const quantised = quantiseColumns(weight, 6, { order, rows: [2, 5] });
    expect([...quantised.values]).toEqual([...order].flatMap((i) => values[i].slice(2, 5)));
    expect([...quantised.scales]).toEqual(quantiseDirectly(weight, 6).scales.slice(2, 5));
  });

  it('rounds ties to even, and has a scale for zeros and for the smallest numbers', () => {
    const { values, scales } = quantiseColumns(
      Float32Array.of(127, 0.5, 1.5, -2.5, 0, 0, 0, 0, 2e-45, 0, -2e-45, 0),
      3,
    );
    expect([...scales]).toEqual([1, 1, 2 ** -126]);
    expect([0, 1, 2, 3].map((i) => values[3 * i])).toEqual([127, 0, 2, -2]);
    expect([0, 1, 2, 3].map((i) => values[3 * i + 1])).toEqual([0, 0, 0, 0]);
    expect([0, 1, 2, 3].map((i) => values[3 * i + 2])).toEqual([0, 0, 0, 0]);
  });
});

describe('nhwcOrder', () => {
  it('orders inputs by row, column, channel', () => {
    expect([...nhwcOrder(2, 2)]).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
  });
});
