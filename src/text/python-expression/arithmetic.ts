// Operators of Python on numbers, texts and lists, with the limits of simpleeval.
import { bitLength, power, quotient } from '../../tensor/exact-functions.ts';
import { fail, floatOf, integerOf, isTrue, type PythonValue, textOf, typeOf } from './values.ts';

type Operator = (a: PythonValue, b: PythonValue) => PythonValue;

/** Texts and lists may not become longer. */
export const MAX_LENGTH = 100_000;
const MAX_POWER = 4_000_000;
const MAX_SHIFT = 10_000n;
/** Integers may not become longer. Python has no such limit, but takes its time. */
const MAX_BITS = 200_000;

const unsupported = (symbol: string, a: PythonValue, b: PythonValue): never =>
  fail(`unsupported operand type(s) for ${symbol}: '${typeOf(a)}' and '${typeOf(b)}'`);

/** An operator of numbers: on two ints, else on two floats. */
const numeric =
  (
    symbol: string,
    ofIntegers: (a: bigint, b: bigint) => PythonValue,
    ofFloats: (a: number, b: number) => PythonValue,
  ): Operator =>
  (a, b) => {
    const [m, n] = [integerOf(a), integerOf(b)];
    if (m !== undefined && n !== undefined) return ofIntegers(m, n);
    const [x, y] = [floatOf(a), floatOf(b)];
    return x === undefined || y === undefined ? unsupported(symbol, a, b) : ofFloats(x, y);
  };

const integers =
  (symbol: string, f: (a: bigint, b: bigint) => bigint): Operator =>
  (a, b) => {
    const [m, n] = [integerOf(a), integerOf(b)];
    return m === undefined || n === undefined ? unsupported(symbol, a, b) : f(m, n);
  };

/** An operator whose result for two bools is a bool. */
const bitwise = (symbol: string, f: (a: bigint, b: bigint) => bigint): Operator => {
  const ofIntegers = integers(symbol, f);
  return (a, b) =>
    typeof a === 'boolean' && typeof b === 'boolean' ? ofIntegers(a, b) !== 0n : ofIntegers(a, b);
};

const isSequence = (value: PythonValue): value is string | readonly PythonValue[] =>
  typeof value === 'string' || Array.isArray(value);

const checkLength = (length: number | bigint): void => {
  if (length > MAX_LENGTH) fail('Sorry, I will not evaluate something that long.');
};

const addNumbers = numeric(
  '+',
  (a, b) => a + b,
  (a, b) => a + b,
);

function add(a: PythonValue, b: PythonValue): PythonValue {
  if (isSequence(a) && isSequence(b)) checkLength(a.length + b.length);
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  return addNumbers(a, b);
}

const multiplyNumbers = numeric(
  '*',
  (a, b) => {
    if (bitLength(a) + bitLength(b) > MAX_BITS) fail('the number is too large');
    return a * b;
  },
  (a, b) => a * b,
);

function multiply(a: PythonValue, b: PythonValue): PythonValue {
  if (isSequence(b) && !isSequence(a)) return multiply(b, a);
  if (!isSequence(a)) return multiplyNumbers(a, b);
  const times = integerOf(b) ?? fail(`can't multiply sequence by non-int of type '${typeOf(b)}'`);
  checkLength(times * BigInt(a.length));
  const count = Number(times < 0n ? 0n : times);
  return typeof a === 'string'
    ? a.repeat(count)
    : Array.from({ length: count }, () => a as readonly PythonValue[]).flat();
}

const divide = numeric(
  '/',
  (a, b) => {
    if (b === 0n) return fail('division by zero');
    const result = b < 0n ? quotient(-a, -b) : quotient(a, b);
    return Number.isFinite(result) ? result : fail('integer division result too large for a float');
  },
  (a, b) => (b === 0 ? fail('float division by zero') : a / b),
);

/** The remainder with the sign of the divisor, and the rounded-down quotient. */
function floatDivision(a: number, b: number): { readonly whole: number; readonly rest: number } {
  const remainder = a % b;
  const hasOtherSign = remainder !== 0 && b < 0 !== remainder < 0;
  const rest = hasOtherSign ? remainder + b : remainder;
  const ratio = (a - remainder) / b - (hasOtherSign ? 1 : 0);
  const floor = Math.floor(ratio);
  const whole = ratio - floor > 0.5 ? floor + 1 : floor;
  const zero = b < 0 ? -0 : 0;
  return {
    whole: ratio === 0 ? (a / b < 0 || Object.is(a / b, -0) ? -0 : 0) : whole,
    rest: remainder === 0 ? zero : rest,
  };
}

const floorDivide = numeric(
  '//',
  (a, b) => {
    if (b === 0n) return fail('integer division or modulo by zero');
    const whole = a / b;
    return a % b !== 0n && a < 0n !== b < 0n ? whole - 1n : whole;
  },
  (a, b) => (b === 0 ? fail('float floor division by zero') : floatDivision(a, b).whole),
);

const modulo = numeric(
  '%',
  (a, b) => {
    if (b === 0n) return fail('integer division or modulo by zero');
    const rest = a % b;
    return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
  },
  (a, b) => (b === 0 ? fail('float modulo') : floatDivision(a, b).rest),
);

function floatPower(base: number, exponent: number): number {
  if (exponent === 0 || base === 1) return 1;
  if (base === 0 && exponent < 0) return fail('0.0 cannot be raised to a negative power');
  if (!Number.isFinite(base) || !Number.isFinite(exponent) || base === 0) {
    // JavaScript has NaN where C has 1
    return base === -1 && !Number.isNaN(exponent) ? 1 : base ** exponent;
  }
  const isWhole = Number.isInteger(exponent);
  if (base < 0 && !isWhole) return fail('the result is a complex number');
  const size = power(Math.abs(base), exponent);
  if (!Number.isFinite(size)) return fail("(34, 'Numerical result out of range')");
  return base < 0 && Math.abs(exponent % 2) === 1 ? -size : size;
}

const powerOf = numeric(
  '** or pow()',
  (a, b) => {
    if (b < 0n) {
      if (a === 0n) return fail('0.0 cannot be raised to a negative power');
      return floatPower(Number(a), Number(b));
    }
    if (a > 1n || a < -1n) {
      const bits = BigInt(bitLength(a)) * b;
      if (bits > MAX_BITS) return fail('the number is too large');
    }
    return a ** b;
  },
  floatPower,
);

/** pow() with a limited exponent, as ComfyUI's node has it. */
export function limitedPower(base: PythonValue, exponent: PythonValue): PythonValue {
  const size = floatOf(exponent);
  if (size !== undefined && Math.abs(size) > MAX_EXPONENT)
    return fail(`Exponent ${textOf(exponent)} exceeds maximum allowed (${MAX_EXPONENT})`);
  return powerOf(base, exponent);
}
const MAX_EXPONENT = 4000;

function safePower(a: PythonValue, b: PythonValue): PythonValue {
  const isHigh = (x: PythonValue): boolean =>
    (typeof x === 'bigint' || typeof x === 'number') && (x > MAX_POWER || x < -MAX_POWER);
  if (isHigh(a) || isHigh(b))
    return fail(`Sorry! I don't want to evaluate ${textOf(a)} ** ${textOf(b)}`);
  return powerOf(a, b);
}

const shift = (symbol: string, f: (a: bigint, b: bigint) => bigint): Operator =>
  integers(symbol, (a, b) => {
    if (b > MAX_SHIFT || bitLength(a) > 1024) return fail('the shift is too large');
    return b < 0n ? fail('negative shift count') : f(a, b);
  });

export const BINARY: Readonly<Record<string, Operator>> = {
  '+': add,
  '-': numeric(
    '-',
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': multiply,
  '/': divide,
  '//': floorDivide,
  '%': (a, b) =>
    typeof a === 'string' ? fail('formatting with % is not available') : modulo(a, b),
  '**': safePower,
  '<<': shift('<<', (a, b) => a << b),
  '>>': shift('>>', (a, b) => a >> b),
  '&': bitwise('&', (a, b) => a & b),
  '|': bitwise('|', (a, b) => a | b),
  '^': bitwise('^', (a, b) => a ^ b),
};

const negate = (value: PythonValue, symbol: string): PythonValue => {
  const integer = integerOf(value);
  if (integer !== undefined) return symbol === '-' ? -integer : integer;
  if (typeof value === 'number') return symbol === '-' ? -value : value;
  return fail(`bad operand type for unary ${symbol}: '${typeOf(value)}'`);
};

export const UNARY: Readonly<Record<string, (value: PythonValue) => PythonValue>> = {
  '-': (value) => negate(value, '-'),
  '+': (value) => negate(value, '+'),
  '~': (value) => {
    const integer = integerOf(value);
    return integer === undefined
      ? fail(`bad operand type for unary ~: '${typeOf(value)}'`)
      : ~integer;
  },
  not: (value) => !isTrue(value),
};

/** Python's `==`; of functions, whether they are the same. */
export function areEqual(a: PythonValue, b: PythonValue): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => areEqual(item, b[i]));
  const [x, y] = [comparable(a), comparable(b)];
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1 compares an int and a float exactly
  return x !== undefined && y !== undefined ? x == y : a === b;
}

/** A number for comparisons, which are exact between ints and floats. */
const comparable = (value: PythonValue): bigint | number | undefined =>
  typeof value === 'number' ? value : integerOf(value);

const ordering =
  (symbol: string, test: (order: number) => boolean): Operator =>
  (a, b) => {
    const order = orderOf(a, b);
    return order === undefined
      ? fail(`'${symbol}' not supported between instances of '${typeOf(a)}' and '${typeOf(b)}'`)
      : test(order);
  };

/** Below, at or above 0, NaN for NaN; undefined for values without an order. */
function orderOf(a: PythonValue, b: PythonValue): number | undefined {
  const [x, y] = [comparable(a), comparable(b)];
  if (x !== undefined && y !== undefined)
    return x < y ? -1 : x > y ? 1 : Number.isNaN(x) || Number.isNaN(y) ? Number.NaN : 0;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (!Array.isArray(a) || !Array.isArray(b)) return undefined;
  const different = a.findIndex((item, i) => i >= b.length || !areEqual(item, b[i]));
  if (different < 0) return a.length < b.length ? -1 : 0;
  return different < b.length ? orderOf(a[different], b[different]) : 1;
}

function contains(item: PythonValue, container: PythonValue): boolean {
  if (Array.isArray(container)) return container.some((one) => areEqual(one, item));
  if (typeof container !== 'string')
    return fail(`argument of type '${typeOf(container)}' is not iterable`);
  return typeof item === 'string'
    ? container.includes(item)
    : fail(`'in <string>' requires string as left operand, not ${typeOf(item)}`);
}

const isSame: Operator = (a, b) => typeOf(a) === typeOf(b) && areEqual(a, b);

export const COMPARISONS: Readonly<Record<string, Operator>> = {
  '==': areEqual,
  '!=': (a, b) => !areEqual(a, b),
  '<': ordering('<', (order) => order < 0),
  '<=': ordering('<=', (order) => order <= 0),
  '>': ordering('>', (order) => order > 0),
  '>=': ordering('>=', (order) => order >= 0),
  in: contains,
  'not in': (a, b) => !contains(a, b),
  is: isSame,
  'is not': (a, b) => !isSame(a, b),
};
