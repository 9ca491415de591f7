// Chooses the node that runs next: dependencies first, and among the ready nodes those that lead to
// an image soon. Nodes and links may be added while it runs (lazy inputs, expansion). Its work
// grows with the links, not with the nodes that wait. After ComfyUI's comfy_execution/graph.py
// (TopologicalSort, ux_friendly_pick_node).
import { createReadyQueue } from './ready-queue.ts';

/** What the order reads of the nodes. */
export interface OrderView {
  /** The nodes that must run before this one. */
  sourcesOf(id: string): readonly string[];
  isOutput(id: string): boolean;
  /** Whether the node's results exist already. */
  isDone(id: string): boolean;
}

export interface Order {
  /** Nodes still to run. */
  readonly pending: ReadonlySet<string>;
  /** Adds a node and all that must run before it. */
  add(id: string): void;
  /** Makes `id`, which is pending, wait for `source`. */
  wait(id: string, source: string): void;
  /** The next node; undefined when all are done or the rest waits for each other (see `circle`). */
  next(): string | undefined;
  /** The nodes that wait for each other in a circle. */
  circle(): readonly string[];
  /** Removes a node that has run. */
  complete(id: string): void;
}

/** The rank of a node with more than two links to the nearest output node. */
const LAST_RANK = 3;

/** A node that has not run. */
interface PendingNode {
  /** The nodes that it waits for. */
  readonly sources: Set<string>;
  /** Its place in the order in which the nodes were added. */
  readonly position: number;
  /** The number of links from it to the nearest output node, LAST_RANK at most. */
  rank: number;
}

export function createOrder({ sourcesOf, isOutput, isDone }: OrderView): Order {
  const { insert, link, queueIfReady, ...nodes } = createPendingNodes(isOutput);
  const add = (first: string): void => {
    const stack = [first];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (nodes.pending.has(id)) continue;
      const sources = sourcesOf(id);
      insert(id);
      for (const source of sources) {
        if (isDone(source)) continue;
        link(id, source);
        stack.push(source);
      }
      queueIfReady(id);
    }
  };
  const wait = (id: string, source: string): void => {
    if (isDone(source)) return;
    add(source);
    link(id, source);
  };
  return { ...nodes, add, wait };
}

interface PendingNodes extends Pick<Order, 'pending' | 'next' | 'complete' | 'circle'> {
  /** Adds a node that waits for nothing yet. */
  insert(id: string): void;
  /** Makes a node wait for another one, which may be inserted later. */
  link(id: string, source: string): void;
  /** To be called when all links of a new node are there. */
  queueIfReady(id: string): void;
}

/** The nodes that have not run, and the links between them. */
function createPendingNodes(isOutput: OrderView['isOutput']): PendingNodes {
  const nodes = new Map<string, PendingNode>();
  const pending = new Set<string>();
  const consumers = new Map<string, Set<string>>();
  const consumersOf = (id: string): Iterable<string> => consumers.get(id) ?? [];
  const ready = createReadyQueue();
  let count = 0;

  const queueIfReady = (id: string): void => {
    const node = nodes.get(id);
    if (node?.sources.size === 0) ready.add({ id, rank: node.rank, position: node.position });
  };
  /** Lowers the rank of a node, and with it the ranks of the nodes before it. */
  const lowerRank = (id: string, rank: number): void => {
    const node = nodes.get(id);
    if (!node || rank >= node.rank) return;
    node.rank = rank;
    queueIfReady(id);
    for (const source of node.sources) lowerRank(source, rank + 1);
  };
  const link = (id: string, source: string): void => {
    const node = nodes.get(id)!;
    node.sources.add(source);
    if (!consumers.has(source)) consumers.set(source, new Set());
    consumers.get(source)!.add(id);
    lowerRank(source, node.rank + 1);
  };
  const insert = (id: string): void => {
    let rank = isOutput(id) ? 0 : LAST_RANK;
    for (const consumer of consumersOf(id))
      rank = Math.min(rank, 1 + (nodes.get(consumer)?.rank ?? LAST_RANK));
    nodes.set(id, { sources: new Set(), position: count++, rank });
    pending.add(id);
  };
  const next = (): string | undefined => {
    for (let first = ready.first(); first; first = ready.first()) {
      const node = nodes.get(first.id);
      if (node?.sources.size === 0 && node.rank === first.rank) return first.id;
      // it has run, waits again, or is queued with a lower rank
      ready.removeFirst();
    }
    return undefined;
  };
  const complete = (id: string): void => {
    pending.delete(id);
    nodes.delete(id);
    for (const consumer of consumersOf(id))
      if (nodes.get(consumer)?.sources.delete(id)) queueIfReady(consumer);
    consumers.delete(id);
  };
  const circle = (): readonly string[] =>
    findCircle(pending, (id) => nodes.get(id)!.sources, consumersOf);
  return { pending, insert, link, queueIfReady, next, complete, circle };
}

/** What remains when nodes without a source or a consumer among the rest are removed repeatedly. */
function findCircle(
  pending: ReadonlySet<string>,
  sourcesOf: (id: string) => Iterable<string>,
  consumersOf: (id: string) => Iterable<string>,
): readonly string[] {
  const rest = new Set(pending);
  const countInRest = (ids: Iterable<string>): number => [...ids].filter((x) => rest.has(x)).length;
  const sourceCounts = new Map([...pending].map((id) => [id, countInRest(sourcesOf(id))]));
  const consumerCounts = new Map([...pending].map((id) => [id, countInRest(consumersOf(id))]));
  const isFree = (id: string): boolean =>
    sourceCounts.get(id) === 0 || consumerCounts.get(id) === 0;
  const removable = [...pending].filter(isFree);
  const removeLink = (counts: Map<string, number>, id: string): void => {
    const count = counts.get(id);
    if (count === undefined) return;
    counts.set(id, count - 1);
    if (count === 1) removable.push(id);
  };
  for (let id = removable.pop(); id !== undefined; id = removable.pop()) {
    if (!rest.delete(id)) continue;
    for (const source of sourcesOf(id)) removeLink(consumerCounts, source);
    for (const consumer of consumersOf(id)) removeLink(sourceCounts, consumer);
  }
  return [...rest];
}
