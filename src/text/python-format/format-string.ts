// str.format() of Python with values by name: `{a}`, `{a:>8.2f}`, `{a!r}`, `{a[0]}`, `{a:{b}}`.
// Source: Python's Format String Syntax. Attributes of values can't be reached.
import { entriesOf, isPlainObject, isPyFloat, type JsonObject } from '../../formats/json.ts';
import { floatRepr, textRepr } from '../python-repr.ts';
import { FormatError, formatFloat, formatInteger, formatText } from './format-value.ts';

/** bigint for int, number for float; anything else for what has no text. */
type FormatValue = unknown;

type FormatValues = ReadonlyMap<string, FormatValue>;

/** Results may not become longer. */
const MAX_CHARACTERS = 1_000_000;

const fail = (message: string): never => {
  throw new FormatError(message);
};

/** The text with its fields replaced. Throws FormatError with what Python says. */
export function formatString(template: string, values: FormatValues): string {
  return fill(template, values, 2);
}

function fill(template: string, values: FormatValues, depth: number): string {
  if (depth === 0) return fail('Max string recursion exceeded');
  const results: string[] = [];
  let length = 0;
  const add = (text: string): void => {
    length += text.length;
    if (length > MAX_CHARACTERS) fail(`a text of more than ${MAX_CHARACTERS} characters`);
    results.push(text);
  };
  for (let position = 0; position < template.length; ) {
    const brace = nextBrace(template, position);
    add(template.slice(position, brace));
    position = brace + 1;
    if (brace === template.length) break;
    const character = template[brace];
    if (template[position] === character) {
      add(character);
      position++;
    } else if (character === '}' || position === template.length)
      return fail(`Single '${character}' encountered in format string`);
    else {
      const field = parseField(template, position);
      add(fieldText(field, values, depth));
      position = field.end;
    }
  }
  return results.join('');
}

function nextBrace(text: string, from: number): number {
  for (let i = from; i < text.length; i++) if (text[i] === '{' || text[i] === '}') return i;
  return text.length;
}

interface Field {
  readonly name: string;
  readonly conversion?: string;
  readonly spec: string;
  /** Where the text goes on. */
  readonly end: number;
}

/** Parses a field from behind its `{`. */
function parseField(text: string, start: number): Field {
  let position = start;
  let isInBrackets = false;
  for (; position < text.length; position++) {
    const c = text[position];
    if (c === '{') return fail("unexpected '{' in field name");
    if (c === '[') isInBrackets = true;
    else if (c === ']') isInBrackets = false;
    else if (!isInBrackets && '}:!'.includes(c)) break;
  }
  const name = text.slice(start, position);
  if (position === text.length) return fail("expected '}' before end of string");
  let conversion: string | undefined;
  if (text[position] === '!') {
    conversion = text[position + 1];
    if (conversion === undefined)
      return fail('end of string while looking for conversion specifier');
    position += 2;
    if (position >= text.length) return fail("unmatched '{' in format spec");
    if (!':}'.includes(text[position])) return fail("expected ':' after conversion specifier");
  }
  if (text[position] === '}') return { name, conversion, spec: '', end: position + 1 };
  const end = closingBrace(text, position + 1);
  return { name, conversion, spec: text.slice(position + 1, end), end: end + 1 };
}

function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '{') open++;
    else if (text[i] === '}' && --open === 0) return i;
  }
  return fail("unmatched '{' in format spec");
}

function fieldText({ name, conversion, spec }: Field, values: FormatValues, depth: number): string {
  const value = converted(lookUp(name, values), conversion);
  return formatValue(
    value,
    spec.includes('{') || spec.includes('}') ? fill(spec, values, depth - 1) : spec,
  );
}

/** The value of `a`, `a[0]` or `a[key]`. */
function lookUp(path: string, values: FormatValues): FormatValue {
  const name = /^[^.[]*/.exec(path)![0];
  if (name === '' || /^\d+$/.test(name))
    return fail(
      `Replacement index ${Number(name)} out of range: the fields have names, such as {a}`,
    );
  if (!values.has(name)) return fail(`there is no value '${name}'`);
  let value = values.get(name);
  let rest = path.slice(name.length);
  while (rest !== '') {
    if (rest.startsWith('.')) return fail('attributes of values are not available');
    const match = /^\[([^\]]*)\]/.exec(rest);
    if (!match) return fail("Missing ']' in format string");
    if (match[1] === '') return fail('Empty attribute in format string');
    value = itemOf(value, match[1]);
    rest = rest.slice(match[0].length);
    if (rest !== '' && !/^[.[]/.test(rest))
      return fail("Only '.' or '[' may follow ']' in format field specifier");
  }
  return value;
}

function itemOf(value: FormatValue, key: string): FormatValue {
  const isIndex = /^\d+$/.test(key);
  if (typeof value === 'string' || Array.isArray(value)) {
    if (!isIndex) return fail(`indices must be integers, not '${key}'`);
    const items: readonly unknown[] = typeof value === 'string' ? Array.from(value) : value;
    return Number(key) < items.length ? items[Number(key)] : fail(`index ${key} out of range`);
  }
  if (!isPlainObject(value)) return fail(`a value without items has no item '${key}'`);
  return !isIndex && Object.hasOwn(value, key) ? value[key] : fail(`there is no key '${key}'`);
}

function converted(value: FormatValue, conversion: string | undefined): FormatValue {
  switch (conversion) {
    case undefined:
      return value;
    case 's':
      return strOf(value);
    case 'r':
      return reprOf(value);
    case 'a':
      return ascii(reprOf(value));
    default:
      return fail(`Unknown conversion specifier '${conversion}'`);
  }
}

/** A representation with escapes for all characters that are not ASCII. */
const ascii = (text: string): string =>
  Array.from(text, (c) => {
    const code = c.codePointAt(0)!;
    if (code < 0x80) return c;
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  }).join('');

function formatValue(value: FormatValue, spec: string): string {
  const plain = isPyFloat(value) ? value.float : value;
  if (typeof plain === 'bigint') return formatInteger(plain, spec);
  if (typeof plain === 'number') return formatFloat(plain, spec);
  if (typeof plain === 'string') return formatText(plain, spec);
  if (spec === '') return strOf(plain);
  return typeof plain === 'boolean'
    ? formatInteger(BigInt(plain), spec)
    : fail(`unsupported format string '${spec}' for a value that is no number and no text`);
}

/** `str(value)` */
export const strOf = (value: FormatValue): string =>
  typeof value === 'string' ? value : reprOf(value);

const MAX_DEPTH = 100;

function reprOf(value: FormatValue, depth = 0): string {
  if (depth > MAX_DEPTH) return fail('a value that is nested too deep');
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return textRepr(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return floatRepr(value);
  if (isPyFloat(value)) return floatRepr(value.float);
  if (Array.isArray(value)) return `[${value.map((item) => reprOf(item, depth + 1)).join(', ')}]`;
  if (!isPlainObject(value)) return fail('an image or another value that has no text');
  const entries = entriesOf(value as JsonObject).map(
    ([key, item]) => `${textRepr(key)}: ${reprOf(item, depth + 1)}`,
  );
  return `{${entries.join(', ')}}`;
}
