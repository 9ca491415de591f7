// Which node runs next: dependencies first, and among the ready ones those that soon show a picture.
// After ComfyUI's comfy_execution/graph.py (TopologicalSort, ux_friendly_pick_node).
import { type Graph, linksOf } from '../workflow/graph.ts';

export interface Order {
  /** Nodes still to run. */
  readonly pending: ReadonlySet<string>;
  /** The next node; undefined when all are done. Throws when the rest is a circle (validation refuses those). */
  next(): string | undefined;
  /** Takes a node that ran off the list. */
  complete(id: string): void;
}

/** The nodes that `outputs` need, without what is cached already. */
export function orderOf(
  graph: Graph,
  outputs: readonly string[],
  isOutput: (id: string) => boolean,
  isCached: (id: string) => boolean,
): Order {
  const pending = new Set<string>();
  const blockers = new Map<string, Set<string>>();
  const blocked = new Map<string, Set<string>>();

  for (const output of outputs) {
    const stack = [output];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (pending.has(id)) continue;
      pending.add(id);
      const sources = new Set(linksOf(graph.get(id)!).map(([, link]) => link.id));
      const open = [...sources].filter((source) => graph.has(source) && !isCached(source));
      blockers.set(id, new Set(open));
      for (const source of open) {
        if (!blocked.has(source)) blocked.set(source, new Set());
        blocked.get(source)!.add(id);
        stack.push(source);
      }
    }
  }

  const consumers = (id: string): Iterable<string> => blocked.get(id) ?? [];
  const leadsToOutput = (id: string, depth: number): boolean => {
    for (const consumer of consumers(id)) if (depth === 0 ? isOutput(consumer) : leadsToOutput(consumer, depth - 1)) return true;
    return false;
  };
  const next = (): string | undefined => {
    if (pending.size === 0) return undefined;
    const ready = [...pending].filter((id) => blockers.get(id)!.size === 0);
    if (ready.length === 0) throw new Error(`internal: nodes ${[...pending]} wait for each other`);
    return ready.find(isOutput) ?? ready.find((id) => leadsToOutput(id, 0)) ?? ready.find((id) => leadsToOutput(id, 1)) ?? ready[0];
  };
  const complete = (id: string): void => {
    pending.delete(id);
    for (const consumer of consumers(id)) blockers.get(consumer)!.delete(id);
    blocked.delete(id);
  };
  return { pending, next, complete };
}
