// The nodes that others depend on.
import { type Graph, linksByInput } from './api-graph.ts';

/** The ids of `targets` and of all nodes that they depend on, sources first. */
export function nodesBefore(graph: Graph, targets: Iterable<string>): string[] {
  const ordered: string[] = [];
  const entered = new Set<string>();
  const left = new Set<string>();
  const stack = [...targets].reverse();
  for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
    const node = graph.get(id);
    if (!node || entered.has(id)) {
      stack.pop();
      if (node && !left.has(id)) ordered.push(id);
      left.add(id);
      continue;
    }
    entered.add(id);
    stack.push(...linksByInput(node).map(([, link]) => link.id));
  }
  return ordered;
}
