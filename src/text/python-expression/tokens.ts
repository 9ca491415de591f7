// The tokens of Python expressions.
import { MAX_INTEGER_DIGITS } from '../../limits.ts';
import { fail, type PythonValue } from './values.ts';

export type Token =
  | { readonly kind: 'value'; readonly value: PythonValue }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: 'end' };

const SPACE = /[ \t\f]+|\\\r?\n|#[^\n]*/y;
const NEW_LINE = /[\r\n]/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const RADIX = /0(?:[xX](?:_?[\da-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+)/y;
const NUMBER =
  /(?:\d+(?:_\d+)*)?\.\d+(?:_\d+)*(?:[eE][+-]?\d+(?:_\d+)*)?|\d+(?:_\d+)*(?:\.?[eE][+-]?\d+(?:_\d+)*|\.)?/y;
const TEXT = /(['"])(?:\\[^\r\n]|(?!\1)[^\\\r\n])*\1/y;
const OPERATOR = /\*\*=?|\/\/=?|<<=?|>>=?|[-+*/%&|^=!<>]=|:=|->|[-+*/%&|^~<>=()[\]{},:.;@]/y;

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The tokens of the first logical line; what follows a line end or a semicolon is not evaluated. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let open = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    position += found?.length ?? 0;
    return found;
  };
  while (position < text.length) {
    if (match(SPACE) !== undefined) continue;
    if (match(NEW_LINE) !== undefined) {
      if (open === 0 && tokens.length > 0) break;
      continue;
    }
    const token = nextToken(match);
    if (!token) return fail(`invalid syntax at '${text.slice(position, position + 10)}'`);
    if (token.kind === 'operator') {
      if (token.text === ';') break;
      if ('([{'.includes(token.text)) open++;
      if (')]}'.includes(token.text)) open--;
    }
    tokens.push(token);
  }
  return [...tokens, { kind: 'end' }];
}

function nextToken(match: (pattern: RegExp) => string | undefined): Token | undefined {
  const radix = match(RADIX);
  if (radix !== undefined) return { kind: 'value', value: BigInt(radix.replaceAll('_', '')) };
  const number = match(NUMBER);
  if (number !== undefined) return { kind: 'value', value: numberOf(number.replaceAll('_', '')) };
  const name = match(NAME);
  if (name !== undefined) return { kind: 'name', text: name };
  const quoted = match(TEXT);
  if (quoted !== undefined) return { kind: 'value', value: unescaped(quoted.slice(1, -1)) };
  const operator = match(OPERATOR);
  return operator === undefined ? undefined : { kind: 'operator', text: operator };
}

function numberOf(text: string): PythonValue {
  if (!/^\d+$/.test(text)) return Number(text);
  if (/^0+[1-9]/.test(text)) return fail(`leading zeros in ${text.slice(0, 20)} are not permitted`);
  return text.length > MAX_INTEGER_DIGITS
    ? fail(`an integer of more than ${MAX_INTEGER_DIGITS} digits`)
    : BigInt(text);
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (whole, letter: string) =>
    Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : whole,
  );
