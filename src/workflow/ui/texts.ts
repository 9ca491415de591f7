// What the editor does to texts before it sends them: dynamic prompts `{a|b}`, and `%date:…%` and `%Node.widget%` in file names.

const MAX_DEPTH = 200;

/**
 * A dynamic prompt with one of each `{a|b}` chosen; `random` gives 0 <= x < 1. Comments (slash-star … star-slash, and from // to the end of the line) go; `\{`, `\|`
 * and `\}` stand for themselves.
 */
export function chooseFrom(prompt: string, random: () => number, depth = 0): string {
  const text = prompt.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  let result = '';
  let at = 0;
  const escaped = (): string => `\\${at < text.length ? text[at++] : ''}`;
  const choice = (): string => {
    const options: string[] = [];
    let option = '';
    let open = 0;
    while (at < text.length) {
      const c = text[at++];
      if (c === '\\') {
        option += escaped();
        continue;
      }
      if (c === '{') open++;
      else if (c === '}') {
        if (open === 0) break;
        open--;
      } else if (c === '|' && open === 0) {
        options.push(option);
        option = '';
        continue;
      }
      option += c;
    }
    options.push(option);
    const chosen = options[Math.floor(random() * options.length)];
    return depth < MAX_DEPTH ? chooseFrom(chosen, random, depth + 1) : chosen;
  };
  while (at < text.length) {
    const c = text[at++];
    result += c === '\\' ? escaped() : c === '{' ? choice() : c;
  }
  return result.replace(/\\([{}|])/g, '$1');
}

/** Whether a prompt holds anything that `chooseFrom` would change. */
export const isDynamic = (prompt: string): boolean => /[{}]|\/\*|\/\/|\\[{}|]/.test(prompt);

const DATE_PARTS: Readonly<Record<string, (date: Date) => number>> = {
  d: (date) => date.getDate(),
  M: (date) => date.getMonth() + 1,
  h: (date) => date.getHours(),
  m: (date) => date.getMinutes(),
  s: (date) => date.getSeconds(),
};

/** `yyyy-MM-dd` and the like, in local time. */
export const formatDate = (pattern: string, date: Date): string =>
  pattern.replace(/dd?|MM?|hh?|mm?|ss?|yyy?y?/g, (part) => {
    if (part === 'yyyy') return String(date.getFullYear());
    if (part === 'yy') return String(date.getFullYear()).slice(2);
    return DATE_PARTS[part[0]]
      ? String(DATE_PARTS[part[0]](date)).padStart(part.length, '0')
      : part;
  });

/**
 * A file name with `%date:…%` and `%Node.widget%` filled in; `lookUp` gives a widget's value by the name of its node. What it doesn't
 * know, and `%width%`, `%height%` and the like, which are filled in when the picture is saved, stay.
 */
export function fillIn(
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
