// What stands behind a node that is made of nodes: a subgraph, a group node, a component. All three are brought into this form.
import type { UiGraph } from './ui-graph.ts';
import type { WidgetSlot } from './widgets.ts';

/** The id of the boundary in links of an inner graph: what comes from it comes from the inputs of the outer node. */
export const BOUNDARY = '-10';

export interface Template {
  /** For messages: `subgraph 'Upscale'`. */
  readonly name: string;
  /** Inner nodes; a link from BOUNDARY slot k is input k. */
  readonly graph: UiGraph;
  /** Sockets of the outer node and its widgets, by name. */
  readonly inputs: readonly TemplateInput[];
  /** For each output the inner output it shows; undefined when nothing is connected to it. */
  readonly outputs: readonly TemplateOutput[];
  /** `widgets_values` of the outer node. */
  readonly layout: readonly WidgetSlot[];
}

export interface TemplateInput {
  readonly name: string;
  readonly type: string;
  /** True when the outer node has no socket of its own for it, only a widget. */
  readonly widgetOnly?: boolean;
}

export interface TemplateOutput {
  readonly type: string;
  readonly from?: { readonly node: string; readonly slot: number };
}
