// The values of Python expressions: bigint for int, number for float.
import { floatRepr } from '../python-repr.ts';

export type PythonValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly PythonValue[]
  | PythonFunction;

export interface PythonFunction {
  readonly name: string;
  readonly call: (...args: readonly PythonValue[]) => PythonValue;
}

/** What Python, or a limit of this evaluator, says about an expression. */
export class ExpressionError extends Error {}

export const fail = (message: string): never => {
  throw new ExpressionError(message);
};

/** `type(value).__name__` */
export function typeOf(value: PythonValue): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  const names: Record<string, string> = {
    boolean: 'bool',
    bigint: 'int',
    number: 'float',
    string: 'str',
  };
  return names[typeof value] ?? 'function';
}

/** `repr(value)`; long integers are shortened. */
export function textOf(value: PythonValue): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return floatRepr(value);
  if (typeof value === 'bigint') return shortened(String(value));
  if (typeof value === 'string') return `'${shortened(value)}'`;
  return Array.isArray(value) ? `[${value.map(textOf).join(', ')}]` : typeOf(value);
}

const MAX_TEXT = 60;
const shortened = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;

export function isTrue(value: PythonValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return Number.isNaN(value) || Boolean(value);
}

/** A bool or int as int; undefined for other values. */
export const integerOf = (value: PythonValue): bigint | undefined =>
  typeof value === 'boolean' ? BigInt(value) : typeof value === 'bigint' ? value : undefined;

/** A number as float; undefined for other values. */
export function floatOf(value: PythonValue): number | undefined {
  if (typeof value === 'number') return value;
  const integer = integerOf(value);
  if (integer === undefined) return undefined;
  const float = Number(integer);
  return Number.isFinite(float) ? float : fail('int too large to convert to float');
}

/** A number as float for the function `name`. */
export const floatArgument = (value: PythonValue): number =>
  floatOf(value) ?? fail(`must be real number, not ${typeOf(value)}`);

/** `int(x)` of a float */
export function truncated(x: number): bigint {
  if (Number.isNaN(x)) return fail('cannot convert float NaN to integer');
  if (!Number.isFinite(x)) return fail('cannot convert float infinity to integer');
  return BigInt(Math.trunc(x));
}
