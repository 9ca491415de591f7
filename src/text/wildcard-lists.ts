// The lists that names in a text stand for: `__colors__`, `__people/hair__`, `__people/*__`.
import { MAX_PATH_BYTES } from '../limits.ts';
import { withSlashes } from '../slashes.ts';
import type { ExpansionBudget } from './expansion-budget.ts';

/** Lists by normalised name (`colors`, `people/hair`), in the order they were read. */
export type Wildcards = ReadonlyMap<string, readonly string[]>;

/** A name between double underscores. */
// eslint-disable-next-line regexp/no-super-linear-move -- five underscores in a row match
export const NAME = /__([\p{L}\p{N}_.\-+/*\\]+?)__/gu;

/** The normalised name of a list: lower case, `/` between folders, `-` for spaces. */
export const normaliseWildcardName = (name: string): string =>
  withSlashes(name).replaceAll(' ', '-').toLowerCase();

/** A name as it is written in a text, and what it stands for. */
export interface ListName {
  readonly name: string;
  /** The lists of this name, several for a name with `*`; undefined when there are none. */
  readonly lists?: readonly (readonly string[])[];
  /** Whether the lists are those that a name with `*` fits. */
  readonly isPattern: boolean;
  /** Whether the name is searched in all folders: it has neither `/` nor `*`, nor a list. */
  readonly searched: boolean;
}

export type ListLookup = (name: string) => ListName;

/** Looks names up, each once. */
export function listLookup(wildcards: Wildcards, budget: ExpansionBudget): ListLookup {
  const known = new Map<string, ListName>();
  return (name) => {
    let entry = known.get(name);
    if (!entry) {
      const normal = normaliseWildcardName(name);
      const own = wildcards.get(normal);
      const lists = own ? [own] : fittingLists(normal, wildcards, budget);
      entry = { name, lists, isPattern: !own, searched: !lists && !/[*/]/.test(normal) };
      known.set(name, entry);
    }
    return entry;
  };
}

/** The number of items in lists. */
export const itemCount = (lists: readonly (readonly string[])[]): number =>
  lists.reduce((sum, { length }) => sum + length, 0);

/** The item at a position in several lists, one after the other. */
export function itemAt(lists: readonly (readonly string[])[], index: number): string {
  let rest = index;
  for (const list of lists) {
    if (rest < list.length) return list[rest];
    rest -= list.length;
  }
  throw new Error(`internal: there is no item ${index}`);
}

/** The lists with items that a name with `*` fits; undefined if there are none. */
function fittingLists(
  name: string,
  wildcards: Wildcards,
  budget: ExpansionBudget,
): ListName['lists'] | undefined {
  if (!name.includes('*') || name.length > MAX_PATH_BYTES) return undefined;
  budget.spend([...wildcards.keys()].reduce((sum, { length }) => sum + length, 0));
  const fits = name.startsWith('*/') && name.length > 2 ? inAnyFolder(name) : beginsLike(name);
  const found = [...wildcards].filter(([key, { length }]) => length > 0 && fits(key));
  return found.length > 0 ? found.map(([, items]) => items) : undefined;
}

/** For `*` + `/name`: lists and folders of this name in all folders, and what is inside them. */
const inAnyFolder =
  (name: string) =>
  (key: string): boolean =>
    `/${key}/`.includes(`${name.slice(1)}/`);

/** For other names with `*`: lists whose name begins like it. */
function beginsLike(name: string): (key: string) => boolean {
  const segments = name.split('*').map((segment) => Array.from(segment));
  return (key) => beginsWith(Array.from(`${key}/`), segments);
}

/**
 * Whether a name begins with these segments, with anything between them. As the original matches a
 * regular expression, a `.` stands for any character, and nothing for a line end.
 */
function beginsWith(
  name: readonly string[],
  [first, ...others]: readonly (readonly string[])[],
): boolean {
  if (!isAt(name, first, 0)) return false;
  let at = first.length;
  for (const segment of others) {
    while (!isAt(name, segment, at)) if (at >= name.length || name[at++] === '\n') return false;
    at += segment.length;
  }
  return true;
}

const isAt = (name: readonly string[], segment: readonly string[], at: number): boolean =>
  segment.every((char, i) => {
    const other = name[at + i];
    return char === '.' ? other !== undefined && other !== '\n' : other === char;
  });
