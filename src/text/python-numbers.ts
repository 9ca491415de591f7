// How Python's int() and float() read texts.
import { MAX_INTEGER_DIGITS } from '../limits.ts';

const WORD = /^([+-]?)(inf|infinity|nan)$/i;
const FLOAT =
  /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const INTEGER = /^[+-]?\d+(?:_\d+)*$/;

/** `float(text)`; undefined for other texts. */
export function parseFloatText(text: string): number | undefined {
  const trimmed = text.trim();
  const word = WORD.exec(trimmed);
  if (word) {
    const size = word[2].toLowerCase() === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
    return word[1] === '-' ? -size : size;
  }
  return FLOAT.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : undefined;
}

/** The integer that a text is, of any length: its digits, after `-` if negative. */
export function integerText(text: string): string | undefined {
  const trimmed = text.trim();
  return INTEGER.test(trimmed) ? trimmed.replace(/[_+]/g, '') : undefined;
}

/** The number of digits of what integerText returns. */
export const digitsOf = (integer: string): number =>
  integer.length - (integer.startsWith('-') ? 1 : 0);

/** `int(text)`; undefined for other texts, and for integers with more digits than Python reads. */
export function parseIntegerText(text: string): bigint | undefined {
  const integer = integerText(text);
  return integer === undefined || digitsOf(integer) > MAX_INTEGER_DIGITS
    ? undefined
    : BigInt(integer);
}
