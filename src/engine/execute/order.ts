// Chooses the node that runs next: dependencies first, and among the ready nodes those that lead to
// an image soon. Nodes and links may be added while it runs (lazy inputs, expansion). After
// ComfyUI's comfy_execution/graph.py (TopologicalSort, ux_friendly_pick_node).

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

export function createOrder({ sourcesOf, isOutput, isDone }: OrderView): Order {
  const pending = new Set<string>();
  const sources = new Map<string, Set<string>>();
  const consumers = new Map<string, Set<string>>();
  const consumersOf = (id: string): Iterable<string> => consumers.get(id) ?? [];

  const link = (id: string, source: string): void => {
    sources.get(id)!.add(source);
    if (!consumers.has(source)) consumers.set(source, new Set());
    consumers.get(source)!.add(id);
  };
  const add = (first: string): void => {
    const stack = [first];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (pending.has(id)) continue;
      pending.add(id);
      sources.set(id, new Set());
      for (const source of sourcesOf(id)) {
        if (isDone(source)) continue;
        link(id, source);
        stack.push(source);
      }
    }
  };
  const wait = (id: string, source: string): void => {
    if (isDone(source)) return;
    add(source);
    link(id, source);
  };
  /** Whether an output node follows the consumers of a node after `distance` more links. */
  const leadsToOutput = (id: string, distance: number): boolean =>
    [...consumersOf(id)].some((consumer) =>
      distance === 0 ? isOutput(consumer) : leadsToOutput(consumer, distance - 1),
    );
  const next = (): string | undefined => {
    const ready = [...pending].filter((id) => sources.get(id)!.size === 0);
    return (
      ready.find(isOutput) ??
      ready.find((id) => leadsToOutput(id, 0)) ??
      ready.find((id) => leadsToOutput(id, 1)) ??
      ready[0]
    );
  };
  const complete = (id: string): void => {
    pending.delete(id);
    sources.delete(id);
    for (const consumer of consumersOf(id)) sources.get(consumer)?.delete(id);
    consumers.delete(id);
  };
  const circle = (): readonly string[] =>
    findCircle(pending, (id) => sources.get(id)!, consumersOf);
  return { pending, add, wait, next, circle, complete };
}

/** What remains when nodes without a source or a consumer among the rest are removed repeatedly. */
function findCircle(
  pending: ReadonlySet<string>,
  sourcesOf: (id: string) => Iterable<string>,
  consumersOf: (id: string) => Iterable<string>,
): readonly string[] {
  const rest = new Set(pending);
  const inRest = (ids: Iterable<string>): boolean => [...ids].some((id) => rest.has(id));
  for (let before = -1; before !== rest.size; ) {
    before = rest.size;
    for (const id of rest) if (!inRest(sourcesOf(id)) || !inRest(consumersOf(id))) rest.delete(id);
  }
  return [...rest];
}
