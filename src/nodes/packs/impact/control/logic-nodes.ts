// Values, comparisons and branches. Source: Impact Pack logics.py.
import { DarkroomError } from '../../../../errors.ts';
import { MAX_INTEGER_DIGITS } from '../../../../limits.ts';
import { byCodePoint } from '../../../../storage/folder-paths.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
  string,
} from '../../../declare.ts';
import { intValue } from '../../../shared/python-values.ts';
import { scalarText } from '../../../shared/scalar-text.ts';

const LOGIC = 'ImpactPack/Logic';
const TEST = 'ImpactPack/Logic/_for_test';
export const anyInput = () => socket('*');
export const optionalAnyInput = () => socket('*', { optional: true });
/** Python's sys.maxsize. */
export const MAXSIZE = 0x7fffffffffffffffn;
export const linkId = () => int({ default: 0, min: 0, max: MAXSIZE, step: 1 });
/** A 64-bit integer input, without the widget that changes seeds. */
export const int64 = (min: bigint, max: bigint) =>
  ({ ...seed({ min, max, default: 0 }), control_after_generate: false }) as const;

const isNumber = (value: unknown): value is number | bigint | boolean =>
  ['number', 'bigint', 'boolean'].includes(typeof value);
const numeric = (value: number | bigint | boolean): number | bigint =>
  typeof value === 'boolean' ? Number(value) : value;

/** Equality as in Python: 1 equals 1.0 and True; values of different types are not equal. */
function isEqual(a: unknown, b: unknown): boolean {
  if (!isNumber(a) || !isNumber(b)) return a === b;
  const [x, y] = [numeric(a), numeric(b)];
  return x >= y && x <= y;
}

/**
 * Below 0 if `a` is less than `b`, above 0 if it is greater, NaN if one of them is. Throws
 * DR_INPUT_INVALID for values that have no order.
 */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return byCodePoint(a, b);
  if (!isNumber(a) || !isNumber(b))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${describeValue(a)} and ${describeValue(b)} have no order`,
      hint: 'Compare two numbers or two texts.',
    });
  const [x, y] = [numeric(a), numeric(b)];
  return x < y ? -1 : x > y ? 1 : x >= y ? 0 : Number.NaN;
}

const describeValue = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (isNumber(value)) return `${value}`;
  return typeof value === 'string' ? 'a text' : 'a value that is neither a number nor a text';
};

const COMPARISONS: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  'a = b': isEqual,
  'a <> b': (a, b) => !isEqual(a, b),
  'a > b': (a, b) => compare(a, b) > 0,
  'a < b': (a, b) => compare(a, b) < 0,
  'a >= b': (a, b) => compare(a, b) >= 0,
  'a <= b': (a, b) => compare(a, b) <= 0,
  tt: () => true,
  ff: () => false,
};

const ImpactCompare = defineNode({
  type: 'ImpactCompare',
  display: 'ImpactCompare',
  category: LOGIC,
  inputs: { cmp: combo(Object.keys(COMPARISONS)), a: anyInput(), b: anyInput() },
  outputs: [output('BOOLEAN')],
  run: ({ cmp, a, b }) => outputs(COMPARISONS[cmp](a, b)),
});

const ImpactConditionalBranch = defineNode({
  type: 'ImpactConditionalBranch',
  display: 'ImpactConditionalBranch',
  category: LOGIC,
  description: 'Only the selected branch runs.',
  inputs: {
    cond: boolean(),
    tt_value: socket('*', { lazy: true }),
    ff_value: socket('*', { lazy: true }),
  },
  outputs: [output('*')],
  needs: ({ cond }) => [cond ? 'tt_value' : 'ff_value'],
  run: ({ cond, tt_value, ff_value }) => outputs(cond ? tt_value : ff_value),
});

const ImpactConditionalBranchSelMode = defineNode({
  type: 'ImpactConditionalBranchSelMode',
  display: 'ImpactConditionalBranchSelMode',
  category: LOGIC,
  description: 'Both branches run, unless sel_mode selects one before the run.',
  inputs: { cond: boolean(), tt_value: optionalAnyInput(), ff_value: optionalAnyInput() },
  outputs: [output('*')],
  prepare: {
    edit(id, prompt) {
      if (!prompt.input(id, 'sel_mode')) return;
      const cond = prompt.input(id, 'cond');
      const source = Array.isArray(cond) && cond.length === 2 ? String(cond[0]) : undefined;
      const isReceiver = source !== undefined && prompt.classType(source) === 'ImpactValueReceiver';
      const received =
        isReceiver && prompt.input(source, 'typ') === 'BOOLEAN'
          ? prompt.input(source, 'value')
          : undefined;
      const condition =
        source === undefined
          ? cond
          : typeof received === 'string'
            ? received.toLowerCase() === 'true'
            : undefined;
      if (condition !== undefined) prompt.set(id, condition ? 'ff_value' : 'tt_value', undefined);
    },
  },
  run: ({ cond, tt_value, ff_value }) => outputs(cond ? tt_value : ff_value),
});

const ImpactIfNone = defineNode({
  type: 'ImpactIfNone',
  display: 'ImpactIfNone',
  category: LOGIC,
  description: 'Whether any_input is connected.',
  inputs: { signal: optionalAnyInput(), any_input: optionalAnyInput() },
  outputs: [output('*', 'signal_opt'), output('BOOLEAN', 'bool')],
  run: ({ signal, any_input }) => outputs(signal, any_input !== undefined),
});

const ImpactConvertDataType = defineNode({
  type: 'ImpactConvertDataType',
  display: 'ImpactConvertDataType',
  category: LOGIC,
  description:
    'Converts a value to a text, a float, an integer and a boolean. ' +
    'False is 0; any other value that is not a number is 1.',
  inputs: { value: anyInput() },
  outputs: [output('STRING'), output('FLOAT'), output('INT'), output('BOOLEAN')],
  run({ value }, context) {
    const text = textOf(value, context.inputType('value'));
    const isDecimal = /^[-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)\n?$/.test(text);
    const number = isDecimal ? Number(text) : text.toLowerCase() === 'false' ? 0 : 1;
    const whole = typeof value === 'bigint' ? intValue(BigInt(number)) : Math.trunc(number) + 0;
    return outputs(text, number, whole, number !== 0);
  },
});

/** `str(value)`; an integer is printed as its socket type requires. */
export const textOf = (value: unknown, type: string | undefined): string =>
  scalarText(value, type) ??
  (Array.isArray(value)
    ? `[${value.map((item) => textOf(item, undefined)).join(', ')}]`
    : 'an object');

const OPERATORS: Readonly<Record<string, (a: boolean, b: boolean) => boolean>> = {
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  xor: (a, b) => a !== b,
};

const ImpactLogicalOperators = defineNode({
  type: 'ImpactLogicalOperators',
  display: 'ImpactLogicalOperators',
  category: LOGIC,
  inputs: {
    operator: combo(Object.keys(OPERATORS)),
    bool_a: boolean({ forceInput: true }),
    bool_b: boolean({ forceInput: true }),
  },
  outputs: [output('BOOLEAN')],
  run: ({ operator, bool_a, bool_b }) => outputs(OPERATORS[operator](bool_a, bool_b)),
});

const ImpactNeg = defineNode({
  type: 'ImpactNeg',
  display: 'ImpactNeg',
  category: LOGIC,
  inputs: { value: boolean({ forceInput: true }) },
  outputs: [output('BOOLEAN')],
  run: ({ value }) => outputs(!value),
});

const ImpactInt = defineNode({
  type: 'ImpactInt',
  display: 'ImpactInt',
  category: LOGIC,
  inputs: { value: int64(0n, MAXSIZE) },
  outputs: [output('INT')],
  run: ({ value }) => outputs(intValue(value)),
});

const MAX_FLOAT = 3.402823466e38;

const ImpactFloat = defineNode({
  type: 'ImpactFloat',
  display: 'ImpactFloat',
  category: LOGIC,
  inputs: { value: float({ default: 1, min: -MAX_FLOAT, max: MAX_FLOAT }) },
  outputs: [output('FLOAT')],
  run: ({ value }) => outputs(value),
});

const ImpactBoolean = defineNode({
  type: 'ImpactBoolean',
  display: 'ImpactBoolean',
  category: LOGIC,
  inputs: { value: boolean() },
  outputs: [output('BOOLEAN')],
  run: ({ value }) => outputs(value),
});

const ImpactMinMax = defineNode({
  type: 'ImpactMinMax',
  display: 'ImpactMinMax',
  category: TEST,
  inputs: {
    mode: boolean({ default: true, label_on: 'max', label_off: 'min' }),
    a: anyInput(),
    b: anyInput(),
  },
  outputs: [output('INT')],
  run: ({ mode, a, b }) =>
    outputs(((mode ? compare(b, a) > 0 : compare(b, a) < 0) ? b : a) as number | bigint),
});

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  STRING: (text) => text,
  INT: (text) => intValue(BigInt(parseNumber(text, /^[+-]?\d+(_\d+)*$/))),
  FLOAT: (text) =>
    Number(parseNumber(text, /^[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i)),
  BOOLEAN: (text) => text.toLowerCase() === 'true',
};

function parseNumber(text: string, pattern: RegExp): string {
  const trimmed = text.trim();
  if (trimmed.length <= MAX_INTEGER_DIGITS && pattern.test(trimmed))
    return trimmed.replace(/^\+|_/g, '');
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `'${text.slice(0, 100)}' is not a number of the type that typ selects`,
    hint: 'Enter a number, or select STRING as typ.',
    input: 'value',
  });
}

const ImpactValueReceiver = defineNode({
  type: 'ImpactValueReceiver',
  display: 'ImpactValueReceiver',
  category: LOGIC,
  description: 'A value that the editor sets when a sender with the same link_id sends one.',
  inputs: {
    typ: combo(['STRING', 'INT', 'FLOAT', 'BOOLEAN']),
    value: string({ default: '' }),
    link_id: linkId(),
  },
  outputs: [output('*')],
  run: ({ typ, value }) => outputs(PARSERS[typ](value)),
});

export const LOGIC_NODES: readonly NodeDeclaration[] = [
  ImpactCompare,
  ImpactConditionalBranch,
  ImpactConditionalBranchSelMode,
  ImpactIfNone,
  ImpactConvertDataType,
  ImpactLogicalOperators,
  ImpactNeg,
  ImpactInt,
  ImpactFloat,
  ImpactBoolean,
  ImpactMinMax,
  ImpactValueReceiver,
];
