// format(value, spec) of Python for numbers and texts.
// Source: Python's Format Specification Mini-Language.
import { floatRepr } from '../python-repr.ts';
import { exponential, fixed, general } from './format-number.ts';

/** What Python says about a format. */
export class FormatError extends Error {}

const fail = (message: string): never => {
  throw new FormatError(message);
};

interface Spec {
  readonly fill?: string;
  readonly align?: string;
  /** The alignment follows from a 0 before the width. */
  readonly isZeroPadded: boolean;
  readonly sign: string;
  /** Negative zero is written as zero. */
  readonly noNegativeZero: boolean;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision?: number;
  readonly type: string;
}

const SPEC =
  /^(?:(?<fill>[\s\S])?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<z>z)?(?<alternate>#)?(?<zero>0)?(?<width>\d+)?(?<grouping>[,_])?(?:\.(?<precision>\d+))?(?<type>[a-zA-Z%])?$/u;

/** Results may not become longer. */
const MAX_WIDTH = 100_000;
/** A double has no more digits. */
const MAX_PRECISION = 1100;

function parse(text: string): Spec {
  const groups = SPEC.exec(text)?.groups;
  if (!groups) return fail(`Invalid format specifier '${text}'`);
  const { fill, align, sign = '-', z, alternate, zero, width, grouping = '', precision } = groups;
  if (Number(width ?? 0) > MAX_WIDTH) return fail(`a width of more than ${MAX_WIDTH}`);
  if (Number(precision ?? 0) > MAX_WIDTH) return fail(`a precision of more than ${MAX_WIDTH}`);
  return {
    fill: fill ?? (zero !== undefined ? '0' : undefined),
    align: align ?? (zero !== undefined ? '=' : undefined),
    isZeroPadded: zero !== undefined && align === undefined,
    sign,
    noNegativeZero: z !== undefined,
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping,
    ...(precision !== undefined && { precision: Number(precision) }),
    type: groups['type'] ?? '',
  };
}

/** Pads a text; `prefix` is the sign and the base, behind which `=` pads. */
function padded(body: string, spec: Spec, usual: '<' | '>', prefix = ''): string {
  const { align = usual, fill = ' ', width } = spec;
  const missing = Math.max(0, width - Array.from(prefix + body).length);
  const left = align === '^' ? Math.floor(missing / 2) : align === '<' ? 0 : missing;
  const before = fill.repeat(left);
  const after = fill.repeat(missing - left);
  return align === '=' ? prefix + before + body : before + prefix + body + after;
}

/** `format(text, spec)` */
export function formatText(text: string, specText: string): string {
  const spec = parse(specText);
  const { type, grouping, sign, align, precision, alternate } = spec;
  if (type !== '' && type !== 's') return unknownType(type, 'str');
  if (grouping !== '') return fail(`Cannot specify '${grouping}' with 's'.`);
  if (/[+ ]/.test(sign) || /^(?:.?[<>=^])?-/su.test(specText))
    return fail('Sign not allowed in string format specifier');
  if (alternate) return fail('Alternate form (#) not allowed in string format specifier');
  if (align === '=' && !spec.isZeroPadded)
    return fail("'=' alignment not allowed in string format specifier");
  const shown = precision === undefined ? text : Array.from(text).slice(0, precision).join('');
  return padded(shown, align === '=' ? { ...spec, align: '<' } : spec, '<');
}

const unknownType = (type: string, of: string): never =>
  fail(`Unknown format code '${type}' for object of type '${of}'`);

const FLOAT_TYPES = 'eEfFgG%';
const BASES: Readonly<Record<string, readonly [base: number, prefix: string]>> = {
  b: [2, '0b'],
  o: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0X'],
};

/** `format(integer, spec)` */
export function formatInteger(value: bigint, specText: string): string {
  const spec = parse(specText);
  const { type } = spec;
  if (type !== '' && FLOAT_TYPES.includes(type)) {
    const float = Number(value);
    return Number.isFinite(float)
      ? formatFloat(float, specText)
      : fail('int too large to convert to float');
  }
  if (spec.precision !== undefined)
    return fail('Precision not allowed in integer format specifier');
  if (spec.noNegativeZero)
    return fail(
      'Negative zero coercion (z) not allowed in format specifier with integer format code',
    );
  const size = value < 0n ? -value : value;
  if (type === 'c') return formatCharacter(value, spec, specText);
  const [base, prefix] = Object.hasOwn(BASES, type) ? BASES[type] : [10, ''];
  if (base === 10 && !['', 'd', 'n'].includes(type)) return unknownType(type, 'int');
  if (spec.grouping !== '' && (type === 'n' || (spec.grouping === ',' && base !== 10)))
    return fail(`Cannot specify '${spec.grouping}' with '${type}'.`);
  const digits = size.toString(base);
  const shown = type === 'X' ? digits.toUpperCase() : digits;
  const before = signOf(value < 0n, spec) + (spec.alternate ? prefix : '');
  return padded(
    grouped(shown, before, spec, base === 10 ? 3 : 4, /^[\da-fA-F]*/),
    spec,
    '>',
    before,
  );
}

function formatCharacter(value: bigint, spec: Spec, specText: string): string {
  if (/[+ ]/.test(spec.sign) || /^(?:.?[<>=^])?-/su.test(specText))
    return fail("Sign not allowed with integer format specifier 'c'");
  if (value < 0n || value > 0x10ffffn) return fail('%c arg not in range(0x110000)');
  return padded(String.fromCodePoint(Number(value)), spec, '<');
}

const signOf = (isNegative: boolean, { sign }: Spec): string =>
  isNegative ? '-' : sign === '-' ? '' : sign;

/** The digits that a text begins with in groups; zeros that fill the width are grouped too. */
function grouped(
  text: string,
  before: string,
  spec: Spec,
  size: number,
  digitsIn = /^\d*/,
): string {
  const { grouping, fill, align, width } = spec;
  if (grouping === '') return text;
  const [digits] = digitsIn.exec(text)!;
  if (digits === '') return text;
  const rest = text.slice(digits.length);
  const available = fill === '0' && align === '=' ? width - before.length - rest.length : 0;
  let count = digits.length;
  while (count + Math.floor((count - 1) / size) < available) count++;
  const all = digits.padStart(count, '0');
  const groups: string[] = [];
  for (let end = count; end > 0; end -= size)
    groups.unshift(all.slice(Math.max(0, end - size), end));
  return groups.join(grouping) + rest;
}

/** `format(float, spec)` */
export function formatFloat(value: number, specText: string): string {
  const spec = parse(specText);
  const { type, precision, alternate } = spec;
  if (!['', 'n', ...FLOAT_TYPES].includes(type)) return unknownType(type, 'float');
  if (spec.grouping !== '' && type === 'n') return fail("Cannot specify ',' with 'n'.");
  const isNegative = value < 0 || Object.is(value, -0);
  const size = Math.abs(value);
  const shown = Number.isFinite(size)
    ? finite(size, type, precision, alternate)
    : Number.isNaN(size)
      ? 'nan'
      : 'inf';
  const body = /[EFG]/.test(type) ? shown.toUpperCase() : shown;
  const withSuffix = type === '%' ? `${body}%` : body;
  const isZero = spec.noNegativeZero && !/[1-9]/.test(shown) && Number.isFinite(value);
  const before = signOf(isNegative && !isZero && !Number.isNaN(value), spec);
  return padded(grouped(withSuffix, before, spec, 3), spec, '>', before);
}

function finite(size: number, type: string, precision: number | undefined, alternate: boolean) {
  const digits = precision ?? 6;
  // what is beyond the digits of a double are zeros
  const extra = Math.max(0, digits - MAX_PRECISION);
  const used = digits - extra;
  switch (type.toLowerCase()) {
    case 'f':
      return withPoint(fixed(size, used) + '0'.repeat(extra), alternate);
    case '%':
      return withPoint(percent(size, used) + '0'.repeat(extra), alternate);
    case 'e':
      return exponential(size, used, alternate);
    case 'g':
    case 'n':
      return general(size, used, { alternate });
    default:
      return precision === undefined
        ? floatRepr(size)
        : general(size, used, { alternate, point: true });
  }
}

function percent(size: number, precision: number): string {
  const value = size * 100;
  return Number.isFinite(value) ? fixed(value, precision) : 'inf';
}

const withPoint = (text: string, alternate: boolean): string =>
  alternate && !text.includes('.') ? `${text}.` : text;
