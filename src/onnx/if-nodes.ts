// Removes `If` nodes. The first branch of Graph.choose is a faster way for some sizes on a CPU; the
// second is right for all sizes.
import type { Model, Node, Subgraph } from './serialize.ts';

/** Returns the model with every `If` replaced by its second branch. */
export function withoutIfNodes(model: Model): Model {
  const withoutIfs = (nodes: readonly Node[]): Node[] =>
    nodes.flatMap((node) => {
      const branch = node.attributes['else_branch'];
      if (node.type !== 'If' || typeof branch !== 'object' || !('graph' in branch)) return [node];
      const { nodes: inner, output }: Subgraph = branch.graph;
      return [
        ...withoutIfs(inner),
        { domain: '', type: 'Identity', inputs: [output], outputs: node.outputs, attributes: {} },
      ];
    });
  return { ...model, nodes: withoutIfs(model.nodes) };
}
