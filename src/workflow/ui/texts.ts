// The editor's changes to texts before it sends them: dynamic prompts `{a|b}`, and `%date:…%` and
// `%Node.widget%` in file names.

const MAX_DEPTH = 200;

/**
 * Chooses one option of each `{a|b}` in a dynamic prompt, with `random` from 0 up to 1. Removes
 * comments (slash-star to star-slash, and from // to the end of the line). `\{`, `\|` and `\}`
 * stand for the characters themselves.
 */
export function chooseOptions(prompt: string, random: () => number, depth = 0): string {
  const text = removeComments(prompt);
  let result = '';
  let at = 0;
  const escaped = (): string => `\\${at < text.length ? text[at++] : ''}`;
  const chooseOne = (): string => {
    const { options, end } = splitOptions(text, at);
    at = end;
    const chosen = options[Math.floor(random() * options.length)];
    return depth < MAX_DEPTH ? chooseOptions(chosen, random, depth + 1) : chosen;
  };
  while (at < text.length) {
    const c = text[at++];
    result += c === '\\' ? escaped() : c === '{' ? chooseOne() : c;
  }
  return result.replace(/\\([{}|])/g, '$1');
}

const LINE = /.*/y;

function removeComments(text: string): string {
  const kept: string[] = [];
  let from = 0;
  let hasBlockEnd = true;
  for (let slash = text.indexOf('/'); slash >= 0; ) {
    let end = -1;
    if (text[slash + 1] === '/') {
      LINE.lastIndex = slash;
      end = slash + LINE.exec(text)![0].length;
    } else if (text[slash + 1] === '*' && hasBlockEnd) {
      const close = text.indexOf('*/', slash + 2);
      hasBlockEnd = close >= 0;
      end = close + 2;
    }
    if (end >= slash + 2) {
      kept.push(text.slice(from, slash));
      from = end;
    }
    slash = text.indexOf('/', Math.max(from, slash + 1));
  }
  return kept.join('') + text.slice(from);
}

/** Splits the options from `start`, which follows a `{`, to its `}`; nested braces stay in them. */
function splitOptions(text: string, start: number): { options: string[]; end: number } {
  const options: string[] = [];
  let option = '';
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const c = text[at++];
    if (c === '}' && depth === 0) break;
    if (c === '|' && depth === 0) {
      options.push(option);
      option = '';
      continue;
    }
    if (c === '{') depth++;
    if (c === '}') depth--;
    option += c === '\\' ? `\\${at < text.length ? text[at++] : ''}` : c;
  }
  return { options: [...options, option], end: at };
}

/** Whether `chooseOptions` would change a prompt. */
export const isDynamic = (prompt: string): boolean => /[{}]|\/\*|\/\/|\\[{}|]/.test(prompt);

const DATE_PARTS: Readonly<Record<string, (date: Date) => number>> = {
  d: (date) => date.getDate(),
  M: (date) => date.getMonth() + 1,
  h: (date) => date.getHours(),
  m: (date) => date.getMinutes(),
  s: (date) => date.getSeconds(),
};

/** Formats a date by a pattern such as `yyyy-MM-dd_hhmmss`, in local time. */
const formatDate = (pattern: string, date: Date): string =>
  pattern.replace(/dd?|MM?|hh?|mm?|ss?|yyy?y?/g, (part) => {
    if (part === 'yyyy') return String(date.getFullYear());
    if (part === 'yy') return String(date.getFullYear()).slice(2);
    return DATE_PARTS[part[0]]
      ? String(DATE_PARTS[part[0]](date)).padStart(part.length, '0')
      : part;
  });

/**
 * Replaces `%date:…%` and `%Node.widget%` in a file name. `lookUp` returns a widget's value by the
 * name of its node. Unknown placeholders stay, and so do `%width%` and the like, which are replaced
 * when the image is saved.
 */
export function replacePlaceholders(
  text: string,
  now: Date,
  lookUp: (node: string, widget: string) => string | undefined,
): string {
  return text.replace(/%([^%]+)%/g, (whole, inside: string) => {
    const parts = inside.split('.');
    if (parts.length !== 2)
      return parts[0].startsWith('date:') ? formatDate(parts[0].slice(5), now) : whole;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they can't be in file names
    return lookUp(parts[0], parts[1])?.replace(/[/?<>\\:*|"\x00-\x1f\x7f]/g, '_') ?? whole;
  });
}
