import { expect, it } from 'vitest';
import { restoreValue, storeValue } from './value-codec.ts';

const roundTrip = (value: unknown): unknown => {
  const { json, arrays } = storeValue(value)!;
  return restoreValue({ json, arrays: arrays.map((array) => array.slice()) });
};

it('restores plain data unchanged', () => {
  const data = Float32Array.of(1, -0, Number.NaN, 1e-40);
  const value = [
    { samples: { shape: [1, 4], data }, noise_mask: undefined, batch_index: [0, 1] },
    [
      null,
      true,
      'text',
      '',
      -0,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      2 ** 60,
      18446744073709551615n,
      ['list'],
      [],
      {},
    ],
    {
      '10': 'later',
      '2': 'x',
      list: ['object', 'undefined'],
      data,
      mask: Uint8Array.of(1, 2),
      sigmas: new Float32Array(0),
    },
  ];
  expect(roundTrip(value)).toEqual(value);
  expect(Object.is((roundTrip([-0]) as number[])[0], -0)).toBe(true);
  expect(storeValue(value)!.arrays).toHaveLength(3);
});

it('does not store functions, symbols, classes or unknown arrays', () => {
  class Own {}
  for (const notData of [
    () => 1,
    Symbol('x'),
    new Own(),
    new Map(),
    new Date(0),
    { [Symbol('x')]: 1 },
    new Float64Array(1),
  ])
    expect(storeValue([{ deep: notData }])).toBeUndefined();
});

it('does not store a value that contains itself', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  expect(storeValue(cycle)).toBeUndefined();
});

it('throws for structures that it did not write', () => {
  for (const json of ['["array",0]', '["unknown"]', '{', '[[1]]'])
    expect(() => restoreValue({ json, arrays: [] })).toThrow();
});
