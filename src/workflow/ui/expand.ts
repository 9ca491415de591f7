// The nodes that a UI workflow comes down to: subgraphs, group nodes and components replaced by what is in them, editor-only nodes left out.
import type { NodeTypes } from './node-types.ts';
import type { Template } from './template.ts';
import { BYPASS, MAX_NODES, NEVER, notUi, type UiGraph, type UiNode } from './ui-graph.ts';
import { isEditorOnly } from './virtual.ts';

/** The inside of one outer node, or the workflow itself. */
export interface Scope {
  /** `1:2:` before the ids of its nodes. */
  readonly path: string;
  readonly graph: UiGraph;
  readonly outer?: { readonly scope: Scope; readonly node: UiNode; readonly template: Template };
  /** The insides of outer nodes in this scope, by their id. */
  readonly inner: ReadonlyMap<string, Scope>;
}

/** A node that runs, and where it stands. */
export interface Placed {
  readonly id: string;
  readonly node: UiNode;
  readonly scope: Scope;
}

export interface Expanded {
  readonly root: Scope;
  readonly nodes: readonly Placed[];
}

const MAX_DEPTH = 50;

/** Expands a workflow. Throws DR_WORKFLOW_FORMAT for definitions that contain themselves or grow beyond all measure. */
export function expand(graph: UiGraph, types: NodeTypes): Expanded {
  const nodes: Placed[] = [];
  let total = 0;
  const open = (
    inside: UiGraph,
    path: string,
    outer: Scope['outer'],
    within: readonly string[],
  ): Scope => {
    total += inside.nodes.size;
    if (total > MAX_NODES)
      throw notUi(`has more than ${MAX_NODES} nodes when its subgraphs are opened`);
    const inner = new Map<string, Scope>();
    const scope: Scope = { path, graph: inside, outer, inner };
    const off = outer?.node.mode === NEVER || outer?.node.mode === BYPASS;
    for (const node of [...inside.nodes.values()].sort((a, b) => a.order - b.order)) {
      const id = path + node.id;
      const template = types.templateOf(node.type);
      if (template) {
        if (within.includes(node.type) || within.length >= MAX_DEPTH)
          throw notUi(`has a definition that contains itself: ${template.name}`, id);
        inner.set(
          node.id,
          open(template.graph, `${id}:`, { scope, node, template }, [...within, node.type]),
        );
      } else if (!off && !isEditorOnly(node.type) && node.mode !== NEVER && node.mode !== BYPASS)
        nodes.push({ id, node, scope });
    }
    return scope;
  };
  const root = open(graph, '', undefined, []);
  return { root, nodes: nodes.filter(({ scope }) => !isOff(scope)) };
}

/** Whether an outer node around the scope is muted or bypassed: then nothing in it runs. */
function isOff(scope: Scope): boolean {
  for (let outer = scope.outer; outer; outer = outer.scope.outer)
    if (outer.node.mode === NEVER || outer.node.mode === BYPASS) return true;
  return false;
}
