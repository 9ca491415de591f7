// Expressions that are hostile or too large end with a sentence, at once.
import { expect, it } from 'vitest';
import { computedMs } from '../../../test/support/computed-time.ts';
import { evaluateExpression } from './evaluate.ts';
import { ExpressionError } from './values.ts';

const evaluate = (text: string) => evaluateExpression(text, new Map([['a', 5n]]));

it.each([
  'constructor',
  '__proto__',
  'toString()',
  'hasOwnProperty("a")',
  'a.constructor',
  'a["constructor"]',
  '"".constructor',
  'max.call(1)',
  'values',
  '(max)(1, 2)',
])('%s reaches nothing of JavaScript', (text) => {
  expect(() => evaluate(text)).toThrow(ExpressionError);
});

it.each([
  '9 ** 4000000',
  '9 ** 9 ** 9 ** 9',
  '(2 ** 190000) * (2 ** 190000)',
  'pow(10 ** 100, 4000)',
  '"a" * 10 ** 9',
  '"a" * 99999 + "a" * 99999',
  '1 << 9999999',
  '('.repeat(50_000),
  `${'('.repeat(1000)}1${')'.repeat(1000)}`,
  `${'-'.repeat(50_000)}1`,
  `${'not '.repeat(20_000)}1`,
  '1+'.repeat(49_999).concat('1'),
  '2**'.repeat(30_000).concat('1'),
  '1 if 1 else '.repeat(8000).concat('1'),
  `max(${'1,'.repeat(49_000)}`,
  '1'.repeat(5000),
  '1'.repeat(200_000),
  `"${'\\'.repeat(99_000)}`,
])('expression %# ends at once', (text) => {
  const start = computedMs();
  expect(() => evaluate(text)).toThrow(ExpressionError);
  expect(computedMs() - start).toBeLessThan(1000);
});

it('the largest numbers that are allowed take little time', () => {
  const start = computedMs();
  expect(evaluate('(7 ** 60000) % 1000')).toBe(1n);
  expect(evaluate('round(1e308, -300) + sin(1e308) * 0')).toBe(1e308);
  expect(computedMs() - start).toBeLessThan(1000);
});
