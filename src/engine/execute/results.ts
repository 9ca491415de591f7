// The results of a running job: those it computed, and those that the cache or the store on disk
// holds from earlier jobs.
import { existsSync } from 'node:fs';
import { restoredForm } from '../cache/own-values.ts';
import { type CacheEntry, filesOf, type ResultCache } from '../cache/result-cache.ts';
import type { ResultStore } from '../cache/result-store.ts';
import type { Signatures } from '../cache/signatures.ts';
import type { NodeLookup } from './node-lookup.ts';

export interface JobResults {
  /** The result of a node, from this job or an earlier one. */
  of(id: string): CacheEntry | undefined;
  /** Records a result that this job computed. */
  add(id: string, entry: CacheEntry): void;
  /** Records that this job uses a result that was found by `of`. */
  reuse(id: string, entry: CacheEntry): void;
  /** Cached results of the node are not used until `add`: it waits for the nodes it expanded to. */
  suspend(id: string): void;
  /**
   * The files that a node with the dependencies `own` and all before it read; undefined when one of
   * those did more than its inputs and files say.
   */
  dependenciesOf(id: string, own: readonly string[]): readonly string[] | undefined;
  /**
   * Loads stored results into the cache: for each of these nodes the last ones on the way to it
   * that the store has, and nothing before them.
   */
  restore(ids: readonly string[], store: ResultStore): Promise<void>;
}

export function createJobResults(
  lookup: NodeLookup,
  signatures: Signatures,
  cache: ResultCache,
): JobResults {
  const done = new Map<string, CacheEntry>();
  const suspended = new Set<string>();

  const of = (id: string): CacheEntry | undefined => {
    const finished = done.get(id);
    if (finished) return finished;
    const entry = suspended.has(id) ? undefined : cache.get(signatures.all.get(id) ?? '');
    return entry && filesOf(entry).every((file) => existsSync(file.path)) ? entry : undefined;
  };

  /** Restores a node from the store; else returns the nodes before it, which may be there. */
  const restoreNode = async (id: string, store: ResultStore): Promise<readonly string[]> => {
    const found = lookup.find(id);
    if (!found || of(id)) return [];
    const persistent = signatures.persistentOf(id);
    const stored =
      persistent === undefined || found.declaration.outputNode
        ? undefined
        : await store.find(persistent);
    if (stored) {
      const { dependencies } = stored;
      const outputs = restoredForm(found.declaration, stored.outputs);
      const lineage = lookup.lineageOf(id);
      cache.set(signatures.of(id), { outputs, dependencies, ui: undefined, lineage });
      return [];
    }
    return lookup.linksOf(id).map(([, [source]]) => source);
  };

  return {
    of,
    add: (id, entry) => {
      cache.set(signatures.of(id), entry);
      done.set(id, entry);
      suspended.delete(id);
    },
    reuse: (id, entry) => done.set(id, entry),
    suspend: (id) => suspended.add(id),
    dependenciesOf: (id, own) => {
      const all = new Set(own);
      for (const [, [source]] of lookup.linksOf(id)) {
        const entry = of(source);
        // a lazy input that was not requested, which follows from the other inputs
        if (!entry) continue;
        if (!entry.dependencies) return undefined;
        for (const dependency of entry.dependencies) all.add(dependency);
      }
      return [...all];
    },
    restore: (ids, store) => visitAll(ids, (id) => restoreNode(id, store)),
  };
}

/** Calls `visit` once with each of the ids and with those that it returns. */
async function visitAll(
  ids: readonly string[],
  visit: (id: string) => Promise<readonly string[]>,
): Promise<void> {
  const visited = new Set<string>();
  const stack = [...ids].reverse();
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (visited.has(id)) continue;
    visited.add(id);
    stack.push(...(await visit(id)));
  }
}
