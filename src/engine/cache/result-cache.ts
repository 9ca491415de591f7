// Results by signature, in memory. The cache lasts from one job to the next, where the entries that
// the next job can't use are removed.
import type { SavedFile } from '../../nodes/context.ts';
import { type NodeUi, type Outputs, savedFiles } from '../events.ts';
import type { OutputLists } from '../execute/lists.ts';

export interface CacheEntry {
  readonly outputs: OutputLists;
  readonly ui: NodeUi | undefined;
  /** The nodes that expanded to this one, outermost first: id and class type of each. */
  readonly lineage: readonly string[];
  /** What the nodes that this one expanded to showed. */
  readonly inner?: Outputs;
  /**
   * The files and listings that this node and those before it read; undefined where its outputs
   * must not be stored for later runs.
   */
  readonly dependencies?: readonly string[];
}

/** Entries by signature. */
export type ResultCache = Map<string, CacheEntry>;

/** The files that an entry shows. It is of use only while all of them exist. */
export const filesOf = ({ ui, inner }: CacheEntry): SavedFile[] =>
  [ui, ...Object.values(inner ?? {})].flatMap(savedFiles);

/**
 * Removes the entries that a new job cannot use: those whose signature is not among `signatures`.
 * Entries of nodes that were expanded from a node of the prompt stay; `keys` has id and class type
 * of the prompt's nodes.
 */
export function removeUnused(
  cache: ResultCache,
  signatures: ReadonlySet<string>,
  keys: ReadonlySet<string>,
): void {
  for (const [signature, { lineage }] of cache)
    if (!signatures.has(signature) && !keys.has(lineage[0])) cache.delete(signature);
}

/** Signatures by node: the entries of what it expanded to, directly or not. */
export type ExpansionIndex = ReadonlyMap<string, readonly string[]>;

/** The index of the expansions in a cache; nodes are named by their keys. */
export function indexExpansions(cache: ResultCache): ExpansionIndex {
  const index = new Map<string, string[]>();
  for (const [signature, { lineage }] of cache)
    for (const key of lineage) {
      const inside = index.get(key);
      if (inside) inside.push(signature);
      else index.set(key, [signature]);
    }
  return index;
}

/**
 * Removes the entries of an earlier expansion of the node with the key `parent`. Of the nodes that
 * it expanded to directly, those with one of `signatures` stay; of the nodes that these expanded to
 * in turn, those whose direct ancestor is among `keys`. `index` is that of the cache before the
 * node expanded.
 */
export function removeReplacedExpansions(
  cache: ResultCache,
  index: ExpansionIndex,
  parent: string,
  signatures: ReadonlySet<string>,
  keys: ReadonlySet<string>,
): void {
  for (const signature of index.get(parent) ?? []) {
    const lineage = cache.get(signature)?.lineage ?? [];
    const depth = lineage.indexOf(parent);
    if (depth < 0) continue;
    const isDirect = depth === lineage.length - 1;
    const isCurrent = isDirect ? signatures.has(signature) : keys.has(lineage[depth + 1]);
    if (!isCurrent) cache.delete(signature);
  }
}
