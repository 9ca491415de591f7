// Strings as Python sees them: sequences of code points, with its white space and its letters' case.

/** str.isspace(), inside brackets. */
export const SPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const LEFT = new RegExp(`^[${SPACE}]+`, 'u');
const RIGHT = new RegExp(`[${SPACE}]+$`, 'u');

export const lstrip = (text: string): string => text.replace(LEFT, '');
export const rstrip = (text: string): string => text.replace(RIGHT, '');
export const strip = (text: string): string => lstrip(rstrip(text));

/** len(text) */
export const length = (text: string): number => Array.from(text).length;

/** text[start:end] */
export const slice = (text: string, start: number, end: number): string =>
  Array.from(text).slice(start, end).join('');

/** text.replace(find, by) */
export const replace = (text: string, find: string, by: string): string =>
  find === ''
    ? `${by}${Array.from(text, (char) => char + by).join('')}`
    : text.split(find).join(by);

/** The first letter as a title has it (`ǆ` becomes `ǅ`), the rest small. */
export const capitalize = (text: string): string => {
  const [first = '', ...rest] = text;
  return titled(first) + rest.join('').toLowerCase();
};

/** Each run of letters with case begins with a capital and goes on small. */
export const title = (text: string): string => text.replace(/\p{Cased}+/gu, capitalize);

const titled = (char: string): string => {
  const upper = char.toUpperCase();
  const [first, ...rest] = upper;
  if (rest.length > 0)
    return /\p{Cased}/u.test(first) ? first + rest.join('').toLowerCase() : upper;
  return TITLES.get(upper) ?? upper;
};

/** Letters whose form in titles is neither great nor small. */
const TITLES = new Map([
  ['Ǆ', 'ǅ'],
  ['Ǉ', 'ǈ'],
  ['Ǌ', 'ǋ'],
  ['Ǳ', 'ǲ'],
]);
