// Wildcards in prompts: `{a|b}`, `{2::a|b}`, `{1-2$$, $$a|b|c}`, `__list__`, `2#__list__`, and `#`
// for comments. Syntax, generator and order of the draws are those of the Impact Pack
// (modules/impact/wildcards.py), so that the same seed gives the same text.
import { MAX_REPETITIONS } from '../limits.ts';
import { type DefaultRng, defaultRng } from '../random/numpy-random.ts';
import { ExpansionBudget } from './expansion-budget.ts';
import { unusable } from './wildcard-errors.ts';
import { itemCount, type ListName, listLookup, NAME, type Wildcards } from './wildcard-lists.ts';
import { type Expansion, replaceFirst, replaceNames } from './wildcard-names.ts';

const GROUP = /\{([^{}]*?)\}/g;
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
 * as written. Throws DR_INPUT_INVALID where nothing can be chosen (weights that are all 0,
 * `{3-2$$…}`, `{word$$…}`, an empty list), and for a text that expands to more than
 * MAX_EXPANDED_TEXT characters or takes too many steps.
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
  const { rng } = expansion;
  let options = group.split('|');
  let range: readonly [number, number] | undefined;
  let separator = ' ';
  const parts = options[0].split('$$');
  if (parts.length > 1) {
    range = rangeOf(options[0], group);
    if (parts.length === 2) {
      if (options.length === 1 && parts[1].search(NAME) >= 0)
        options = namedOptions(parts[1], expansion);
      else options[0] = parts[1];
    } else if (parts.length === 3) {
      separator = parts[1];
      options[0] = parts[2];
    }
  }
  const weights = weightsOf(options, group);
  const count = range ? drawCount(range, rng, group) : 1;
  const chosen =
    count > options.length
      ? rng.shuffled(options)
      : draw(options, weights, count, expansion, group);
  return chosen.map((option) => option.replace(/^\s*[0-9.]+::/, '')).join(separator);
}

/** The least and the largest number of choices in `2$$…`, `1-3$$…` or `-3$$…`. */
function rangeOf(first: string, group: string): readonly [number, number] {
  const full = /^(\d+)(?:-(\d+))?/.exec(first);
  if (full) return [Number(full[1]), Number(full[2] ?? full[1])];
  const upTo = /^-(\d+)/.exec(first);
  if (upTo) return [1, Number(upTo[1])];
  throw unusable(`{${group}}`, 'there is no number before $$');
}

/** NumPy draws 64-bit integers. */
const COUNT_LIMIT = 2 ** 63;

function drawCount([from, to]: readonly [number, number], rng: DefaultRng, group: string): number {
  if (to >= COUNT_LIMIT) throw unusable(`{${group}}`, 'the number before $$ is too large');
  if (from > to) throw unusable(`{${group}}`, `${from} is more than ${to}`);
  if (to - from >= 2 ** 32 - 1) throw unusable(`{${group}}`, 'the range is too wide');
  // from 0, because numbers above 2^53 are not exact
  return from + rng.integers(0, to - from + 1);
}

/** Whether a text is a decimal number without an exponent (`2`, `-.5`, `3.`). */
export const isNumeric = (text: string): boolean => /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text);

/** The weights of the options, scaled to a sum of 1: `3::a` has weight 3, others 1. */
function weightsOf(options: readonly string[], group: string): number[] {
  const weights = options.map((option) => {
    const [number, rest] = splitOnce(option, '::');
    return rest !== undefined && isNumeric(number.trim()) ? Number(number) : 1;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (options.length > 0 && total === 0) throw unusable(`{${group}}`, 'its weights sum to 0');
  return weights.map((weight) => weight / total);
}

function draw(
  options: readonly string[],
  weights: readonly number[],
  count: number,
  { rng, budget }: Expansion,
  group: string,
): string[] {
  if (weights.some((weight) => weight < 0)) throw unusable(`{${group}}`, 'a weight is below 0');
  if (weights.filter((weight) => weight > 0).length < count)
    throw unusable(`{${group}}`, `it has fewer than ${count} options with a weight above 0`);
  return rng
    .weightedChoice(weights, count, () => budget.spend(weights.length))
    .map((index) => options[index]);
}

/** All items of the lists that a text names; none if no name has a list. */
function namedOptions(text: string, expansion: Expansion): string[] {
  const { lookUp } = expansion;
  const hasLists = ({ name, lists, searched }: ListName): boolean =>
    lists !== undefined || (searched && lookUp(`*/${name}`).lists !== undefined);
  const names = [...text.matchAll(NAME)].map(([, name]) => lookUp(name));
  return names.some(hasLists) ? itemsOf(text, expansion) : [];
}

/**
 * The items of the names in a text. For a name that is searched in all folders, the original adds
 * those of the whole text with the name so replaced.
 */
function itemsOf(text: string, expansion: Expansion): string[] {
  const { lookUp, budget } = expansion;
  budget.spend(text.length);
  const items: string[] = [];
  for (const [, match] of text.matchAll(NAME)) {
    const { name, lists, searched } = lookUp(match);
    if (lists) {
      budget.spend(itemCount(lists));
      for (const list of lists) for (const item of list) items.push(item);
    } else if (searched)
      for (const item of itemsOf(replaceFirst(text, name, `__*/${name}__`, budget), expansion))
        items.push(item);
  }
  return items;
}

function splitOnce(text: string, by: string): readonly [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + by.length)];
}
