// @ts-check
// JSON whose numbers survive: seeds reach 2^64 - 1, and 8.0 is not 8. A number that JavaScript would print otherwise is kept as its text.

/** Before the text of a number. */
const MARK = '\u0001';
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const MARKED = /"\\u0001(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"/g;

/** @typedef {null | boolean | number | string | any[] | {[key: string]: any}} Json */

/** @param {string} text @returns {any} */
export const parse = (text) =>
  JSON.parse(
    text.replace(TOKEN, (token) =>
      token[0] === '"' || String(Number(token)) === token ? token : JSON.stringify(MARK + token),
    ),
  );

/** @param {unknown} value */
export const print = (value) => JSON.stringify(value).replace(MARKED, '$1');

/** A number from what was typed; undefined when it is none. @param {string} text @returns {Json | undefined} */
export const number = (text) => {
  const trimmed = text.trim().replace(',', '.');
  return NUMBER.test(trimmed) ? MARK + trimmed.replace(/^(-?)0+(?=\d)/, '$1') : undefined;
};

/** A value as people read it. @param {unknown} value */
export const shown = (value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text?.startsWith(MARK) ? text.slice(1).replace(/\.0+$/, '') : (text ?? '');
};
