// Converts and prints the values of a prompt as Python does; ComfyUI's validation messages contain
// them.

import { entriesOf, isPyFloat, type Json, pyFloat } from '../../formats/json.ts';
import { MAX_INTEGER_DIGITS } from '../../limits.ts';
import { intValue } from '../../nodes/shared/python-values.ts';
import { digitsOf, integerText, parseFloatText } from '../../text/python-numbers.ts';
import { floatRepr, textRepr as quote } from '../../text/python-repr.ts';

/** An exception that Python would raise, with its own message. */
export class PythonError extends Error {
  /** Qualified name of the Python class. */
  readonly type: string;
  /** What went wrong, for the user. */
  readonly explanation: string;
  /** What the user can do. */
  readonly hint?: string;
  constructor(type: string, message: string, explanation = message, hint?: string) {
    super(message);
    this.type = type;
    this.explanation = explanation;
    this.hint = hint;
  }
}

/** `type(value).__name__` */
export function typeName(value: Json): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (isPyFloat(value)) return 'float';
  return Array.isArray(value) ? 'list' : 'dict';
}

/** `str(value)` */
export const str = (value: Json): string => (typeof value === 'string' ? value : repr(value));

/** `repr(value)` */
export function repr(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? String(value) : floatRepr(value);
  if (isPyFloat(value)) return floatRepr(value.float);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  return `{${entriesOf(value)
    .map(([key, item]) => `${quote(key)}: ${repr(item)}`)
    .join(', ')}}`;
}

/** `int(value)`: truncates floats and parses digits. Throws PythonError. */
export function toInt(value: Json): number | bigint {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return truncate(value);
  if (isPyFloat(value)) return truncate(value.float);
  if (typeof value === 'string') {
    const integer = integerText(value);
    if (integer === undefined)
      throw new PythonError(
        'ValueError',
        `invalid literal for int() with base 10: ${quote(value)}`,
      );
    const count = digitsOf(integer);
    if (count > MAX_INTEGER_DIGITS)
      throw new PythonError(
        'ValueError',
        `Exceeds the limit (${MAX_INTEGER_DIGITS} digits) for integer string conversion: ` +
          `value has ${count} digits; use sys.set_int_max_str_digits() to increase the limit`,
        `an integer of more than ${MAX_INTEGER_DIGITS} digits`,
      );
    return intValue(BigInt(integer));
  }
  throw new PythonError(
    'TypeError',
    'int() argument must be a string, a bytes-like object or a real number, ' +
      `not '${typeName(value)}'`,
  );
}

function truncate(x: number): number | bigint {
  if (Number.isNaN(x)) throw new PythonError('ValueError', 'cannot convert float NaN to integer');
  if (!Number.isFinite(x))
    throw new PythonError('OverflowError', 'cannot convert float infinity to integer');
  const whole = Math.trunc(x) + 0;
  return Number.isSafeInteger(whole) ? whole : BigInt(whole);
}

/** `float(value)`. Throws PythonError. */
export function toFloat(value: Json): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  if (isPyFloat(value)) return value.float;
  if (typeof value === 'bigint') {
    const x = Number(value);
    if (!Number.isFinite(x))
      throw new PythonError('OverflowError', 'int too large to convert to float');
    return x;
  }
  if (typeof value === 'string') {
    const x = parseFloatText(value);
    if (x === undefined)
      throw new PythonError('ValueError', `could not convert string to float: ${quote(value)}`);
    return x;
  }
  throw new PythonError(
    'TypeError',
    `float() argument must be a string or a real number, not '${typeName(value)}'`,
  );
}

/** `bool(value)` */
export function toBool(value: Json): boolean {
  if (value === null || typeof value === 'boolean') return value === true;
  if (typeof value === 'string') return value.length > 0;
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'number') return value !== 0;
  if (isPyFloat(value)) return value.float !== 0;
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}

/** A float as a prompt contains it: printed with `.0` when integral. */
export const floatJson = (x: number): Json => (Number.isInteger(x) ? pyFloat(x) : x);
