// JSON without loss of numbers: seeds reach 2^64 - 1, and 8.0 is not 8. A number that JavaScript
// would print differently is represented by a string: a mark and the number's text.

/** A JSON value as `parseJson` returns it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A number, or the marked text of one. */
export type JsonNumber = number | string;

/** Precedes the text of a number. */
const MARK = '\u0001';
// a string without an end is found too: looking for it from each quote would take quadratic time
const TOKEN = /"(?:[^"\\]|\\.)*"?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const MARKED = /"\\u0001(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"/g;

export const isJsonNumber = (value: unknown): value is JsonNumber =>
  typeof value === 'number' || (typeof value === 'string' && value.startsWith(MARK));

/** Parses a text whose shape the caller knows. Throws a SyntaxError for invalid JSON. */
export function parseJson<T = JsonValue>(text: string): T {
  const marked = text.replace(TOKEN, (token) =>
    token[0] === '"' || String(Number(token)) === token ? token : JSON.stringify(MARK + token),
  );
  return JSON.parse(marked) as T;
}

/** Prints a value; numbers appear as they were parsed. */
export const printJson = (value: unknown): string => JSON.stringify(value).replace(MARKED, '$1');

/** Parses a typed number with a decimal point or comma; undefined for other texts. */
export function parseNumber(text: string): JsonNumber | undefined {
  const trimmed = text.trim().replace(',', '.');
  return NUMBER.test(trimmed) ? MARK + trimmed.replace(/^(-?)0+(?=\d)/, '$1') : undefined;
}

/** A value as displayed text: strings without quotes, numbers without a trailing `.0`. */
export function displayText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text?.startsWith(MARK) ? text.slice(1).replace(/\.0+$/, '') : (text ?? '');
}
