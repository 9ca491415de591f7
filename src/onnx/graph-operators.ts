// The operators of a graph under construction, those of the branches of its `If` nodes, and those
// of the bodies of its `Scan` nodes.
import type { Graph } from './onnx-graph.ts';
import type { Attribute, Node } from './serialize.ts';

export interface GraphOperators extends Pick<Graph, 'op' | 'outputsOf' | 'choose' | 'scan'> {
  /** The operators of the graph itself. */
  readonly nodes: readonly Node[];
  /** Adds a node of the default domain, with given output names, to the graph itself. */
  add(node: Pick<Node, 'type' | 'inputs' | 'outputs'>): void;
  /** Calls `work` so that operators are added to the graph itself, even inside a branch or body. */
  outsideBranches<T>(work: () => T): T;
}

/** `nextNumber` numbers the values, so that their names are unique in the graph. */
export function graphOperators(nextNumber: () => number): GraphOperators {
  const nodes: Node[] = [];
  /** Where operators are added: to the graph, or to the branch that is being built. */
  let target = nodes;

  const addingTo = <T>(list: Node[], work: () => T): T => {
    const outer = target;
    target = list;
    try {
      return work();
    } finally {
      target = outer;
    }
  };
  const outputsOf: Graph['outputsOf'] = (qualifiedType, inputs, count, attributes = {}) => {
    const dot = qualifiedType.lastIndexOf('.');
    const domain = qualifiedType.slice(0, Math.max(dot, 0));
    const type = qualifiedType.slice(dot + 1);
    const outputs = Array.from({ length: count }, () => `${type}_${nextNumber()}`);
    target.push({ domain, type, inputs, outputs, attributes });
    return outputs;
  };
  const op: Graph['op'] = (type, inputs, attributes) => outputsOf(type, inputs, 1, attributes)[0];
  const branch = (work: () => string, inputs: readonly string[] = []): Attribute => {
    const list: Node[] = [];
    const output = addingTo(list, () => op('Identity', [work()]));
    return { graph: { inputs, nodes: list, output } };
  };
  const scan: Graph['scan'] = (inputs, body) => {
    const parts = inputs.map(() => `part_${nextNumber()}`);
    return op('Scan', inputs, {
      num_scan_inputs: inputs.length,
      body: branch(() => body(parts), parts),
    });
  };
  return {
    nodes,
    op,
    outputsOf,
    choose: (condition, yes, no) =>
      op('If', [condition], { then_branch: branch(yes), else_branch: branch(no) }),
    scan,
    add: (node) => {
      nodes.push({ domain: '', ...node, attributes: {} });
    },
    outsideBranches: (work) => addingTo(nodes, work),
  };
}
