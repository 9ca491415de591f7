// Python's string methods: strings are sequences of code points, with Python's white space and case
// rules.

import * as ends from '../strip.ts';

/** The characters of str.isspace() as a text. */
const BLANKS =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006' +
  '\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

export const lstrip = (text: string): string => ends.stripStart(text, BLANKS);
export const rstrip = (text: string): string => ends.stripEnd(text, BLANKS);
export const strip = (text: string): string => ends.strip(text, BLANKS);

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

/** str.capitalize(): the first letter in title case (`ǆ` becomes `ǅ`), the rest in lower case. */
export const capitalize = (text: string): string => {
  const [first = '', ...rest] = text;
  return toTitleCase(first) + rest.join('').toLowerCase();
};

/** str.title(): capitalizes each run of cased letters. */
export const title = (text: string): string => text.replace(/\p{Cased}+/gu, capitalize);

const toTitleCase = (char: string): string => {
  const upper = char.toUpperCase();
  const [first, ...rest] = upper;
  if (rest.length > 0)
    return /\p{Cased}/u.test(first) ? first + rest.join('').toLowerCase() : upper;
  return TITLE_CASE.get(upper) ?? upper;
};

/** Letters whose title case differs from their upper case. */
const TITLE_CASE = new Map([
  ['Ǆ', 'ǅ'],
  ['Ǉ', 'ǈ'],
  ['Ǌ', 'ǋ'],
  ['Ǳ', 'ǲ'],
]);
