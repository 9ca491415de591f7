// Subgraphs (definitions.subgraphs, frontend 1.24 and later) as templates. Inner links begin at
// node -10 and end at node -20; widgets of inner nodes may be shown on the outer node.
import type { JsonObject } from '../../../formats/json.ts';
import type { NodeTypes } from '../node-types.ts';
import {
  objectsOf,
  textOf,
  typeName,
  type UiGraph,
  type UiLink,
  type UiNode,
  uiGraph,
} from '../ui-graph.ts';
import { slotsOf, type WidgetSlot } from '../widget-slots.ts';
import { BOUNDARY, type Template } from './template.ts';

/** The id that inner links have as their target when they end at an output of the outer node. */
const OUTPUT = '-20';

/** A subgraph's definition as a template. Throws DR_WORKFLOW_FORMAT. */
export function subgraphTemplate(definition: JsonObject, types: NodeTypes): Template {
  const name = textOf(definition['name']) ?? textOf(definition['id']) ?? '';
  const graph = uiGraph(definition);
  const links = linksOfBoundary(graph);
  const inputs = objectsOf(definition['inputs']).map((slot, i) => {
    const [id, link] = links.toWidget.get(i) ?? [];
    const widget = link && widgetAt(graph.nodes.get(link.to), id!);
    return {
      name: textOf(slot['name']) ?? `input_${i}`,
      type: typeName(slot['type']),
      ...(widget !== undefined && { shows: { node: link!.to, widget } }),
    };
  });
  const outputs = objectsOf(definition['outputs']).map((slot, i) => {
    const link = links.toOutput.get(i);
    return { type: typeName(slot['type']), from: link && { node: link.from, slot: link.slot } };
  });
  const layout = inputs.flatMap((input, i): WidgetSlot[] => {
    const link = links.toWidget.get(i);
    const node = link && graph.nodes.get(link[1].to);
    const widget = node && widgetAt(node, link[0]);
    // the control of a seed stays inside
    return widget === undefined
      ? []
      : slotsOf(input.name, types.inputOf(node!, widget)).slice(0, 1);
  });
  return { name: `subgraph '${name}'`, subgraphName: name, graph, inputs, outputs, layout };
}

/** The links that end at an output, and those from an input to a widget: the first of each. */
function linksOfBoundary(graph: UiGraph) {
  const toOutput = new Map<number, UiLink>();
  const toWidget = new Map<number, readonly [id: string, link: UiLink]>();
  for (const [id, link] of graph.links) {
    const { from, slot, to, input } = link;
    if (to === OUTPUT && !toOutput.has(input)) toOutput.set(input, link);
    if (from === BOUNDARY && !toWidget.has(slot) && widgetAt(graph.nodes.get(to), id))
      toWidget.set(slot, [id, link]);
  }
  return { toOutput, toWidget };
}

/** The widget that a link ends at, by name. */
const widgetAt = (node: UiNode | undefined, link: string): string | undefined =>
  node?.inputs.find((input) => input.link === link)?.widget;

/**
 * The layout of one instance. Newer editors save the widgets that it shows, in order, in
 * `properties.proxyWidgets`: those of inner nodes (`[node id, widget]`) have their values inside,
 * those of its own sockets (`['-1', widget]`) here.
 */
export function instanceLayout(node: UiNode, template: Template): readonly WidgetSlot[] {
  const proxies = node.properties['proxyWidgets'];
  if (!Array.isArray(proxies)) return template.layout;
  const own = proxies.map((proxy) =>
    Array.isArray(proxy) && String(proxy[0]) === '-1' ? proxy[1] : undefined,
  );
  if (own.every((name) => name === undefined)) return template.layout;
  return own.map(
    (name): WidgetSlot =>
      template.layout.find((slot) => slot.kind === 'value' && slot.name === name) ?? {
        kind: 'editor',
        fits: () => true,
      },
  );
}
