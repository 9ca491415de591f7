// The functions of expressions: those that ComfyUI's Math Expression node has.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_math.py; Python's builtins and math.
import { bitLength, cos, ln, log2, quotient, sin, tan } from '../../tensor/exact-functions.ts';
import { roundedDecimals, roundedQuotient } from '../exact-rounding.ts';
import { parseFloatText, parseIntegerText } from '../python-numbers.ts';
import { BINARY, COMPARISONS, limitedPower } from './arithmetic.ts';
import {
  fail,
  floatArgument,
  floatOf,
  integerOf,
  type PythonFunction,
  type PythonValue,
  textOf,
  truncated,
  typeOf,
} from './values.ts';

type Arguments = readonly PythonValue[];

/** A function of `from` to `to` arguments. */
const named = (
  name: string,
  [from, to]: readonly [number, number],
  f: (...args: Arguments) => PythonValue,
): PythonFunction => ({
  name,
  call: (...args) => {
    if (args.length < from || args.length > to)
      return fail(
        `${name}() takes ${from === to ? from : `${from} to ${to}`} arguments, not ${args.length}`,
      );
    return f(...args);
  },
});

const MANY = Number.POSITIVE_INFINITY;

/** The items of the only argument, or the arguments. */
const itemsOf = (name: string, args: Arguments): Arguments => {
  if (args.length !== 1) return args;
  const [only] = args;
  return Array.isArray(only) ? only : fail(`'${typeOf(only)}' object is not iterable in ${name}()`);
};

const sum = (...args: Arguments): PythonValue => {
  const [only] = args;
  if (args.length === 1 && typeof only === 'string')
    return fail("unsupported operand type(s) for +: 'int' and 'str'");
  const items = args.length === 1 && Array.isArray(only) ? (only as Arguments) : args;
  return items.reduce((total, item) => BINARY['+'](total, item), 0n);
};

const extreme =
  (name: string, symbol: '<' | '>') =>
  (...args: Arguments): PythonValue => {
    const items = itemsOf(name, args);
    if (items.length === 0) return fail(`${name}() arg is an empty sequence`);
    return items.reduce((best, item) => (COMPARISONS[symbol](item, best) ? item : best));
  };

function absolute(value: PythonValue): PythonValue {
  const integer = integerOf(value);
  if (integer !== undefined) return integer < 0n ? -integer : integer;
  return typeof value === 'number'
    ? Math.abs(value)
    : fail(`bad operand type for abs(): '${typeOf(value)}'`);
}

/** Doubles have no more decimals, and are no larger. */
const MAX_DECIMALS = 330n;

function round(value: PythonValue, decimals: PythonValue = null): PythonValue {
  const digits =
    decimals === null
      ? undefined
      : (integerOf(decimals) ??
        fail(`'${typeOf(decimals)}' object cannot be interpreted as an integer`));
  const integer = integerOf(value);
  if (integer !== undefined) {
    if (digits === undefined || digits >= 0n) return integer;
    if (-digits > MAX_DECIMALS) return 0n;
    const unit = 10n ** -digits;
    return roundedQuotient(integer, unit) * unit;
  }
  if (typeof value !== 'number')
    return fail(`type ${typeOf(value)} doesn't define __round__ method`);
  if (digits === undefined) {
    truncated(value);
    return roundedDecimals(value, 0);
  }
  if (!Number.isFinite(value) || digits > MAX_DECIMALS) return value;
  if (-digits > MAX_DECIMALS) return value < 0 ? -0 : 0;
  const scaled = roundedDecimals(value, Number(digits));
  const rounded = Number(`${scaled}e${-digits}`);
  return scaled === 0n && (value < 0 || Object.is(value, -0)) ? -0 : rounded;
}

const toInteger =
  (ofFloat: (x: number) => number) =>
  (value: PythonValue): PythonValue =>
    integerOf(value) ?? truncated(ofFloat(floatArgument(value)));

const DOMAIN = 'math domain error';

/** A positive number for a logarithm: integers may be larger than floats. */
function logArgument(value: PythonValue): bigint | number {
  const integer = integerOf(value);
  if (integer !== undefined) return integer > 0n ? integer : fail(DOMAIN);
  const x = floatArgument(value);
  return x > 0 || Number.isNaN(x) ? x : fail(DOMAIN);
}

const logarithm =
  (f: (x: number) => number) =>
  (value: PythonValue): number => {
    const argument = logArgument(value);
    const x = Number(argument);
    if (Number.isFinite(x)) return f(x);
    if (typeof argument === 'number') return x;
    // an int that is no double, as Python does it: fraction and power of two
    const exponent = bitLength(argument);
    return f(quotient(argument, 1n << BigInt(exponent))) + f(2) * exponent;
  };

const naturalLog = logarithm(ln);

function log(value: PythonValue, base?: PythonValue): PythonValue {
  const top = naturalLog(value);
  return base === undefined ? top : BINARY['/'](top, naturalLog(base));
}

const trigonometric =
  (f: (x: number) => number) =>
  (value: PythonValue): number => {
    const x = floatArgument(value);
    if (Number.isNaN(x)) return x;
    return Number.isFinite(x) ? f(x) : fail(DOMAIN);
  };

function squareRoot(value: PythonValue): number {
  const x = floatArgument(value);
  return x < 0 ? fail(DOMAIN) : Math.sqrt(x);
}

function toFloat(value: PythonValue = 0): number {
  if (typeof value === 'string')
    return parseFloatText(value) ?? fail(`could not convert string to float: ${textOf(value)}`);
  return (
    floatOf(value) ??
    fail(`float() argument must be a string or a real number, not '${typeOf(value)}'`)
  );
}

function toInt(value: PythonValue = 0n): bigint {
  if (typeof value === 'string')
    return (
      parseIntegerText(value) ?? fail(`invalid literal for int() with base 10: ${textOf(value)}`)
    );
  if (typeof value === 'number') return truncated(value);
  return (
    integerOf(value) ??
    fail(
      `int() argument must be a string, a bytes-like object or a real number, not '${typeOf(value)}'`,
    )
  );
}

const ALL: readonly PythonFunction[] = [
  named('sum', [0, MANY], sum),
  named('min', [1, MANY], extreme('min', '<')),
  named('max', [1, MANY], extreme('max', '>')),
  named('abs', [1, 1], absolute),
  named('round', [1, 2], round),
  named('pow', [2, 2], limitedPower),
  named('sqrt', [1, 1], squareRoot),
  named('ceil', [1, 1], toInteger(Math.ceil)),
  named('floor', [1, 1], toInteger(Math.floor)),
  named('log', [1, 2], log),
  named('log2', [1, 1], logarithm(log2)),
  named('log10', [1, 1], logarithm(Math.log10)),
  named('sin', [1, 1], trigonometric(sin)),
  named('cos', [1, 1], trigonometric(cos)),
  named('tan', [1, 1], trigonometric(tan)),
  named('int', [0, 1], toInt),
  named('float', [0, 1], toFloat),
];

export const FUNCTIONS: ReadonlyMap<string, PythonFunction> = new Map(
  ALL.map((one) => [one.name, one]),
);
