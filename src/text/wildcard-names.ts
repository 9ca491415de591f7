// Replaces the names in a text by items of their lists, with the draws and in the order of the
// Impact Pack (replace_wildcard in modules/impact/wildcards.py).
import { DarkroomError } from '../errors.ts';
import { MAX_FOLDER_SEARCHES } from '../limits.ts';
import type { DefaultRng } from '../random/numpy-random.ts';
import type { ExpansionBudget } from './expansion-budget.ts';
import { unusable } from './wildcard-errors.ts';
import { itemAt, itemCount, type ListLookup, type ListName, NAME } from './wildcard-lists.ts';
import { drawWeighted, weightsOf, withoutWeight } from './wildcard-weights.ts';

/** Every name, also those that share their underscores: `a` and `b` in `__a__b__`. */
const NAMES = new RegExp(`(?=${NAME.source})`, 'gu');

/** What the replacement of names needs, for one text. */
export interface Expansion {
  readonly rng: DefaultRng;
  readonly lookUp: ListLookup;
  readonly budget: ExpansionBudget;
}

export interface ReplacedNames {
  readonly text: string;
  /** Whether the names have to be replaced once more. */
  readonly found: boolean;
}

/** The same, and whether all names that are left in the text stand for nothing. */
interface SearchedNames extends ReplacedNames {
  readonly finished: boolean;
}

/**
 * Replaces each name by one of its items. A name without a folder that has no list is searched in
 * all folders: then all names of the text are replaced before the rest of them, once more.
 */
export const replaceNames = (text: string, expansion: Expansion): ReplacedNames =>
  replaceLevel(text, expansion, 0);

function replaceLevel(text: string, expansion: Expansion, level: number): SearchedNames {
  const { lookUp, budget } = expansion;
  budget.spend(text.length);
  if (level > MAX_FOLDER_SEARCHES) throw tooManySearches();
  const { names, starts } = namesIn(text, lookUp);
  const draft = new NameReplacement(text, budget);
  let found = false;
  for (const [i, entry] of names.entries()) {
    const { name, lists, searched } = entry;
    if (lists) {
      draft.replace(name, starts[i], drawItem(entry, expansion));
      found = true;
    } else if (searched) {
      const rest = { text: draft.text(), names: names.slice(i) };
      return replaceSearched(rest, expansion, level);
    }
  }
  const result = draft.text();
  return { text: result, found, finished: level > 0 && isFinished(result, lookUp) };
}

/** Replaces names of which the first is searched in all folders. */
function replaceSearched(
  { text, names }: { readonly text: string; readonly names: readonly ListName[] },
  expansion: Expansion,
  level: number,
): SearchedNames {
  const { budget } = expansion;
  let state: SearchedNames = { text, found: false, finished: false };
  for (const entry of names) {
    const { name, lists, searched } = entry;
    // in a finished text there is nothing to replace, but the items are drawn
    if (lists) {
      const item = drawItem(entry, expansion);
      const next = state.finished ? state.text : replaceFirst(state.text, name, item, budget);
      state = { ...state, text: next, found: true };
    } else if (searched && state.finished) state = { ...state, found: false };
    else if (searched) {
      const next = replaceFirst(state.text, name, `__*/${name}__`, budget);
      state = replaceLevel(next, expansion, level + 1);
    }
  }
  return state;
}

function namesIn(text: string, lookUp: ListLookup): { names: ListName[]; starts: number[] } {
  const names: ListName[] = [];
  const starts: number[] = [];
  for (const { 1: name, index } of text.matchAll(NAME)) {
    names.push(lookUp(name));
    starts.push(index);
  }
  return { names, starts };
}

const isFinished = (text: string, lookUp: ListLookup): boolean =>
  [...text.matchAll(NAMES)].every(([, name]) => {
    const { lists, searched } = lookUp(name);
    return !lists && !searched;
  });

/** Draws an item: by the weights of a list of this name, all alike for a name with `*`. */
function drawItem({ name, lists = [], isPattern }: ListName, { rng, budget }: Expansion): string {
  const written = `__${name}__`;
  const count = itemCount(lists);
  if (count === 0) throw unusable(written, 'the list is empty');
  if (isPattern) return itemAt(lists, rng.integers(0, count));
  budget.spend(count);
  const weights = weightsOf(lists[0], written);
  const [item] = drawWeighted(lists[0], weights, 1, { rng, budget, written });
  return withoutWeight(item);
}

/** Replaces the first occurrence of a name; `$` is an ordinary character in `by`. */
function replaceFirst(text: string, name: string, by: string, budget: ExpansionBudget): string {
  budget.spend(text.length);
  budget.checkLength(text.length + by.length);
  return text.replace(`__${name}__`, () => by);
}

/**
 * Replaces names in the order of a text, each time the first occurrence of a name. This is the one
 * in the text unless earlier items contain names.
 */
class NameReplacement {
  readonly #text: string;
  readonly #budget: ExpansionBudget;
  /** What is before `#at`, with its names replaced. */
  #done: string[] = [];
  #at = 0;
  #length: number;
  #last = '';
  #mayContainNames = false;

  constructor(text: string, budget: ExpansionBudget) {
    this.#text = text;
    this.#budget = budget;
    this.#length = text.length;
  }

  text(): string {
    return this.#done.join('') + this.#text.slice(this.#at);
  }

  /** `start`: where the name is in the text. */
  replace(name: string, start: number, item: string): void {
    const written = `__${name}__`;
    this.#length += item.length - written.length;
    this.#budget.checkLength(this.#length);
    this.#append(this.#text.slice(this.#at, start));
    this.#at = start;
    if ((this.#mayContainNames || this.#last === '_') && this.#replaceEarlier(written, item))
      return;
    this.#append(item);
    this.#at = start + written.length;
  }

  #append(piece: string): void {
    if (piece === '') return;
    this.#mayContainNames ||= piece.includes('__') || (this.#last === '_' && piece[0] === '_');
    this.#last = piece.slice(-1);
    this.#done.push(piece);
  }

  /** Replaces an occurrence that begins before `#at`. Returns false if there is none. */
  #replaceEarlier(written: string, item: string): boolean {
    const done = this.#done.join('');
    this.#done = [done];
    this.#budget.spend(done.length);
    const next = this.#text.slice(this.#at, this.#at + written.length - 1);
    const start = (done + next).indexOf(written);
    if (start < 0) return false;
    const end = start + written.length;
    this.#done = [];
    this.#last = '';
    this.#append(done.slice(0, start));
    this.#append(item);
    this.#append(done.slice(end));
    this.#at += Math.max(0, end - done.length);
    return true;
  }
}

const tooManySearches = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: `the text has more than ${MAX_FOLDER_SEARCHES} names of lists that do not exist`,
    hint: 'Correct the names of the lists, or write their folders: __people/hair__.',
  });
