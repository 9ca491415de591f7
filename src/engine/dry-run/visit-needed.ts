// The nodes that a run needs: of lazy inputs only those that their nodes request.

export interface NeededNodes {
  /** The nodes that a node needs in any case. */
  sourcesOf(id: string): readonly string[];
  /** The further nodes that a node requests; it is called until all of them were visited. */
  requestedBy(id: string): Promise<readonly string[]>;
  /** Is called once for each needed node, after the nodes that it needs. */
  visit(id: string): Promise<void>;
}

/** Visits `targets` and the nodes that they need; returns their ids in this order. */
export async function visitNeeded(
  targets: readonly string[],
  { sourcesOf, requestedBy, visit }: NeededNodes,
): Promise<readonly string[]> {
  const entered = new Set<string>();
  const visited = new Set<string>();
  const stack = [...targets].reverse();
  for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
    if (visited.has(id)) {
      stack.pop();
    } else if (!entered.has(id)) {
      entered.add(id);
      stack.push(...sourcesOf(id).filter((source) => !entered.has(source)));
    } else {
      const requested = (await requestedBy(id)).filter((source) => !entered.has(source));
      stack.push(...requested);
      if (requested.length > 0) continue;
      await visit(id);
      visited.add(id);
    }
  }
  return [...visited];
}
