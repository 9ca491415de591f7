// The template of a node that consists of other nodes: the common form of subgraphs, group nodes
// and components.
import type { UiGraph } from '../ui-graph.ts';
import type { WidgetSlot } from '../widget-slots.ts';

/** The id that links of an inner graph have as their origin when they come from the outer node. */
export const BOUNDARY = '-10';

export interface Template {
  /** For messages: `subgraph 'Upscale'`. */
  readonly name: string;
  /** The name of a subgraph, whose inner nodes the editor searches too; of others undefined. */
  readonly subgraphName?: string;
  /** Inner nodes; a link from slot k of BOUNDARY comes from input k. */
  readonly graph: UiGraph;
  /** Sockets and widgets of the outer node, by name. */
  readonly inputs: readonly TemplateInput[];
  readonly outputs: readonly TemplateOutput[];
  /** The slots of `widgets_values` of the outer node. */
  readonly layout: readonly WidgetSlot[];
}

export interface TemplateInput {
  readonly name: string;
  readonly type: string;
  /** True when the outer node has no socket for it, only a widget. */
  readonly widgetOnly?: boolean;
  /** The inner widget that the outer node shows for it. */
  readonly shows?: { readonly node: string; readonly widget: string };
}

export interface TemplateOutput {
  readonly type: string;
  /** The inner output; undefined when nothing is connected. */
  readonly from?: { readonly node: string; readonly slot: number };
}
