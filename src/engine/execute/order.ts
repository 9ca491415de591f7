// Which node runs next: dependencies first, and among the ready ones those that soon show a picture. Nodes and links may be added
// while it goes on (lazy inputs, expansion). After ComfyUI's comfy_execution/graph.py (TopologicalSort, ux_friendly_pick_node).

/** What the order asks about nodes. */
export interface OrderView {
  /** The nodes that must run before this one. */
  sourcesOf(id: string): readonly string[];
  isOutput(id: string): boolean;
  /** Whether a node's results are there already. */
  isDone(id: string): boolean;
}

export interface Order {
  /** Nodes still to run. */
  readonly pending: ReadonlySet<string>;
  /** Adds a node, and what must run before it. */
  add(id: string): void;
  /** Makes `id`, which is pending, wait for `source`. */
  wait(id: string, source: string): void;
  /** The next node; undefined when all are done, or when the rest waits for each other (see `circle`). */
  next(): string | undefined;
  /** The nodes that wait for each other in a circle. */
  circle(): readonly string[];
  /** Takes a node that ran off the list. */
  complete(id: string): void;
}

export function createOrder({ sourcesOf, isOutput, isDone }: OrderView): Order {
  const pending = new Set<string>();
  const waitsFor = new Map<string, Set<string>>();
  const blocked = new Map<string, Set<string>>();

  const link = (id: string, source: string): void => {
    waitsFor.get(id)!.add(source);
    if (!blocked.has(source)) blocked.set(source, new Set());
    blocked.get(source)!.add(id);
  };
  const add = (first: string): void => {
    const stack = [first];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (pending.has(id)) continue;
      pending.add(id);
      waitsFor.set(id, new Set());
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

  const consumers = (id: string): Iterable<string> => blocked.get(id) ?? [];
  const leadsToOutput = (id: string, depth: number): boolean => {
    for (const consumer of consumers(id))
      if (depth === 0 ? isOutput(consumer) : leadsToOutput(consumer, depth - 1)) return true;
    return false;
  };
  const next = (): string | undefined => {
    const ready = [...pending].filter((id) => waitsFor.get(id)!.size === 0);
    return (
      ready.find(isOutput) ??
      ready.find((id) => leadsToOutput(id, 0)) ??
      ready.find((id) => leadsToOutput(id, 1)) ??
      ready[0]
    );
  };
  // takes away the nodes that only wait for others in the circle, and those that nothing waits for
  const circle = (): readonly string[] => {
    const left = new Set(pending);
    const inCircle = (id: string): boolean =>
      [...waitsFor.get(id)!].some((source) => left.has(source)) &&
      [...consumers(id)].some((consumer) => left.has(consumer));
    for (let before = -1; before !== left.size; ) {
      before = left.size;
      for (const id of left) if (!inCircle(id)) left.delete(id);
    }
    return [...left];
  };
  const complete = (id: string): void => {
    pending.delete(id);
    waitsFor.delete(id);
    for (const consumer of consumers(id)) waitsFor.get(consumer)?.delete(id);
    blocked.delete(id);
  };
  return { pending, add, wait, next, circle, complete };
}
