// What the nodes of a job show: the outputs that the job returns, and the `executed` events.
import type { Emit, NodeUi, Outputs } from '../events.ts';
import type { DynamicGraph } from './dynamic-prompt.ts';
import type { NodeLookup } from './node-lookup.ts';

export interface ShownOutputs {
  readonly all: Outputs;
  /** Adds what nodes showed in an earlier job, without events. */
  add(outputs: Outputs | undefined): void;
  /** Adds what a node shows and emits `executed`; does nothing for undefined. */
  show(id: string, ui: NodeUi | undefined): void;
  /** What the nodes showed that a node expanded to; undefined when they showed nothing. */
  insideOf(id: string): Outputs | undefined;
  /** `displayId` of an event: the node of the prompt that stands for an expanded one. */
  displayOf(id: string): { readonly displayId?: string };
}

export function createShownOutputs(
  lookup: NodeLookup,
  dynamic: DynamicGraph,
  emit: Emit,
): ShownOutputs {
  const all: Record<string, NodeUi> = {};
  const displayOf = (id: string): { displayId?: string } =>
    dynamic.isOriginal(id) ? {} : { displayId: dynamic.displayOf(id) };
  return {
    all,
    add: (outputs) => {
      Object.assign(all, outputs);
    },
    show: (id, ui) => {
      if (!ui) return;
      all[id] = ui;
      emit({ type: 'executed', nodeId: id, ...displayOf(id), ui });
    },
    insideOf: (id) => {
      const inside = Object.entries(all).filter(([shown]) => lookup.isInside(shown, id));
      return inside.length > 0 ? Object.fromEntries(inside) : undefined;
    },
    displayOf,
  };
}
