// Constants of SeargeSDXL and arithmetic on them: integers, floats, texts. Integers are Python's:
// exact at any size, with division rounded down.
// Source: SeargeSDXL modules/_legacy.py.
import { DarkroomError } from '../../../errors.ts';
import { combo, defineNode, float, int, output, outputs, string } from '../../declare.ts';
import { intValue } from '../../shared/python-values.ts';
import { wideInt } from './parameter-choices.ts';

const INTEGERS = 'Searge/_deprecated_/Integers';
const FLOATS = 'Searge/_deprecated_/Floats';
const OPERATIONS = ['a * b + c', 'a + c', 'a - c', 'a * b', 'a / b'] as const;

/** A float input without bounds. */
const anyFloat = (initial = 0) =>
  float({
    default: initial,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
    step: 0.01,
  });

const divisionByZero = (input: string): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: `division by zero: ${input} is 0`,
    hint: `Set ${input} to another value.`,
    input,
  });

/** a // b */
function floorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw divisionByZero('b');
  return a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);
}

const INTEGER_MATH: Readonly<
  Record<(typeof OPERATIONS)[number], (a: bigint, b: bigint, c: bigint) => bigint>
> = {
  'a * b + c': (a, b, c) => a * b + c,
  'a + c': (a, _, c) => a + c,
  'a - c': (a, _, c) => a - c,
  'a * b': (a, b) => a * b,
  'a / b': floorDivide,
};

const FLOAT_MATH: Readonly<
  Record<(typeof OPERATIONS)[number], (a: number, b: number, c: number) => number>
> = {
  'a * b + c': (a, b, c) => a * b + c,
  'a + c': (a, _, c) => a + c,
  'a - c': (a, _, c) => a - c,
  'a * b': (a, b) => a * b,
  'a / b': (a, b) => {
    if (b === 0) throw divisionByZero('b');
    return a / b;
  },
};

/** Python's a // b of floats, exact for multiples of b although a / b is rounded. */
function floatFloorDivide(a: number, b: number): number {
  const rest = a % b;
  const quotient = (a - rest) / b - (rest !== 0 && rest < 0 !== b < 0 ? 1 : 0);
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/**
 * value * factor, rounded down to a multiple. Throws DR_INPUT_INVALID for multiple 0 and for
 * products that are not finite.
 */
export function scaleInteger(value: bigint, factor: number, multiple: number): number | bigint {
  if (multiple === 0) throw divisionByZero('multiple_of');
  const count = floatFloorDivide(Number(value) * factor, multiple);
  if (!Number.isFinite(count))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${value} times ${factor} is not finite`,
      hint: 'Use a smaller factor.',
      input: 'factor',
    });
  return intValue(BigInt(count) * BigInt(multiple));
}

const SeargeIntegerConstant = defineNode({
  type: 'SeargeIntegerConstant',
  display: 'Integer Constant',
  category: INTEGERS,
  inputs: { value: wideInt() },
  outputs: [output('INT', 'value')],
  run: ({ value }) => outputs(intValue(value)),
});

const SeargeIntegerPair = defineNode({
  type: 'SeargeIntegerPair',
  display: 'Integer Pair',
  category: INTEGERS,
  inputs: { value1: wideInt(), value2: wideInt() },
  outputs: [output('INT', 'value 1'), output('INT', 'value 2')],
  run: ({ value1, value2 }) => outputs(intValue(value1), intValue(value2)),
});

const SeargeIntegerMath = defineNode({
  type: 'SeargeIntegerMath',
  display: 'Integer Math',
  category: INTEGERS,
  inputs: {
    op: combo(OPERATIONS, { default: 'a * b + c' }),
    a: wideInt(),
    b: wideInt(1),
    c: wideInt(),
  },
  outputs: [output('INT', 'result')],
  run: ({ op, a, b, c }) => outputs(intValue(INTEGER_MATH[op](a, b, c))),
});

const SeargeIntegerScaler = defineNode({
  type: 'SeargeIntegerScaler',
  display: 'Integer Scaler',
  category: INTEGERS,
  inputs: {
    value: wideInt(),
    factor: anyFloat(1),
    multiple_of: int({ default: 1, min: 0, max: 65536 }),
  },
  outputs: [output('INT', 'value')],
  run: ({ value, factor, multiple_of }) => outputs(scaleInteger(value, factor, multiple_of)),
});

const SeargeFloatConstant = defineNode({
  type: 'SeargeFloatConstant',
  display: 'Float Constant',
  category: FLOATS,
  inputs: { value: anyFloat() },
  outputs: [output('FLOAT', 'value')],
  run: ({ value }) => outputs(value),
});

const SeargeFloatPair = defineNode({
  type: 'SeargeFloatPair',
  display: 'Float Pair',
  category: FLOATS,
  inputs: { value1: anyFloat(), value2: anyFloat() },
  outputs: [output('FLOAT', 'value 1'), output('FLOAT', 'value 2')],
  run: ({ value1, value2 }) => outputs(value1, value2),
});

const SeargeFloatMath = defineNode({
  type: 'SeargeFloatMath',
  display: 'Float Math',
  category: FLOATS,
  inputs: {
    op: combo(OPERATIONS, { default: 'a * b + c' }),
    a: anyFloat(),
    b: anyFloat(1),
    c: anyFloat(),
  },
  outputs: [output('FLOAT', 'result')],
  run: ({ op, a, b, c }) => outputs(FLOAT_MATH[op](a, b, c)),
});

const text = (initial: string, multiline: boolean) => string({ default: initial, multiline });

const SeargePromptText = defineNode({
  type: 'SeargePromptText',
  display: 'Prompt text input',
  category: 'Searge/_deprecated_/Prompting',
  inputs: { prompt: text('', true) },
  outputs: [output('STRING', 'prompt')],
  run: ({ prompt }) => outputs(prompt),
});

const SeargePromptCombiner = defineNode({
  type: 'SeargePromptCombiner',
  display: 'Prompt combiner',
  category: 'Searge/_deprecated_/Prompting',
  inputs: { prompt1: text('', true), separator: text(', ', false), prompt2: text('', true) },
  outputs: [output('STRING', 'combined prompt')],
  run: ({ prompt1, separator, prompt2 }) =>
    outputs([prompt1, prompt2].filter((prompt) => prompt !== '').join(separator)),
});

export const SEARGE_VALUE_NODES = [
  SeargeIntegerConstant,
  SeargeIntegerPair,
  SeargeIntegerMath,
  SeargeIntegerScaler,
  SeargeFloatConstant,
  SeargeFloatPair,
  SeargeFloatMath,
  SeargePromptText,
  SeargePromptCombiner,
];
