// The nodes of a running job with their declarations: those of the prompt and those that nodes
// expanded to.
import type { NodeDeclaration } from '../../nodes/declare.ts';
import type { OutputLink } from '../../nodes/graph-builder.ts';
import type { Input } from '../../nodes/input-types.ts';
import { flatDeclaration } from '../../nodes/nested-inputs.ts';
import { declaredLinks } from '../../workflow/input-spec.ts';
import type { NodeTable } from '../../workflow/node-table.ts';
import type { DynamicGraph, DynamicNode } from './dynamic-prompt.ts';
import { missingNode } from './failures.ts';

export interface DeclaredNode {
  readonly node: DynamicNode;
  /** Flat: with one input for each name in the prompt. */
  readonly declaration: NodeDeclaration;
}

export interface NodeLookup {
  /** Throws DR_NODE_FAILED when there is no such node or its class type is unknown. */
  get(id: string): DeclaredNode;
  /** Undefined when there is no such node. Throws DR_NODE_FAILED for an unknown class type. */
  find(id: string): DeclaredNode | undefined;
  /** The links among a node's declared inputs: input name, link, declaration of the input. */
  linksOf(id: string): readonly [string, OutputLink, Input][];
  /** Id and class type: what makes a node the same one in the next job. */
  keyOf(id: string): string;
  /** The keys of the nodes that expanded to this one, outermost first. */
  lineageOf(id: string): readonly string[];
}

export function createNodeLookup(dynamic: DynamicGraph, nodes: NodeTable): NodeLookup {
  const get = (id: string): DeclaredNode => {
    const node = dynamic.node(id);
    const declaration = node && nodes.get(node.classType);
    if (!declaration) throw missingNode(id, node?.classType);
    return { node, declaration: flatDeclaration(declaration, node.inputs) };
  };
  const keyOf = (id: string): string => `${id} ${dynamic.node(id)!.classType}`;
  const lineageOf = (id: string): string[] => {
    const keys: string[] = [];
    for (let parent = dynamic.parentOf(id); parent !== undefined; parent = dynamic.parentOf(parent))
      keys.push(keyOf(parent));
    return keys.reverse();
  };
  return {
    get,
    find: (id) => (dynamic.node(id) ? get(id) : undefined),
    linksOf: (id) => {
      const { node, declaration } = get(id);
      return declaredLinks(declaration, node.inputs);
    },
    keyOf,
    lineageOf,
  };
}
