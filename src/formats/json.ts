// JSON that keeps what JSON.parse loses (integers beyond 2^53, `8.0`, NaN, the order of numeric keys) and prints as Python's json.dumps does.
import { DarkroomError } from '../errors.ts';

/** A float with an integral value: Python prints `8.0` where an integer prints `8`. Made by `pyFloat`. */
export interface PyFloat {
  readonly [PY_FLOAT]: true;
  readonly float: number;
}
const PY_FLOAT: unique symbol = Symbol('float');

export type Json = null | boolean | number | bigint | string | PyFloat | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export const pyFloat = (float: number): PyFloat => ({ [PY_FLOAT]: true, float });

export const isPyFloat = (value: unknown): value is PyFloat =>
  typeof value === 'object' && value !== null && PY_FLOAT in value;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isPyFloat(value);

/** The plain number of a number, bigint or PyFloat; undefined for anything else. */
export function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return isPyFloat(value) ? value.float : undefined;
}

// JavaScript moves keys like "10" to the front; the order of the file is kept here for objects that have such keys.
const fileOrder = new WeakMap<object, readonly string[]>();

/** The keys of an object in the order of its file; keys added later follow. */
export function keysOf(value: object): readonly string[] {
  const known = fileOrder.get(value);
  const keys = Object.keys(value);
  if (!known) return keys;
  const present = new Set(keys);
  const kept = known.filter((key) => present.delete(key));
  return [...kept, ...present];
}

/** Entries in the order of `keysOf`. */
export const entriesOf = <T>(value: { [key: string]: T }): [string, T][] =>
  keysOf(value).map((key) => [key, value[key]]);

/** An object with these entries that remembers their order, whatever the keys look like. The last of equal keys wins. */
export function objectOf<T>(entries: Iterable<readonly [string, T]>): { [key: string]: T } {
  const object: { [key: string]: T } = {};
  const order: string[] = [];
  let numeric = false;
  for (const [key, value] of entries) {
    if (!Object.hasOwn(object, key)) order.push(key);
    if (key === '__proto__')
      Object.defineProperty(object, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else object[key] = value;
    numeric ||= isArrayIndex(key);
  }
  if (numeric) fileOrder.set(object, order);
  return object;
}

const isArrayIndex = (key: string): boolean =>
  key.length < 11 && key.charCodeAt(0) < 58 && /^(0|[1-9]\d*)$/.test(key);

const MAX_DEPTH = 900; // Python gives up at about a thousand
const MAX_DIGITS = 4300; // sys.get_int_max_str_digits()
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const WORDS: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

export interface ParseOptions {
  /** Named in errors. */
  readonly file?: string;
  /** What to do with a key met twice; Python keeps the last. */
  readonly duplicates?: 'last' | 'refuse';
}

/**
 * Parses JSON as Python's json.loads: integers of any size (bigint beyond 2^53), floats with integral value as PyFloat, NaN and Infinity.
 * Throws DR_JSON_INVALID with line and column. A leading byte order mark is skipped.
 */
export function parseJson(text: string, options: ParseOptions = {}): Json {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let depth = 0;

  const fail = (what: string, where = at): never => {
    const before = text.slice(0, where);
    const line = before.split('\n').length;
    const column = where - before.lastIndexOf('\n');
    throw new DarkroomError('DR_JSON_INVALID', {
      message: `${options.file ?? 'the text'} is not valid JSON: ${what} at line ${line} column ${column}`,
      hint:
        text.trim() === ''
          ? 'The file is empty.'
          : 'Look at that place in the file; it may be cut off or not a JSON file at all.',
      file: options.file,
    });
  };
  const match = (pattern: RegExp): RegExpExecArray => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)!;
    if (found) at = pattern.lastIndex;
    return found;
  };
  const skipSpace = () => {
    if (text.charCodeAt(at) <= 32) match(SPACE);
  };

  const string = (): string => {
    const start = at++;
    let value = '';
    for (;;) {
      value += match(PLAIN)[0];
      const c = text[at];
      if (c === '"') {
        at++;
        return value;
      }
      if (c === undefined) return fail('string without end', start);
      if (c !== '\\') return fail('control character in a string');
      const letter = text[at + 1];
      if (letter === 'u') {
        const code = text.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(code)) fail('bad \\u escape');
        value += String.fromCharCode(Number.parseInt(code, 16));
        at += 6;
      } else {
        if (letter === undefined || !Object.hasOwn(ESCAPES, letter)) fail('bad escape');
        value += ESCAPES[letter];
        at += 2;
      }
    }
  };

  const number = (): Json => {
    const start = at;
    const found = match(NUMBER);
    if (!found) return fail('expected a value');
    const value = Number(found[0]);
    if (found[1] !== undefined || found[2] !== undefined)
      return Number.isInteger(value) ? pyFloat(value) : value;
    if (Number.isSafeInteger(value)) return value + 0;
    if (found[0].length > MAX_DIGITS) fail(`integer of ${found[0].length} digits`, start);
    return BigInt(found[0]);
  };

  const array = (): Json => {
    const items: Json[] = [];
    at++;
    skipSpace();
    if (text[at] === ']') {
      at++;
      return items;
    }
    for (;;) {
      items.push(value());
      const c = text[at++];
      if (c === ']') return items;
      if (c !== ',') fail("expected ',' or ']'", at - 1);
    }
  };

  const object = (): Json => {
    const entries: [string, Json][] = [];
    const seen = options.duplicates === 'refuse' ? new Set<string>() : undefined;
    at++;
    skipSpace();
    if (text[at] === '}') {
      at++;
      return {};
    }
    for (;;) {
      skipSpace();
      if (text[at] !== '"') fail('expected a key in double quotes');
      const start = at;
      const key = string();
      if (seen?.has(key)) fail(`key ${JSON.stringify(key.slice(0, 80))} twice`, start);
      seen?.add(key);
      skipSpace();
      if (text[at] !== ':') fail("expected ':'");
      at++;
      entries.push([key, value()]);
      const c = text[at++];
      if (c === '}') return objectOf(entries);
      if (c !== ',') fail("expected ',' or '}'", at - 1);
    }
  };

  /** One value with the space around it. */
  const value = (): Json => {
    skipSpace();
    const c = text[at];
    let result: Json;
    if (c === '"') result = string();
    else if (c === '{' || c === '[') {
      if (++depth > MAX_DEPTH) fail(`nesting deeper than ${MAX_DEPTH}`);
      result = c === '{' ? object() : array();
      depth--;
    } else if ((c >= '0' && c <= '9') || (c === '-' && text[at + 1] !== 'I')) result = number();
    else {
      const word = WORDS.find(([name]) => text.startsWith(name, at));
      if (!word) return fail('expected a value');
      at += word[0].length;
      result = word[1];
    }
    skipSpace();
    return result;
  };

  const result = value();
  if (at < text.length) fail('extra data');
  return result;
}

/** Prints as Python's `json.dumps(value)`: `, ` and `: `, ASCII only, floats by repr. */
export function dumpsJson(value: unknown): string {
  const parts: string[] = [];
  const write = (v: unknown, depth: number): void => {
    if (depth > MAX_DEPTH)
      throw new DarkroomError('DR_JSON_INVALID', {
        message: `a value nested deeper than ${MAX_DEPTH} can't be written as JSON`,
      });
    if (v === null || v === undefined) parts.push('null');
    else if (typeof v === 'string') parts.push(quote(v));
    else if (typeof v === 'number') parts.push(Number.isInteger(v) ? integer(v) : pythonRepr(v));
    else if (typeof v === 'bigint' || typeof v === 'boolean') parts.push(String(v));
    else if (isPyFloat(v)) parts.push(pythonRepr(v.float));
    else if (Array.isArray(v)) {
      parts.push('[');
      v.forEach((item, i) => {
        if (i > 0) parts.push(', ');
        write(item, depth + 1);
      });
      parts.push(']');
    } else if (typeof v === 'object') {
      parts.push('{');
      let first = true;
      for (const [key, item] of entriesOf(v as { [key: string]: unknown })) {
        if (item === undefined) continue;
        parts.push(first ? '' : ', ', quote(key), ': ');
        write(item, depth + 1);
        first = false;
      }
      parts.push('}');
    } else throw new Error(`internal: a ${typeof v} in JSON`);
  };
  write(value, 0);
  return parts.join('');
}

const integer = (v: number): string => (Number.isSafeInteger(v) ? String(v) : String(BigInt(v)));

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A JSON string in ASCII; every UTF-16 unit outside it becomes \\uXXXX, so astral characters become surrogate pairs. */
const quote = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  `"${text.replace(/["\\\u0000-\u001f\u007f-\uffff]/g, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;

/** Python's `repr(float)`, with JSON's names for the values that are not finite. */
export function pythonRepr(x: number): string {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? 'Infinity' : '-Infinity';
  if (Object.is(x, -0)) return '-0.0';
  const [mantissa, exponentText] = x.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16)
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const fixed = Number.isInteger(x) ? String(BigInt(x)) : fixedDigits(mantissa, exponent);
  return fixed.includes('.') ? fixed : `${fixed}.0`;
}

function fixedDigits(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
