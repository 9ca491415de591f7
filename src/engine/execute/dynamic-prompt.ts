// The prompt together with the nodes that its nodes expanded to while it runs. After ComfyUI's
// comfy_execution/graph.py (DynamicPrompt).
import { DarkroomError } from '../../errors.ts';
import type { GraphView } from '../../nodes/context.ts';
import type { ExpandedGraph, ExpandedNode } from '../../nodes/graph-builder.ts';
import type { Graph } from '../../workflow/api-graph.ts';

/**
 * A node as it is executed. Its inputs are links, widget values and, in a node that another
 * expanded to, values of any type.
 */
export interface DynamicNode extends ExpandedNode {
  readonly title?: string;
}

export interface DynamicGraph extends GraphView {
  node(id: string): DynamicNode | undefined;
  /** Whether the node is part of the prompt itself. */
  isOriginal(id: string): boolean;
  /** The node of the prompt that a node belongs to, where errors are reported. */
  realOf(id: string): string;
  /** Adds the nodes that `parent` expanded to. Throws DR_NODE_FAILED for an id that exists. */
  expand(parent: string, nodes: ExpandedGraph): void;
}

interface Expansion {
  readonly node: ExpandedNode;
  readonly parent: string;
  /** The node that it is shown at, or one that leads there. */
  readonly display: string;
  readonly real: string;
}

export function createDynamicGraph(original: Graph): DynamicGraph {
  const expanded = new Map<string, Expansion>();
  const displayOf = (id: string): string => {
    let shown = id;
    for (let entry = expanded.get(id); entry; entry = expanded.get(shown)) shown = entry.display;
    return shown;
  };
  const realOf = (id: string): string => expanded.get(id)?.real ?? id;
  return {
    node: (id) => expanded.get(id)?.node ?? original.get(id),
    isOriginal: (id) => original.has(id) && !expanded.has(id),
    parentOf: (id) => expanded.get(id)?.parent,
    displayOf,
    realOf,
    expand: (parent, nodes) => {
      const real = realOf(parent);
      const shownParent = displayOf(parent);
      for (const [id, node] of nodes) {
        if (original.has(id) || expanded.has(id))
          throw new DarkroomError('DR_NODE_FAILED', {
            message: `expands to a node '${id}', which already exists`,
            hint: 'This is a fault of the node; please report it with the workflow.',
          });
        expanded.set(id, { node, parent, display: node.displayId ?? shownParent, real });
      }
    },
  };
}
