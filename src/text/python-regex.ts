// Translates Python's regular expressions (module re) to JavaScript's. Throws for patterns that are
// invalid in Python or have no counterpart (conditions on groups, local flags).
import { SPACE } from '../python-space.ts';

export interface RegexFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
}

/** A pattern that is `invalid` in Python, or has no counterpart in JavaScript (`unsupported`). */
export class RegexError extends Error {
  readonly kind: 'invalid' | 'unsupported';
  constructor(kind: 'invalid' | 'unsupported', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Classes of Unicode take 0.05 ms each to compile: longer patterns are made to take long. */
const MAX_LENGTH = 10_000;

const WORD = '\\p{L}\\p{N}_';
/** Character classes, for use inside brackets. */
const CLASSES: Readonly<Record<string, string>> = { d: '\\p{Nd}', w: WORD, s: SPACE };
const NEGATED: Readonly<Record<string, string>> = {
  D: '\\P{Nd}',
  W: `[^${WORD}]`,
  S: `[^${SPACE}]`,
};
/** The characters that escapes stand for. */
const CHARACTERS: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\x07',
  '0': '\0',
};
const AT_WORD = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;

/** Escapes a character for use outside of brackets. */
const escapeChar = (char: string): string =>
  /[\^$\\.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
/** Escapes a character for use inside brackets. */
const escapeInClass = (char: string): string => (/[\\\]^[-]/.test(char) ? `\\${char}` : char);

/** The JavaScript expression, with the flag g, for a Python pattern. Throws RegexError. */
export function pythonRegex(
  pattern: string,
  { ignoreCase = false, multiline = false, dotAll = false }: RegexFlags = {},
): RegExp {
  if (pattern.length > MAX_LENGTH)
    throw new RegexError('unsupported', `a pattern of more than ${MAX_LENGTH} characters`);
  const flags = { i: ignoreCase, m: multiline, s: dotAll, x: false };
  let at = 0;
  const globalFlags = /^\(\?([aiLmsux]+)\)/.exec(pattern);
  if (globalFlags) {
    for (const flag of globalFlags[1]) {
      if (!'imsu'.includes(flag)) throw new RegexError('unsupported', `the flag ${flag}`);
      if (flag !== 'u') flags[flag as 'i' | 'm' | 's'] = true;
    }
    at = globalFlags[0].length;
  }
  let out = '';
  let afterQuantifier = false;
  while (at < pattern.length) {
    if (afterQuantifier && pattern[at] === '+')
      throw new RegexError('unsupported', 'a possessive quantifier');
    const [text, next] = translateElement(pattern, at, flags);
    out += text;
    afterQuantifier = /^[*+?{]/.test(text);
    at = next;
  }
  try {
    return new RegExp(out, `gu${flags.i ? 'i' : ''}`);
  } catch (error) {
    throw new RegexError('invalid', (error as Error).message);
  }
}

/** A part of a pattern in JavaScript, and the position in the Python pattern after it. */
type Translated = readonly [text: string, next: number];

/** Translates the element at `at`. */
function translateElement(
  pattern: string,
  at: number,
  flags: { readonly m: boolean; readonly s: boolean },
): Translated {
  const char = String.fromCodePoint(pattern.codePointAt(at)!);
  if (char === '\\') return translateEscape(pattern, at + 1);
  if (char === '[') return translateClass(pattern, at + 1);
  if (char === '.') return [flags.s ? '[\\s\\S]' : '[^\\n]', at + 1];
  if (char === '^') return [flags.m ? '(?:^|(?<=\\n))' : '^', at + 1];
  if (char === '$') return [flags.m ? '(?:$|(?=\\n))' : '(?=\\n?$)', at + 1];
  if (char === '(' && pattern[at + 1] === '?') return translateExtension(pattern, at);
  // braces that do not form a quantifier are literal
  if (char === '{' && !/^\{\d*(?:,\d*)?\}/.test(pattern.slice(at))) return ['\\{', at + 1];
  if (char === '{') {
    const count = /^\{(\d*)(?:(,)(\d*))?\}/.exec(pattern.slice(at))!;
    if (count[0] === '{}') return ['\\{\\}', at + 2];
    return [`{${count[1] || '0'}${count[2] ?? ''}${count[3] ?? ''}}`, at + count[0].length];
  }
  if (char === '}' || char === ']') return [`\\${char}`, at + 1];
  return [char === '/' ? '\\/' : char, at + char.length];
}

/** Translates the `(?…` at `at`. */
function translateExtension(pattern: string, at: number): Translated {
  const rest = pattern.slice(at);
  for (const [form, to] of [
    [/^\(\?P<([\p{L}_][\p{L}\p{N}_]*)>/u, (name: string) => `(?<${name}>`],
    [/^\(\?P=([\p{L}_][\p{L}\p{N}_]*)\)/u, (name: string) => `\\k<${name}>`],
    [/^\(\?(:|=|!|<=|<!)/, (kind: string) => `(?${kind}`],
    [/^\(\?#[^)]*\)/, () => ''],
  ] as const) {
    const found = form.exec(rest);
    if (found) return [to(found[1]), at + found[0].length];
  }
  const flag = /^\(\?[aiLmsux-]+[):]/.test(rest);
  if (flag || /^\(\?[(>]/.test(rest)) throw new RegexError('unsupported', rest.slice(0, 4));
  throw new RegexError('invalid', `unknown extension ${rest.slice(0, 3)}`);
}

/** The character of an escape at `at`, after the backslash, inside or outside of brackets. */
function escapedCharacter(pattern: string, at: number): Translated | undefined {
  const rest = pattern.slice(at);
  const code = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/.exec(rest);
  if (code)
    return [
      String.fromCodePoint(Number.parseInt(code[1] ?? code[2] ?? code[3], 16)),
      at + code[0].length,
    ];
  const octal = /^(?:0[0-7]{0,2}|[0-3][0-7]{2})/.exec(rest);
  if (octal) return [String.fromCodePoint(Number.parseInt(octal[0], 8)), at + octal[0].length];
  const char = rest.slice(0, 1);
  if (Object.hasOwn(CHARACTERS, char)) return [CHARACTERS[char], at + 1];
  if (char !== '' && !/[A-Za-z0-9]/.test(char))
    return [
      String.fromCodePoint(rest.codePointAt(0)!),
      at + (rest.codePointAt(0)! > 0xffff ? 2 : 1),
    ];
  return undefined;
}

/** Translates the escape at `at`, after the backslash, outside of brackets. */
function translateEscape(pattern: string, at: number): Translated {
  const char = pattern[at];
  if (char === undefined) throw new RegexError('invalid', 'bad escape (end of pattern)');
  const fixed: Readonly<Record<string, string>> = {
    A: '^',
    Z: '$',
    b: AT_WORD,
    B: `(?!${AT_WORD})`,
  };
  if (Object.hasOwn(fixed, char)) return [fixed[char], at + 1];
  if (Object.hasOwn(CLASSES, char)) return [`[${CLASSES[char]}]`, at + 1];
  if (Object.hasOwn(NEGATED, char)) return [NEGATED[char], at + 1];
  const one = escapedCharacter(pattern, at);
  if (one) return [escapeChar(one[0]), one[1]];
  const reference = /^[1-9]\d?/.exec(pattern.slice(at));
  if (reference) return [`(?:\\${reference[0]})`, at + reference[0].length];
  if (char === 'N') throw new RegexError('unsupported', 'character names');
  throw new RegexError('invalid', `bad escape \\${char}`);
}

/** Translates a character class from `start`, after the opening bracket. */
function translateClass(pattern: string, start: number): Translated {
  let at = start;
  let out = '[';
  if (pattern[at] === '^') {
    out += '^';
    at++;
  }
  const first = at;
  while (at < pattern.length && (pattern[at] !== ']' || at === first)) {
    const char = String.fromCodePoint(pattern.codePointAt(at)!);
    if (char !== '\\') {
      const range = char === '-' && at !== first && pattern[at + 1] !== ']';
      out += range ? '-' : escapeInClass(char);
      at += char.length;
      continue;
    }
    const kind = pattern[at + 1] ?? '';
    if (Object.hasOwn(CLASSES, kind)) out += CLASSES[kind];
    else if (kind === 'D') out += NEGATED.D;
    else if (kind === 'W' || kind === 'S')
      throw new RegexError('unsupported', `\\${kind} inside brackets`);
    else if (kind === 'b') out += '\\x08';
    else {
      const one = escapedCharacter(pattern, at + 1);
      if (!one) throw new RegexError('invalid', `bad escape \\${kind}`);
      out += escapeInClass(one[0]);
      at = one[1];
      continue;
    }
    at += 2;
  }
  if (at >= pattern.length) throw new RegexError('invalid', 'unterminated character set');
  return [`${out}]`, at + 1];
}

/** The replacement of re.sub for a match: `\1`, `\g<1>`, `\g<name>`, `\n` …. Throws RegexError. */
export function pythonTemplate(template: string): (match: RegExpExecArray) => string {
  const parts: (string | ((match: RegExpExecArray) => string))[] = [];
  const groupOf = (name: string) => (match: RegExpExecArray) => {
    const exists = /^\d+$/.test(name)
      ? Number(name) < match.length
      : match.groups !== undefined && Object.hasOwn(match.groups, name);
    if (!exists) throw new RegexError('invalid', `unknown group ${name}`);
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups![name]) ?? '';
  };
  for (let at = 0; at < template.length; ) {
    if (template[at] !== '\\') {
      const plain = /^[^\\]+/.exec(template.slice(at))![0];
      parts.push(plain);
      at += plain.length;
      continue;
    }
    const rest = template.slice(at + 1);
    const named = /^g<([^>]+)>/.exec(rest);
    const octal = /^(?:0[0-7]{0,2}|[0-3][0-7]{2})/.exec(rest);
    const numbered = /^[1-9]\d?/.exec(rest);
    if (named) parts.push(groupOf(named[1]));
    else if (octal) parts.push(String.fromCodePoint(Number.parseInt(octal[0], 8)));
    else if (numbered) parts.push(groupOf(numbered[0]));
    else if (rest[0] === '\\') parts.push('\\');
    else if (rest[0] !== undefined && Object.hasOwn(CHARACTERS, rest[0]))
      parts.push(CHARACTERS[rest[0]]);
    else if (rest === '' || /^[A-Za-z]/.test(rest))
      throw new RegexError('invalid', `bad escape \\${rest.slice(0, 1)}`);
    else parts.push(`\\${rest[0]}`);
    at += 1 + (named ?? octal ?? numbered ?? [rest[0]])[0].length;
  }
  return (match) => parts.map((part) => (typeof part === 'string' ? part : part(match))).join('');
}
