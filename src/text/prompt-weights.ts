// ComfyUI's prompt weights: (x) multiplies by 1.1, (x:1.3) sets 1.3, \( and \) are plain
// parentheses, [x] has no meaning. Invalid weights and unbalanced parentheses stay in the text.
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

/** The segments of a prompt in order, each with its weight, computed in doubles as in Python. */
export function parseWeights(prompt: string): WeightedText[] {
  return weigh(escapeParentheses(prompt), 1).map(({ text, weight }) => ({
    text: unescapeParentheses(text),
    weight,
  }));
}

function weigh(text: string, weight: number): WeightedText[] {
  return topLevel(text).flatMap((part) => {
    if (part.length < 2 || !part.startsWith('(') || !part.endsWith(')'))
      return [{ text: part, weight }];
    const inner = part.slice(1, -1);
    const colon = inner.lastIndexOf(':');
    const given = colon > 0 ? parseFloatAsPython(inner.slice(colon + 1)) : undefined;
    return given === undefined ? weigh(inner, weight * 1.1) : weigh(inner.slice(0, colon), given);
  });
}

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
