// Templates of StringFormat.
import { formatString } from '../../../src/text/python-format/format-string.ts';
import { FormatError } from '../../../src/text/python-format/format-value.ts';
import type { FuzzTarget } from '../target.ts';

const VALUES = new Map<string, unknown>([
  ['a', 5n],
  ['b', 2.5],
  ['text', 'cat'],
  ['list', [1n, 'x']],
]);

export const target: FuzzTarget = {
  run: (input) => void formatString(input.toString('utf8'), VALUES),
  seeds: () => ['{a:>+08,d} {{b}} {b:.3e}', '{text!r:*^20} {list[1]}', '{b:{a}.{a}f} {a:#x}'],
  dictionary: ['{a', '{b:', '!r', '!s', ':>', '.2f', '%', ',d', '_x', '[0]', '}}'],
  expected: (error) => error instanceof FormatError,
};
