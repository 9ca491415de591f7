// Prints JSON as Python's json.dumps does.
import { DarkroomError } from '../errors.ts';
import { entriesOf, isPyFloat } from './json.ts';
import { MAX_DEPTH } from './parse-json.ts';

interface DumpOptions {
  /** Number of spaces per level, each item on a line of its own; one line unless given. */
  readonly indent?: number;
  /** Whether characters beyond ASCII are escaped; true unless given. */
  readonly ascii?: boolean;
}

/**
 * Prints as Python's `json.dumps(value)`: `, ` and `: ` as separators, ASCII only, floats by repr.
 * Throws DR_JSON_INVALID for values nested too deep.
 */
export function dumpsJson(value: unknown, { indent, ascii = true }: DumpOptions = {}): string {
  const parts: string[] = [];
  write(value, 0, { parts, indent, quote: ascii ? quoteAscii : quote });
  return parts.join('');
}

interface Output {
  readonly parts: string[];
  readonly indent?: number;
  readonly quote: (text: string) => string;
}

function write(value: unknown, depth: number, output: Output): void {
  const { parts, quote } = output;
  if (depth > MAX_DEPTH)
    throw new DarkroomError('DR_JSON_INVALID', {
      message: `a value nested deeper than ${MAX_DEPTH} can't be written as JSON`,
    });
  if (value === null || value === undefined) parts.push('null');
  else if (typeof value === 'string') parts.push(quote(value));
  else if (typeof value === 'number')
    parts.push(Number.isInteger(value) ? integer(value) : pythonRepr(value));
  else if (typeof value === 'bigint' || typeof value === 'boolean') parts.push(String(value));
  else if (isPyFloat(value)) parts.push(pythonRepr(value.float));
  else if (Array.isArray(value)) writeArray(value, depth, output);
  else if (typeof value === 'object')
    writeObject(value as { [key: string]: unknown }, depth, output);
  else throw new Error(`internal: a ${typeof value} in JSON`);
}

/** A line break and the spaces of a level; nothing where all is on one line. */
const lineBreak = ({ indent }: Output, depth: number): string =>
  indent === undefined ? '' : `\n${' '.repeat(indent * depth)}`;

/** What stands between two items of a level. */
const separator = (output: Output, depth: number): string =>
  output.indent === undefined ? ', ' : `,${lineBreak(output, depth)}`;

function writeArray(items: readonly unknown[], depth: number, output: Output): void {
  const { parts } = output;
  parts.push('[');
  items.forEach((item, i) => {
    parts.push(i > 0 ? separator(output, depth + 1) : lineBreak(output, depth + 1));
    write(item, depth + 1, output);
  });
  parts.push(items.length > 0 ? lineBreak(output, depth) : '', ']');
}

/** Entries without a value (undefined) are left out. */
function writeObject(object: { [key: string]: unknown }, depth: number, output: Output): void {
  const { parts, quote } = output;
  parts.push('{');
  let first = true;
  for (const [key, item] of entriesOf(object)) {
    if (item === undefined) continue;
    const before = first ? lineBreak(output, depth + 1) : separator(output, depth + 1);
    parts.push(before, quote(key), ': ');
    write(item, depth + 1, output);
    first = false;
  }
  parts.push(first ? '' : lineBreak(output, depth), '}');
}

const integer = (v: number): string => (Number.isSafeInteger(v) ? String(v) : String(BigInt(v)));

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** One UTF-16 unit as `\uXXXX`. */
const escapeUnit = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

const escaped = (c: string): string => SHORT_ESCAPES[c] ?? escapeUnit(c);

/**
 * A JSON string in ASCII. Each UTF-16 unit is escaped, so astral characters become surrogate pairs.
 */
const quoteAscii = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
  `"${text.replace(/["\\\u0000-\u001f\u007f-\uffff]/g, escaped)}"`;

/** A JSON string in which only quotes, backslashes and control characters are escaped. */
const quote = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
  `"${text.replace(/["\\\u0000-\u001f]/g, escaped)}"`;

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
