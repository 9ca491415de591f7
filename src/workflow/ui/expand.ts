// Expands a UI workflow to the nodes that run: subgraphs, group nodes and components are replaced
// by their inner nodes; virtual, muted and bypassed nodes are left out.
import type { NodeTypes } from './node-types.ts';
import type { Template } from './templates/template.ts';
import { BYPASS, MAX_NODES, NEVER, notUi, type UiGraph, type UiNode } from './ui-graph.ts';
import { isVirtual } from './virtual.ts';

/** The inner graph of one outer node, or the workflow itself. */
export interface Scope {
  /** Prefix of the ids of its nodes: `1:2:`. */
  readonly path: string;
  readonly graph: UiGraph;
  /** The outer node, and the scope that contains it; undefined for the workflow itself. */
  readonly outer?: { readonly scope: Scope; readonly node: UiNode; readonly template: Template };
  /** The scopes of the outer nodes in this scope, by node id. */
  readonly inner: ReadonlyMap<string, Scope>;
}

/** A node that runs, and its scope. */
export interface ScopedNode {
  readonly id: string;
  readonly node: UiNode;
  readonly scope: Scope;
}

export interface Expanded {
  readonly root: Scope;
  readonly nodes: readonly ScopedNode[];
}

const MAX_DEPTH = 50;

/**
 * Expands a workflow. Throws DR_WORKFLOW_FORMAT for definitions that contain themselves, and when
 * there are more than MAX_NODES nodes.
 */
export function expand(graph: UiGraph, types: NodeTypes): Expanded {
  const nodes: ScopedNode[] = [];
  let total = 0;
  const open = (
    inside: UiGraph,
    path: string,
    outer: Scope['outer'],
    outerTypes: readonly string[],
  ): Scope => {
    total += inside.nodes.size;
    if (total > MAX_NODES)
      throw notUi(`has more than ${MAX_NODES} nodes when its subgraphs are expanded`);
    const inner = new Map<string, Scope>();
    const scope: Scope = { path, graph: inside, outer, inner };
    const outerRuns = !outer || runs(outer.node);
    for (const node of [...inside.nodes.values()].sort((a, b) => a.order - b.order)) {
      const id = path + node.id;
      const template = types.templateOf(node.type);
      if (template) {
        if (outerTypes.includes(node.type) || outerTypes.length >= MAX_DEPTH)
          throw notUi(`has a definition that contains itself: ${template.name}`, id);
        const around = { scope, node, template };
        inner.set(node.id, open(template.graph, `${id}:`, around, [...outerTypes, node.type]));
      } else if (outerRuns && !isVirtual(node.type) && runs(node)) nodes.push({ id, node, scope });
    }
    return scope;
  };
  const root = open(graph, '', undefined, []);
  return { root, nodes: nodes.filter(({ scope }) => isActive(scope)) };
}

/** Whether a node is neither muted nor bypassed. */
const runs = ({ mode }: UiNode): boolean => mode !== NEVER && mode !== BYPASS;

/** Whether all nodes around a scope run. */
function isActive(scope: Scope): boolean {
  for (let outer = scope.outer; outer; outer = outer.scope.outer)
    if (!runs(outer.node)) return false;
  return true;
}
