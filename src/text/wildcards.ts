// Wildcards in prompts: `{a|b}`, `{2::a|b}`, `{1-2$$, $$a|b|c}`, `__list__`, `2#__list__`, and `#`
// for comments. Syntax, generator and order of the draws are those of the Impact Pack
// (modules/impact/wildcards.py), so that the same seed gives the same text.
import { DarkroomError } from '../errors.ts';
import { type DefaultRng, defaultRng } from '../random/numpy-random.ts';

/** Lists by normalised name (`colors`, `people/hair`), in the order they were read. */
export type Wildcards = ReadonlyMap<string, readonly string[]>;

const GROUP = /\{([^{}]*?)\}/g;
const NAME = /__([\p{L}\p{N}_.\-+/*\\]+?)__/gu;
const QUANTIFIED = /(\d+)#__([\p{L}\p{N}_.\-+/*\\]+?)__/giu;
const MAX_ROUNDS = 99;
const MAX_REPEATS = 100000;

/** The normalised name of a list: lower case, `/` between folders, `-` for spaces. */
export const normaliseWildcardName = (name: string): string =>
  name.replaceAll('\\', '/').replaceAll(' ', '-').toLowerCase();

/** Whether a text contains anything that `populateWildcards` would replace. */
export const hasWildcards = (text: string): boolean =>
  text.search(GROUP) >= 0 || text.search(NAME) >= 0 || /^\s*#/m.test(text);

/**
 * Replaces every `{…}` and list name in a text by a choice. Names of lists that do not exist stay
 * as written. Throws DR_INPUT_INVALID where nothing can be chosen: weights that are all 0,
 * `{3-2$$…}`, `{word$$…}`, an empty list.
 */
export function populateWildcards(
  text: string,
  seed: bigint | number,
  wildcards: Wildcards,
): string {
  const rng = defaultRng(seed);
  let result = removeComments(text);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    result = expandRepetitions(result);
    while (result.search(GROUP) >= 0)
      result = result.replace(GROUP, (_, group: string) => choose(group, rng, wildcards));
    const { text: next, found } = replaceNames(result, rng, wildcards);
    result = next;
    if (!found) break;
  }
  return result;
}

/** Removes lines that begin with #; the line after them is joined to the line before. */
export function removeComments(text: string): string {
  const lines: string[] = [];
  let skipped = false;
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('#')) skipped = true;
    else if (lines.length > 0 && skipped) {
      lines[lines.length - 1] += ` ${line}`;
      skipped = false;
    } else lines.push(line);
  }
  return lines.join('\n');
}

/**
 * `3#__x__` becomes `__x__|__x__|__x__`. As in the original, the first count of a name applies to
 * all its occurrences, and names with + or \ are left unchanged.
 */
function expandRepetitions(text: string): string {
  let result = text;
  for (const [, count, name] of text.matchAll(QUANTIFIED)) {
    const keyword = name.toLowerCase();
    if (Number(count) > MAX_REPEATS)
      throw unusable(`${count}#__${name}__`, `more than ${MAX_REPEATS} repetitions`);
    const repeated = `__${Array(Number(count)).fill(keyword).join('__|__')}__`;
    const pattern = keyword.includes('\\')
      ? undefined
      : patternOf(`\\d+#__${keyword.replaceAll('*', '\\*')}__`, 'giu');
    if (pattern) result = result.replace(pattern, () => repeated);
  }
  return result;
}

/** Chooses one or several of the options in `{…}`. */
function choose(group: string, rng: DefaultRng, wildcards: Wildcards): string {
  let options = group.split('|');
  let range: readonly [number, number] | undefined;
  let separator = ' ';
  const parts = options[0].split('$$');
  if (parts.length > 1) {
    range = rangeOf(options[0], group);
    if (parts.length === 2) {
      if (options.length === 1 && parts[1].search(NAME) >= 0)
        options = namedOptions(parts[1], wildcards);
      else options[0] = parts[1];
    } else if (parts.length === 3) {
      separator = parts[1];
      options[0] = parts[2];
    }
  }
  const weights = weightsOf(options, group);
  const count = range ? drawCount(range, rng, group) : 1;
  const chosen =
    count > options.length ? rng.shuffled(options) : draw(options, weights, count, rng, group);
  return chosen.map((option) => option.replace(/^\s*[0-9.]+::/, '')).join(separator);
}

/** The least and the largest number of choices in `2$$…`, `1-3$$…` or `-3$$…`. */
function rangeOf(first: string, group: string): readonly [number, number] {
  const full = /^(\d+)(?:-(\d+))?/.exec(first);
  if (full) return [Number(full[1]), Number(full[2] ?? full[1])];
  const upTo = /^-(\d+)/.exec(first);
  if (upTo) return [1, Number(upTo[1])];
  throw unusable(group, 'there is no number before $$');
}

function drawCount([from, to]: readonly [number, number], rng: DefaultRng, group: string): number {
  if (from > to) throw unusable(group, `${from} is more than ${to}`);
  if (to - from >= 2 ** 32 - 1) throw unusable(group, 'the range is too wide');
  return rng.integers(from, to + 1);
}

/** Whether a text is a decimal number without an exponent (`2`, `-.5`, `3.`). */
export const isNumeric = (text: string): boolean => /^-?(\d*\.?\d+|\d+\.?\d*)$/.test(text);

/** The weights of the options, scaled to a sum of 1: `3::a` has weight 3, others 1. */
function weightsOf(options: readonly string[], group: string): number[] {
  const weights = options.map((option) => {
    const [number, rest] = splitOnce(option, '::');
    return rest !== undefined && isNumeric(number.trim()) ? Number(number) : 1;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (options.length > 0 && total === 0) throw unusable(group, 'its weights sum to 0');
  return weights.map((weight) => weight / total);
}

function draw(
  options: readonly string[],
  weights: readonly number[],
  count: number,
  rng: DefaultRng,
  group: string,
): string[] {
  if (weights.some((weight) => weight < 0)) throw unusable(group, 'a weight is below 0');
  if (weights.filter((weight) => weight > 0).length < count)
    throw unusable(group, `it has fewer than ${count} options with a weight above 0`);
  return rng.weightedChoice(weights, count).map((index) => options[index]);
}

/** All items of the lists that a text names. */
function namedOptions(text: string, wildcards: Wildcards): string[] {
  return [...text.matchAll(NAME)].flatMap(([, match]) => {
    const found = lookUp(match, wildcards);
    if (found) return found;
    return isBare(match)
      ? namedOptions(replaceFirst(text, `__${match}__`, `__*/${match}__`), wildcards)
      : [];
  });
}

/**
 * Replaces each list name by one of its items. A name without a folder is searched in all folders
 * too.
 */
function replaceNames(
  text: string,
  rng: DefaultRng,
  wildcards: Wildcards,
): { text: string; found: boolean } {
  let result = text;
  let found = false;
  for (const [, match] of text.matchAll(NAME)) {
    const options = lookUp(match, wildcards);
    if (options) {
      if (options.length === 0) throw unusable(`__${match}__`, 'the list is empty');
      result = replaceFirst(result, `__${match}__`, options[rng.integers(0, options.length)]);
      found = true;
    } else if (isBare(match))
      ({ text: result, found } = replaceNames(
        replaceFirst(result, `__${match}__`, `__*/${match}__`),
        rng,
        wildcards,
      ));
  }
  return { text: result, found };
}

/** The list of a name, or the lists that match a name with `*`; undefined when there are none. */
function lookUp(match: string, wildcards: Wildcards): readonly string[] | undefined {
  const name = normaliseWildcardName(match);
  const own = wildcards.get(name);
  if (own || !name.includes('*')) return own;
  const pattern = patternOf(`^(?:${name.replaceAll('*', '.*').replaceAll('+', '\\+')})`, 'u');
  const lists = [...wildcards].filter(([key]) => pattern?.test(key) || pattern?.test(`${key}/`));
  return lists.length > 0 ? lists.flatMap(([, items]) => items) : undefined;
}

const isBare = (match: string): boolean =>
  !normaliseWildcardName(match).includes('*') && !normaliseWildcardName(match).includes('/');

function patternOf(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

function splitOnce(text: string, by: string): readonly [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + by.length)];
}

/**
 * Replaces the first occurrence; unlike in String.replace, `$` in `by` is an ordinary character.
 */
const replaceFirst = (text: string, what: string, by: string): string =>
  text.replace(what, () => by);

const unusable = (what: string, why: string): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: `nothing can be chosen from {${what}}: ${why}`
      .replace('{__', '__')
      .replace('__}', '__'),
    hint: 'Wildcards are written {a|b}, {3::a|b}, {2$$, $$a|b|c} or __list__.',
  });
