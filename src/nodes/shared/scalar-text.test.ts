import { expect, it } from 'vitest';
import { scalarText } from './scalar-text.ts';

it('is what Python prints', () => {
  // [str(x) for x in [float('inf'), float('-inf'), float('nan'), 8.0, 1e16, 0.1, -0.0]]
  expect(
    [Infinity, -Infinity, Number.NaN, 8, 1e16, 0.1, -0].map((x) => scalarText(x, 'FLOAT')),
  ).toEqual(['inf', '-inf', 'nan', '8.0', '1e+16', '0.1', '-0.0']);
  // the same of values that are no inputs of a FLOAT
  expect([Infinity, Number.NaN, 0.5].map((x) => scalarText(x, undefined))).toEqual([
    ...['inf', 'nan', '0.5'],
  ]);
  // [str(x) for x in [8, None, 'inf', True]]
  expect([8, null, 'inf', true].map((x) => scalarText(x, undefined))).toEqual([
    ...['8', 'None', 'inf', 'True'],
  ]);
});
