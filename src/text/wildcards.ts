// Wildcards in prompts: `{a|b}`, `{2::a|b}`, `{1-2$$, $$a|b|c}`, `__list__`, `2#__list__`, and `#`
// for comments; `\{` and `\}` are ordinary characters. Syntax, generator and order of the draws are
// those of the Impact Pack 8.28 (modules/impact/wildcards.py), so that the same seed gives the same
// text.
import { MAX_REPETITIONS } from '../limits.ts';
import { type DefaultRng, defaultRng } from '../random/numpy-random.ts';
import { ExpansionBudget } from './expansion-budget.ts';
import { unusable } from './wildcard-errors.ts';
import { itemCount, listLookup, NAME, type Wildcards } from './wildcard-lists.ts';
import { type Expansion, replaceNames } from './wildcard-names.ts';
import { drawWeighted, weightsOf, withoutWeight } from './wildcard-weights.ts';

const GROUP = /(?<!\\)\{((?:[^{}]|(?<=\\)[{}])*?)(?<!\\)\}/g;
const QUANTIFIED = /(?<!\d)(\d+)#__([\p{L}\p{N}_.\-+/*\\]+?)__/gu;
const MAX_ROUNDS = 99;

/** Whether a text contains anything that `populateWildcards` would replace. */
export const hasWildcards = (text: string): boolean =>
  text.search(GROUP) >= 0 || text.search(NAME) >= 0 || text.split('\n').some(isComment);

/**
 * Returns the names in a text that no list has, each once. Names without a folder are searched in
 * all folders.
 */
export function missingWildcards(text: string, wildcards: Wildcards): string[] {
  const lookUp = listLookup(wildcards, new ExpansionBudget(text));
  const exists = (name: string): boolean => {
    const { lists, searched } = lookUp(name);
    return lists !== undefined || (searched && lookUp(`*/${name}`).lists !== undefined);
  };
  // populateWildcards leaves `*/` before a name that it did not find in any folder
  const names = [...removeComments(text).matchAll(NAME)].map(([, name]) =>
    name.replace(/^(?:\*\/)+/, ''),
  );
  return [...new Set(names)].filter((name) => !exists(name));
}

const isComment = (line: string): boolean => line.trimStart().startsWith('#');

/**
 * Replaces every `{…}` and list name in a text by a choice. Names of lists that do not exist stay
 * as written. As in the original, a group whose weights sum to 1 or less is replaced by all of its
 * options. Throws DR_INPUT_INVALID where nothing can be chosen (weights that are all 0,
 * `{word$$…}`, an empty list), and for a text that expands to more than MAX_EXPANDED_TEXT
 * characters or takes too many steps.
 */
export function populateWildcards(
  text: string,
  seed: bigint | number,
  wildcards: Wildcards,
): string {
  const budget = new ExpansionBudget(text);
  const lookUp = listLookup(wildcards, budget);
  const expansion: Expansion = { rng: defaultRng(seed), lookUp, budget };
  let result = removeComments(text);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    result = expandRepetitions(result, budget);
    while (result.search(GROUP) >= 0) result = replaceGroups(result, expansion);
    const { text: next, found } = replaceNames(result, expansion);
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
    if (isComment(line)) skipped = true;
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
function expandRepetitions(text: string, budget: ExpansionBudget): string {
  budget.spend(text.length);
  const repeated = new Map<string, string>();
  let length = text.length;
  return text.replace(QUANTIFIED, (written: string, count: string, name: string) => {
    const keyword = name.toLowerCase();
    if (Number(count) > MAX_REPETITIONS)
      throw unusable(written, `more than ${MAX_REPETITIONS} repetitions`);
    if (/[+\\]/.test(keyword)) return written;
    let names = repeated.get(keyword);
    if (names === undefined) {
      budget.checkLength(length + Number(count) * keyword.length);
      names = `__${Array(Number(count)).fill(keyword).join('__|__')}__`;
      repeated.set(keyword, names);
    }
    length += names.length - written.length;
    budget.checkLength(length);
    return names;
  });
}

/** Replaces each `{…}` that contains no other. */
function replaceGroups(text: string, expansion: Expansion): string {
  const { budget } = expansion;
  budget.spend(text.length);
  let length = text.length;
  return text.replace(GROUP, (written: string, group: string) => {
    const chosen = choose(group, expansion);
    length += chosen.length - written.length;
    budget.checkLength(length);
    return chosen;
  });
}

/** Chooses one or several of the options in `{…}`. */
function choose(group: string, expansion: Expansion): string {
  const { rng, budget } = expansion;
  const written = `{${group}}`;
  let options = group.split('|');
  let range: readonly [number, number] | undefined;
  let separator = ' ';
  const parts = options[0].split('$$');
  if (parts.length > 1) range = rangeOf(options[0], written);
  if (parts.length === 2 || parts.length === 3) {
    const first = parts[parts.length - 1];
    if (parts.length === 3) separator = parts[1];
    if (options.length === 1 && first.search(NAME) >= 0) options = namedItems(first, expansion);
    else options[0] = first;
  }
  const weights = weightsOf(options, written);
  const count = range ? drawCount(range, options.length, rng, written) : 1;
  const chosen =
    count > options.length || weights.total <= 1
      ? rng.shuffled(options)
      : drawWeighted(options, weights, count, { rng, budget, written });
  return chosen.map(withoutWeight).join(separator);
}

/** The least and the largest number of choices in `2$$…`, `1-3$$…` or `-3$$…`. */
function rangeOf(first: string, written: string): readonly [number, number] {
  const full = /^(\d+)(?:-(\d+))?/.exec(first);
  if (full) return [Number(full[1]), Number(full[2] ?? full[1])];
  const upTo = /^-(\d+)/.exec(first);
  if (upTo) return [1, Number(upTo[1])];
  throw unusable(written, 'there is no number before $$');
}

/** NumPy draws 64-bit integers. */
const COUNT_LIMIT = 2 ** 63;

/**
 * Draws how many of `options` are chosen. As in the original, a least number above the largest one
 * takes part in the draw as its end, so that it is never reached.
 */
function drawCount(
  [from, to]: readonly [number, number],
  options: number,
  rng: DefaultRng,
  written: string,
): number {
  const end = to > 0 ? Math.min(to, options) + 1 : options + 1;
  if (end === from) return end;
  const [low, high] = [Math.min(from, end), Math.max(from, end)];
  if (high > COUNT_LIMIT) throw unusable(written, 'the number before $$ is too large');
  return rng.integers(low, high);
}

/** All items of the lists that a text names; names without a list have none. */
function namedItems(text: string, { lookUp, budget }: Expansion): string[] {
  budget.spend(text.length);
  const items: string[] = [];
  for (const [, match] of text.matchAll(NAME)) {
    const { lists = [] } = lookUp(match);
    budget.spend(itemCount(lists));
    for (const list of lists) for (const item of list) items.push(item);
  }
  return items;
}
