// The values of one side of a grid, as they are typed: numbers and ranges (`1-5`, `1-10 (+3)`,
// `0-1 [5]`), options by name, on and off, texts that replace another one in a prompt.
import { type Field, isNumeric, problemOf } from './form-values.ts';

/** One value of a side. */
export interface GridValue {
  /** How the grid calls it. */
  readonly label: string;
  /** The text of the field. `text` is the one before, which the other side may have changed. */
  apply(text: string): string;
}

export type ParsedValues =
  | { readonly values: readonly GridValue[]; readonly problem?: undefined }
  | { readonly problem: string };

/** The maximum number of values of one side. */
export const MAX_VALUES = 50;

/** `current` is the text of the field in the form. */
export function parseGridValues(field: Field, typed: string, current: string): ParsedValues {
  const items = splitList(typed);
  if (items.length === 0) return { problem: 'Enter values, separated by commas.' };
  const parsed = parserOf(field)(items, field, current);
  if (parsed.problem !== undefined) return parsed;
  return parsed.values.length > MAX_VALUES
    ? { problem: `These are ${parsed.values.length} values; ${MAX_VALUES} are possible.` }
    : parsed;
}

/** Splits at commas and line ends, except within double quotes around an item, which go. */
export function splitList(text: string): string[] {
  const items: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const quoted = rest[0] === '"' ? QUOTED.exec(rest) : undefined;
    const [whole, item] = quoted
      ? [quoted[0], quoted[1].replaceAll('""', '"')]
      : [rest.split(SEPARATOR, 1)[0], rest.split(SEPARATOR, 1)[0].trim()];
    if (item !== '' || quoted) items.push(item);
    rest = rest.slice(whole.length).replace(SEPARATOR, '').trimStart();
  }
  return items;
}

const SEPARATOR = /[,\n]/;
/** An item in quotes, to the end of the list or the next separator. */
const QUOTED = /^"((?:[^"]|"")*)"[ \t]*(?=[,\n]|$)/;

type Parser = (items: readonly string[], field: Field, current: string) => ParsedValues;

function parserOf(field: Field): Parser {
  if (isNumeric(field)) return parseNumbers;
  if (field.kind === 'switch') return parseSwitches;
  return field.kind === 'choice' || field.kind === 'picture' ? parseOptions : parseTexts;
}

const fixed = (value: string, label = value): GridValue => ({ label, apply: () => value });

// --- numbers

const NUMBER = String.raw`-?\d+(?:\.\d+)?`;
const RANGE = new RegExp(
  String.raw`^(${NUMBER}) ?(?:-|–|\.\.) ?(${NUMBER})(?: ?\(([+-]?\d+(?:\.\d+)?)\)| ?\[(\d+)\])?$`,
);

function parseNumbers(items: readonly string[], field: Field): ParsedValues {
  const values: string[] = [];
  for (const item of items) {
    const [, from, to, step, count] = RANGE.exec(item) ?? [];
    const numbers = from === undefined ? [item] : rangeOf(field, { from, to, step, count });
    if (typeof numbers === 'string') return { problem: `${item}: ${numbers}` };
    for (const number of numbers) {
      const problem = problemOf(field, number);
      if (problem) return { problem: `${number}: ${problem}` };
    }
    values.push(...numbers);
  }
  return { values: values.map((value) => fixed(value)) };
}

interface Range {
  readonly from: string;
  readonly to: string;
  readonly step?: string;
  readonly count?: string;
}

/** The numbers of a range, or what is wrong with it. */
function rangeOf(field: Field, range: Range): string[] | string {
  const decimals = Math.max(...[range.from, range.to, range.step ?? ''].map(decimalsOf));
  return range.count === undefined
    ? steppedRange(range, decimals)
    : countedRange(range, field.kind === 'float' ? Math.max(decimals, 3) : 0);
}

const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0;

/** Computed in integers, so that seeds and decimals are exact. */
function steppedRange({ from, to, step = '1' }: Range, decimals: number): string[] | string {
  const scaled = (text: string): bigint => {
    const [whole, fraction = ''] = text.replace('+', '').split('.');
    return BigInt(whole + fraction.padEnd(decimals, '0'));
  };
  const [first, last, size] = [scaled(from), scaled(to), scaled(step)];
  if (size === 0n) return 'The step must not be 0.';
  const stride = first <= last === size > 0n ? size : -size;
  const count = (last - first) / stride + 1n;
  if (count > BigInt(MAX_VALUES)) return `${count} values; ${MAX_VALUES} are possible.`;
  return Array.from({ length: Number(count) }, (_, i) =>
    unscaled(first + stride * BigInt(i), decimals),
  );
}

function unscaled(value: bigint, decimals: number): string {
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  let fraction = digits.slice(digits.length - decimals);
  while (fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function countedRange({ from, to, count }: Range, decimals: number): string[] | string {
  const [first, last, n] = [Number(from), Number(to), Number(count)];
  if (n < 2 || n > MAX_VALUES) return `The count must be from 2 to ${MAX_VALUES}.`;
  const numbers = Array.from({ length: n }, (_, i) => first + ((last - first) * i) / (n - 1));
  return [...new Set(numbers.map((number) => String(Number(number.toFixed(decimals)))))];
}

// --- switches, options, texts

const ON = ['on', 'true', 'yes', '1'];
const OFF = ['off', 'false', 'no', '0'];

function parseSwitches(items: readonly string[]): ParsedValues {
  const values = items.map((item) => {
    const word = item.toLowerCase();
    if (ON.includes(word)) return fixed('true', 'on');
    return OFF.includes(word) ? fixed('false', 'off') : undefined;
  });
  return values.every((value) => value !== undefined)
    ? { values }
    : { problem: 'Enter “on, off”.' };
}

function parseOptions(items: readonly string[], { options = [] }: Field): ParsedValues {
  const values: GridValue[] = [];
  for (const item of items) {
    const found = findOption(item, options);
    if (typeof found !== 'string')
      return {
        problem:
          found === undefined
            ? `${item} is not in the list.`
            : `${item} may be ${found.join(' or ')}.`,
      };
    values.push(fixed(found, shortName(found)));
  }
  return { values };
}

/** The option that a text names, in whole or by a part that only it has; else those that fit. */
function findOption(text: string, options: readonly string[]): string | string[] | undefined {
  const search = text.toLowerCase();
  const exact = options.find((option) => option === text);
  if (exact !== undefined) return exact;
  const same = options.filter((option) =>
    [option, shortName(option)].some((name) => name.toLowerCase() === search),
  );
  const found = same.length > 0 ? same : options.filter((o) => o.toLowerCase().includes(search));
  if (found.length === 0) return undefined;
  return found.length === 1 ? found[0] : found.slice(0, 4);
}

/** `xl/model.safetensors` -> `model` */
export const shortName = (option: string): string =>
  option.replace(/^.*[/\\]/, '').replace(/\.(safetensors|ckpt|pth?|bin|onnx|gguf)$/i, '');

/** The first text is what the others replace, wherever it occurs. */
function parseTexts(items: readonly string[], _field: Field, current: string): ParsedValues {
  const [search] = items;
  if (search === '' || !current.includes(search))
    return {
      problem: `“${search}” is not in the text. The first value is what the others replace.`,
    };
  return {
    values: items.map((item) => ({
      label: item === '' ? '(nothing)' : item,
      apply: (text) => text.replaceAll(search, () => item),
    })),
  };
}
