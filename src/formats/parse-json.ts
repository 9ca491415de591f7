// Parses JSON as Python's json.loads does.
import { DarkroomError } from '../errors.ts';
import { MAX_INTEGER_DIGITS } from '../limits.ts';
import { type Json, objectOf, pyFloat } from './json.ts';

/** Python's own limit is about a thousand. */
export const MAX_DEPTH = 900;
/** A value takes up to 450 bytes of memory; a workflow of 20,000 nodes has half a million. */
export const MAX_VALUES = 1_000_000;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
/** The letters of escapes besides `u`. */
const ESCAPES = '"\\/bfnrt';
const CONSTANTS: readonly (readonly [string, Json])[] = [
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
  /** What to do with a key that occurs twice in an object; in Python the last one wins. */
  readonly duplicates?: 'last' | 'refuse';
}

/**
 * Parses JSON as Python's json.loads: integers of any size (a bigint beyond 2^53), floats with an
 * integral value as PyFloat, NaN and Infinity. A leading byte order mark is skipped. Throws
 * DR_JSON_INVALID with line and column, DR_JSON_TOO_LARGE beyond MAX_DEPTH and MAX_VALUES.
 */
export function parseJson(text: string, options: ParseOptions = {}): Json {
  return new JsonParser(text, options).parse();
}

/** A recursive descent parser over `text`, at `position`. */
class JsonParser {
  readonly #text: string;
  readonly #options: ParseOptions;
  #position: number;
  #depth = 0;
  #values = 0;

  constructor(text: string, options: ParseOptions) {
    this.#text = text;
    this.#options = options;
    this.#position = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  parse(): Json {
    const value = this.#value();
    if (this.#position < this.#text.length) this.#fail('extra data');
    return value;
  }

  #fail(what: string, position = this.#position): never {
    const before = this.#text.slice(0, position);
    const line = before.split('\n').length;
    const column = position - before.lastIndexOf('\n');
    const { file } = this.#options;
    throw new DarkroomError('DR_JSON_INVALID', {
      message: `${file ?? 'the text'} is not valid JSON: ${what} at line ${line} column ${column}`,
      hint:
        this.#text.trim() === ''
          ? 'The file is empty.'
          : 'Check the file at that position; it may be cut off, or not a JSON file at all.',
      file,
    });
  }

  #failTooLarge(what: string): never {
    const { file } = this.#options;
    throw new DarkroomError('DR_JSON_TOO_LARGE', {
      message: `${file ?? 'the text'} is too large for JSON that is read at once: ${what}`,
      hint: 'Split it into several files or requests, or remove what is not needed.',
      file,
    });
  }

  /** Matches a sticky pattern at the current position and moves past the match. */
  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match) this.#position = pattern.lastIndex;
    return match;
  }

  #skipSpace(): void {
    if (this.#text.charCodeAt(this.#position) <= 32) this.#match(SPACE);
  }

  /** One value with the white space around it. */
  #value(): Json {
    this.#skipSpace();
    const value = this.#bareValue();
    this.#skipSpace();
    return value;
  }

  #bareValue(): Json {
    if (++this.#values > MAX_VALUES) this.#failTooLarge(`more than ${MAX_VALUES} values`);
    const c = this.#text[this.#position];
    if (c === '"') return this.#string();
    if (c === '{' || c === '[') {
      if (++this.#depth > MAX_DEPTH) this.#failTooLarge(`nesting deeper than ${MAX_DEPTH}`);
      const value = c === '{' ? this.#object() : this.#array();
      this.#depth--;
      return value;
    }
    const isNumber =
      (c >= '0' && c <= '9') || (c === '-' && this.#text[this.#position + 1] !== 'I');
    return isNumber ? this.#number() : this.#constant();
  }

  #constant(): Json {
    const constant = CONSTANTS.find(([name]) => this.#text.startsWith(name, this.#position));
    if (!constant) return this.#fail('expected a value');
    this.#position += constant[0].length;
    return constant[1];
  }

  #number(): Json {
    const start = this.#position;
    const match = this.#match(NUMBER);
    if (!match) return this.#fail('expected a value');
    const [digits, fraction, exponent] = match;
    const value = Number(digits);
    if (fraction !== undefined || exponent !== undefined)
      return Number.isInteger(value) ? pyFloat(value) : value;
    if (Number.isSafeInteger(value)) return value + 0; // -0 is the integer 0
    if (digits.length > MAX_INTEGER_DIGITS) this.#fail(`integer of ${digits.length} digits`, start);
    return BigInt(digits);
  }

  #string(): string {
    const start = this.#position++;
    const plain = this.#match(PLAIN)![0];
    const c = this.#text[this.#position];
    if (c === '"') {
      this.#position++;
      return plain;
    }
    return c === '\\' ? this.#escapedString(start) : this.#failInString(start);
  }

  /** A string with escapes, which JSON.parse replaces in linear time. */
  #escapedString(start: number): string {
    let end = this.#position;
    while (end < this.#text.length && this.#text[end] !== '"')
      end += this.#text[end] === '\\' ? 2 : 1;
    try {
      const value = JSON.parse(this.#text.slice(start, end + 1)) as string;
      this.#position = end + 1;
      return value;
    } catch {
      return this.#failInString(start);
    }
  }

  /** Throws the error of the string that begins at `start`. */
  #failInString(start: number): never {
    this.#position = start + 1;
    for (;;) {
      this.#match(PLAIN);
      const c = this.#text[this.#position];
      if (c === undefined) this.#fail('string without end', start);
      if (c !== '\\') this.#fail('control character in a string');
      this.#skipEscape();
    }
  }

  #skipEscape(): void {
    const letter = this.#text[this.#position + 1];
    if (letter === 'u') {
      const code = this.#text.slice(this.#position + 2, this.#position + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(code)) this.#fail('bad \\u escape');
      this.#position += 6;
      return;
    }
    if (letter === undefined || !ESCAPES.includes(letter)) this.#fail('bad escape');
    this.#position += 2;
  }

  #array(): Json {
    const items: Json[] = [];
    this.#position++;
    this.#skipSpace();
    if (this.#text[this.#position] === ']') {
      this.#position++;
      return items;
    }
    for (;;) {
      items.push(this.#value());
      const c = this.#text[this.#position++];
      if (c === ']') return items;
      if (c !== ',') this.#fail("expected ',' or ']'", this.#position - 1);
    }
  }

  #object(): Json {
    const entries: [string, Json][] = [];
    const seen = this.#options.duplicates === 'refuse' ? new Set<string>() : undefined;
    this.#position++;
    this.#skipSpace();
    if (this.#text[this.#position] === '}') {
      this.#position++;
      return {};
    }
    for (;;) {
      const key = this.#key(seen);
      entries.push([key, this.#value()]);
      const c = this.#text[this.#position++];
      if (c === '}') return objectOf(entries);
      if (c !== ',') this.#fail("expected ',' or '}'", this.#position - 1);
    }
  }

  /** A key and the colon after it. */
  #key(seen: Set<string> | undefined): string {
    this.#skipSpace();
    if (this.#text[this.#position] !== '"') this.#fail('expected a key in double quotes');
    const start = this.#position;
    const key = this.#string();
    if (seen?.has(key)) this.#fail(`key ${JSON.stringify(key.slice(0, 80))} twice`, start);
    seen?.add(key);
    this.#skipSpace();
    if (this.#text[this.#position] !== ':') this.#fail("expected ':'");
    this.#position++;
    return key;
  }
}
