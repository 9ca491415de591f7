// ComfyUI's prompt weights: (x) multiplies by 1.1, (x:1.3) sets 1.3, \( and \) are plain
// parentheses, [x] has no meaning. Invalid weights and unbalanced parentheses stay in the text.
import { DarkroomError } from '../errors.ts';
import { MAX_PARENTHESES } from '../limits.ts';
import { strip } from './python-string.ts';

export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

// Placeholders for escaped parentheses during parsing (control characters never reach the
// tokenizer).
const CLOSE = '\0\x01';
const OPEN = '\0\x02';
const escapeParentheses = (text: string) => text.replaceAll('\\)', CLOSE).replaceAll('\\(', OPEN);
const unescapeParentheses = (text: string) => text.replaceAll(CLOSE, ')').replaceAll(OPEN, '(');

/**
 * The segments of a prompt in order, each with its weight, computed in doubles as in Python. Throws
 * DR_INPUT_INVALID for more than MAX_PARENTHESES levels of parentheses.
 */
export function parseWeights(prompt: string): WeightedText[] {
  const found: WeightedText[] = [];
  for (const text of topLevel(escapeParentheses(prompt)))
    addPart({ text, closings: closingsOf(text), found }, 0, text.length, 1, 0);
  return found.map(({ text, weight }) => ({ text: unescapeParentheses(text), weight }));
}

/** A prompt whose parentheses have no meaning; escaped ones are written plain all the same. */
export const withoutWeights = (prompt: string): string =>
  unescapeParentheses(escapeParentheses(prompt));

/** A text between the outermost parentheses, while its segments are found. */
interface Parsing {
  readonly text: string;
  /** Where each `(` is closed. */
  readonly closings: ReadonlyMap<number, number>;
  readonly found: WeightedText[];
}

/** Adds the segments from `from` to `to`, which are one `(…)` or have no weight of their own. */
function addPart(parsing: Parsing, from: number, to: number, weight: number, depth: number): void {
  const { text, found } = parsing;
  if (to - from < 2 || text[from] !== '(' || text[to - 1] !== ')') {
    found.push({ text: text.slice(from, to), weight });
    return;
  }
  if (depth >= MAX_PARENTHESES) throw tooDeep();
  const { end, given = weight * 1.1 } = weightOf(text, from + 1, to - 1);
  addInner(parsing, from + 1, end, given, depth + 1);
}

/** Adds the parts inside of parentheses. Without a `)` inside, a `(` takes all that follows. */
function addInner(parsing: Parsing, from: number, to: number, weight: number, depth: number): void {
  let start = from;
  for (let open = from; open < to; open++) {
    if (parsing.text[open] !== '(') continue;
    if (open > start) addPart(parsing, start, open, weight, depth);
    start = Math.min((parsing.closings.get(open) ?? to) + 1, to);
    addPart(parsing, open, start, weight, depth);
    open = start - 1;
  }
  if (start < to) addPart(parsing, start, to, weight, depth);
}

/** The weight after the last colon between two positions, and where the text before it ends. */
function weightOf(text: string, from: number, to: number): { end: number; given?: number } {
  let colon = to - 1;
  // no number has parentheses
  while (colon > from && !':()'.includes(text[colon])) colon--;
  const given =
    colon > from && text[colon] === ':' ? parseFloatAsPython(text.slice(colon + 1, to)) : undefined;
  return given === undefined ? { end: to } : { end: colon, given };
}

function closingsOf(text: string): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') open.push(i);
    else if (text[i] === ')' && open.length > 0) found.set(open.pop()!, i);
  }
  return found;
}

const tooDeep = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: `the prompt has parentheses nested deeper than ${MAX_PARENTHESES}`,
    hint: 'Write the weight as a number: (text:1.3).',
  });

/**
 * Splits a text into its outermost `(…)` and the text between them. A surplus `)` lowers the depth,
 * so that later ones close nothing.
 */
function topLevel(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') {
      if (depth === 0 && i > from) {
        parts.push(text.slice(from, i));
        from = i;
      }
      depth++;
    } else if (text[i] === ')') {
      depth--;
      if (depth === 0) {
        parts.push(text.slice(from, i + 1));
        from = i + 1;
      }
    }
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

const DIGITS = '[0-9](?:_?[0-9])*';
const DECIMAL = `${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS}`;
const EXPONENT = `e[+-]?${DIGITS}`;
const FLOAT = new RegExp(`^[+-]?(?:(?:${DECIMAL})(?:${EXPONENT})?|(inf|infinity)|(nan))$`, 'i');

/**
 * Python's float(): surrounding spaces, `.5`, `2.`, `1e-1`, `1_000`, `inf`, `nan` and the digits of
 * any script are allowed; undefined where Python raises.
 */
export function parseFloatAsPython(text: string): number | undefined {
  const plain = strip(text).replace(/\p{Nd}/gu, digitValue);
  const match = FLOAT.exec(plain);
  if (!match) return undefined;
  if (match[1]) return plain.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return match[2] ? Number.NaN : Number(plain.replaceAll('_', ''));
}

/** The value of a decimal digit as text. Scripts encode their digits in runs of ten. */
function digitValue(digit: string): string {
  const code = digit.codePointAt(0)!;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return String((code - first) % 10);
}
