// What the nodes of a job show: the outputs that the job returns, and the `executed` events.
import type { Emit, NodeUi, Outputs } from '../events.ts';
import type { DynamicGraph } from './dynamic-prompt.ts';

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

export function createShownOutputs(dynamic: DynamicGraph, emit: Emit): ShownOutputs {
  const all: Record<string, NodeUi> = {};
  const inside = new Map<string, Record<string, NodeUi>>();
  const displayOf = (id: string): { displayId?: string } =>
    dynamic.isOriginal(id) ? {} : { displayId: dynamic.displayOf(id) };
  const record = (id: string, ui: NodeUi): void => {
    all[id] = ui;
    for (let outer = dynamic.parentOf(id); outer !== undefined; outer = dynamic.parentOf(outer)) {
      const outputs = inside.get(outer) ?? {};
      outputs[id] = ui;
      inside.set(outer, outputs);
    }
  };
  return {
    all,
    add: (outputs = {}) => {
      for (const [id, ui] of Object.entries(outputs)) record(id, ui);
    },
    show: (id, ui) => {
      if (!ui) return;
      record(id, ui);
      emit({ type: 'executed', nodeId: id, ...displayOf(id), ui });
    },
    insideOf: (id) => {
      const outputs = inside.get(id);
      return outputs && { ...outputs };
    },
    displayOf,
  };
}
