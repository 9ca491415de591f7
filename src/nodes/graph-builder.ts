// Graphs that a node gives back to be run in its place. After ComfyUI's comfy_execution/graph_utils.py (GraphBuilder).

/** Output `slot` of a node, as it stands in a prompt. */
export type OutputLink = readonly [id: string, slot: number];

/** A node of an expanded graph: its inputs are links, widget values or values of any type. */
export interface ExpandedNode {
  readonly classType: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The node at which a client shows this one; the expanding node unless given. */
  readonly displayId?: string;
}

export type ExpandedGraph = ReadonlyMap<string, ExpandedNode>;

export interface SubgraphNode {
  /** With the prefix of its graph. */
  readonly id: string;
  out(slot: number): OutputLink;
  /** Sets an input; undefined takes it away. */
  set(name: string, value: unknown): void;
}

export interface Subgraph {
  /** Adds a node. Without an id it gets the next number; an id that is there already gives that node. Undefined inputs are left out. */
  node(
    classType: string,
    inputs?: Readonly<Record<string, unknown>>,
    options?: { readonly id?: string; readonly displayId?: string },
  ): SubgraphNode;
  /** The node of this id, given without prefix. */
  lookup(id: string): SubgraphNode | undefined;
  /** The graph, to give back as `expand`. */
  finish(): ExpandedGraph;
}

/** An empty graph whose ids begin with `prefix`. */
export function createSubgraph(prefix: string): Subgraph {
  const nodes = new Map<
    string,
    {
      readonly classType: string;
      readonly inputs: Record<string, unknown>;
      readonly displayId?: string;
    }
  >();
  let next = 1;
  const handle = (id: string): SubgraphNode => ({
    id,
    out: (slot) => [id, slot],
    set: (name, value) => {
      const { inputs } = nodes.get(id)!;
      if (value === undefined) delete inputs[name];
      else inputs[name] = value;
    },
  });
  return {
    node: (classType, inputs = {}, { id = String(next++), displayId } = {}) => {
      const whole = prefix + id;
      if (!nodes.has(whole)) {
        const given = Object.entries(inputs).filter(([, value]) => value !== undefined);
        nodes.set(whole, { classType, inputs: Object.fromEntries(given), displayId });
      }
      return handle(whole);
    },
    lookup: (id) => (nodes.has(prefix + id) ? handle(prefix + id) : undefined),
    finish: () => new Map(nodes),
  };
}

/** Whether a value stands for a node's output, as ComfyUI's executor sees it: `[id, slot]`. */
export const isOutputLink = (value: unknown): value is OutputLink =>
  Array.isArray(value) &&
  value.length === 2 &&
  typeof value[0] === 'string' &&
  typeof value[1] === 'number';
