import { describe, expect, it } from 'vitest';
import { parseFloatAsPython, parseWeights } from './prompt-weights.ts';

describe('parseFloatAsPython', () => {
  it.each<[text: string, value: number | undefined]>([
    [' 1.3 ', 1.3],
    ['.5', 0.5],
    ['2.', 2],
    ['1e-1', 0.1],
    ['+1_000.5', 1000.5],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['NaN', Number.NaN],
    ['１．５', undefined],
    ['١.٥', 1.5],
    ['1__0', undefined],
    ['', undefined],
    ['.', undefined],
    ['0x10', undefined],
    ['1,5', undefined],
  ])('reads %o as %o, like float()', (text, value) => {
    expect(parseFloatAsPython(text)).toBe(value);
  });
});

it('reads long texts in linear time', () => {
  const digits = '1'.repeat(200_000);
  expect(parseFloatAsPython(`${digits}x`)).toBeUndefined();
  expect(parseFloatAsPython(`${' '.repeat(200_000)}x`)).toBeUndefined();
  expect(parseWeights(`(a:${digits}x)`)).toHaveLength(1);
});

describe('parseWeights', () => {
  it('reads many parentheses in linear time, and refuses deep ones', () => {
    const nested = (levels: number): string => `${'('.repeat(levels)}a${')'.repeat(levels)}`;
    expect(parseWeights(nested(1000))).toEqual([{ text: 'a', weight: expect.any(Number) }]);
    expect(parseWeights(`${nested(900)} `.repeat(200))).toHaveLength(400);
    expect(parseWeights('(a'.repeat(200_000))).toHaveLength(1);
    expect(() => parseWeights(nested(100_000))).toThrow('nested deeper than 1000');
    expect(() => parseWeights('('.repeat(3000) + ')'.repeat(2000))).toThrow('nested deeper than');
  });

  it('closes an open parenthesis with the last one of the text', () => {
    expect(parseWeights('((a) b)')).toEqual([
      { text: 'a', weight: 1.1 * 1.1 },
      { text: ' b', weight: 1.1 },
    ]);
    expect(parseWeights('((a:2)')).toEqual([{ text: '(a', weight: 2 }]);
  });

  it('finds no group after a surplus closing parenthesis', () => {
    expect(parseWeights('a) (b:2) c')).toEqual([{ text: 'a) (b:2) c', weight: 1 }]);
  });
});
