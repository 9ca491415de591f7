// Formulas of ComfyMathExpression.
import { evaluateExpression } from '../../../src/text/python-expression/evaluate.ts';
import { ExpressionError } from '../../../src/text/python-expression/values.ts';
import type { FuzzTarget } from '../target.ts';

const VALUES = new Map<string, bigint | number>([
  ['a', 5n],
  ['b', 2.5],
]);

export const target: FuzzTarget = {
  run: (input) => void evaluateExpression(input.toString('utf8'), VALUES),
  seeds: () => [
    'max(a, b) ** 2 // 3 if a > b else -round(b, 1)',
    'sum([a, 1.5, 0x1f]) % 7 and not a in [1, 2]',
    '"x" * 3 + str(a) == "xxx5"',
  ],
  dictionary: [
    '**',
    '//',
    '<<',
    ' if ',
    ' else ',
    ' not ',
    ' in ',
    '1e308',
    '0b1',
    'sqrt(',
    'pow(',
  ],
  expected: (error) => error instanceof ExpressionError,
};
