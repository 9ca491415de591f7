// Numbers as Python's format() writes them, exactly rounded.
import { roundedDecimals } from '../exact-rounding.ts';

/** The digits of a positive number: `digits[0].digits[1]… * 10^exponent`. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

/** `%.{precision}f` of a finite number that is not negative. */
export function fixed(x: number, precision: number): string {
  const digits = String(roundedDecimals(x, precision)).padStart(precision + 1, '0');
  const point = digits.length - precision;
  return precision === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The first `count` digits of a finite number that is not negative. */
function decimal(x: number, count: number): Decimal {
  if (x === 0) return { digits: '0'.repeat(count), exponent: 0 };
  const estimate = Number(x.toExponential().split('e')[1]);
  const digits = String(roundedDecimals(x, count - 1 - estimate));
  // rounding up may add a digit
  return digits.length > count
    ? { digits: digits.slice(0, count), exponent: estimate + 1 }
    : { digits, exponent: estimate };
}

/** Digits without the zeros at their end, but one at least. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 1 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

const withExponent = (digits: string, exponent: number, alternate: boolean): string => {
  const sign = exponent < 0 ? '-' : '+';
  const power = String(Math.abs(exponent)).padStart(2, '0');
  const point = digits.length > 1 || alternate ? '.' : '';
  return `${digits[0]}${point}${digits.slice(1)}e${sign}${power}`;
};

/** `%.{precision}e` of a finite number that is not negative. */
export function exponential(x: number, precision: number, alternate: boolean): string {
  const { digits, exponent } = decimal(x, precision + 1);
  return withExponent(digits, exponent, alternate);
}

/**
 * `%.{precision}g` of a finite number that is not negative. With `point`, as format() does without
 * a type: at least one digit follows the point, and exponents begin one digit earlier.
 */
export function general(
  x: number,
  precision: number,
  { alternate = false, point = false }: { alternate?: boolean; point?: boolean },
): string {
  const count = Math.max(1, precision);
  const { digits: all, exponent } = decimal(x, count);
  const digits = alternate ? all : withoutZeros(all);
  if (exponent < -4 || exponent >= count - (point ? 1 : 0))
    return withExponent(digits, exponent, alternate);
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  if (fraction === '') return point ? `${whole}.0` : alternate ? `${whole}.` : whole;
  return `${whole}.${fraction}`;
}
