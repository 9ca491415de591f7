// A graph without its branches. What `choose` offers as first is a faster way for some sizes on a CPU; the second is right for all.
import type { Model, Node, Subgraph } from './serialize.ts';

/** Every `If` replaced by its second branch. */
export function withoutIfNodes(model: Model): Model {
  const flat = (nodes: readonly Node[]): Node[] =>
    nodes.flatMap((node) => {
      const branch = node.attributes['else_branch'];
      if (node.type !== 'If' || typeof branch !== 'object' || !('graph' in branch)) return [node];
      const { nodes: inner, output }: Subgraph = branch.graph;
      return [
        ...flat(inner),
        { domain: '', type: 'Identity', inputs: [output], outputs: node.outputs, attributes: {} },
      ];
    });
  return { ...model, nodes: flat(model.nodes) };
}
