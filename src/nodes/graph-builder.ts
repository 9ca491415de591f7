// Graphs that a node returns and that are run instead of it.
// After ComfyUI's comfy_execution/graph_utils.py (GraphBuilder).

/** Output `slot` of a node, in the form of a prompt. */
export type OutputLink = readonly [id: string, slot: number];

/** A node of an expanded graph: its inputs are links, widget values or values of any type. */
export interface ExpandedNode {
  readonly classType: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The node at which clients show this one; the expanding node by default. */
  readonly displayId?: string;
}

export type ExpandedGraph = ReadonlyMap<string, ExpandedNode>;

export interface SubgraphNode {
  /** The id with the prefix of its graph. */
  readonly id: string;
  out(slot: number): OutputLink;
  /** Sets an input; undefined removes it. */
  set(name: string, value: unknown): void;
}

export interface Subgraph {
  /**
   * Adds a node and returns it, or returns the existing node of this id. The default id is the next
   * number. Inputs that are undefined are omitted.
   */
  node(
    classType: string,
    inputs?: Readonly<Record<string, unknown>>,
    options?: { readonly id?: string; readonly displayId?: string },
  ): SubgraphNode;
  /** The node of an id without prefix. */
  lookup(id: string): SubgraphNode | undefined;
  /** The graph, to be returned as `expand`. */
  finish(): ExpandedGraph;
}

/** An empty graph whose ids begin with `prefix`. */
export function createSubgraph(prefix: string): Subgraph {
  const nodes = new Map<string, ExpandedNode & { readonly inputs: Record<string, unknown> }>();
  let nextId = 1;
  const nodeAt = (id: string): SubgraphNode => ({
    id,
    out: (slot) => [id, slot],
    set: (name, value) => {
      const { inputs } = nodes.get(id)!;
      if (value === undefined) delete inputs[name];
      else inputs[name] = value;
    },
  });
  return {
    node: (classType, inputs = {}, { id = String(nextId++), displayId } = {}) => {
      const fullId = prefix + id;
      if (!nodes.has(fullId)) {
        const defined = Object.entries(inputs).filter(([, value]) => value !== undefined);
        nodes.set(fullId, { classType, inputs: Object.fromEntries(defined), displayId });
      }
      return nodeAt(fullId);
    },
    lookup: (id) => (nodes.has(prefix + id) ? nodeAt(prefix + id) : undefined),
    finish: () => new Map(nodes),
  };
}

/** Whether a value is a link to a node's output, by the rule of ComfyUI's executor. */
export const isOutputLink = (value: unknown): value is OutputLink =>
  Array.isArray(value) &&
  value.length === 2 &&
  typeof value[0] === 'string' &&
  typeof value[1] === 'number';
