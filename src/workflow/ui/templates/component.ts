// Components of ComfyUI-Workflow-Component (`## name [hash]`): whole workflows whose ComponentInput
// and ComponentOutput nodes are the sockets of the outer node, sorted by their titles. Inputs that
// are linked to a converted widget become widgets of the outer node.

import type { JsonObject } from '../../../formats/json.ts';
import type { Input } from '../../../nodes/input-types.ts';
import { ownValue } from '../../../own-value.ts';
import type { NodeTypes } from '../node-types.ts';
import { type UiGraph, type UiLink, type UiNode, uiGraph } from '../ui-graph.ts';
import { slotsOf, type WidgetSlot } from '../widget-slots.ts';
import { BOUNDARY, type Template, type TemplateOutput } from './template.ts';

const REQUIRED = 'ComponentInput';
const OPTIONAL = 'ComponentInputOptional';
const OUTPUT = 'ComponentOutput';
const PORTS: ReadonlySet<string> = new Set([REQUIRED, OPTIONAL, OUTPUT]);

/** Types whose inputs are widgets of the outer node, even if the inner input is a socket. */
const WIDGET_TYPES: Readonly<Record<string, Input>> = {
  STRING: { kind: 'STRING', multiline: true },
  INT: {
    kind: 'INT',
    wide: true,
    default: 0,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
    control_after_generate: false,
  },
  FLOAT: {
    kind: 'FLOAT',
    default: 0.5,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  },
};

/** A component's definition as a template. Throws DR_WORKFLOW_FORMAT. */
export function componentTemplate(
  name: string,
  definition: JsonObject,
  types: NodeTypes,
): Template {
  const graph = uiGraph(definition);
  const ports = (type: string): UiNode[] =>
    [...graph.nodes.values()]
      .filter((node) => node.type === type)
      .sort((a, b) => compare(a.title ?? '', b.title ?? ''));
  const inputs = [...ports(REQUIRED), ...ports(OPTIONAL)].flatMap((port) => {
    const links = [...graph.links].filter(([, link]) => link.from === port.id);
    return links.length === 0 ? [] : [componentInput(port, links, graph, types)];
  });
  const slots = new Map(inputs.map(({ port }, i) => [port.id, i]));
  const links = new Map(
    [...graph.links].map(([id, link]): [string, UiLink] =>
      slots.has(link.from)
        ? [id, { ...link, from: BOUNDARY, slot: slots.get(link.from)! }]
        : [id, link],
    ),
  );
  const outputs = ports(OUTPUT).flatMap((port): TemplateOutput[] => {
    const link = port.inputs[0]?.link === undefined ? undefined : links.get(port.inputs[0].link);
    return link ? [{ type: port.inputs[0].type, from: { node: link.from, slot: link.slot } }] : [];
  });
  return {
    name: `component '${name}'`,
    graph: { nodes: new Map([...graph.nodes].filter(([, node]) => !PORTS.has(node.type))), links },
    inputs: inputs.map(({ label, type, layout }) => ({
      name: label,
      type,
      widgetOnly: layout.length > 0,
    })),
    outputs,
    layout: inputs.flatMap(({ layout }) => layout),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface ComponentInput {
  readonly port: UiNode;
  readonly label: string;
  readonly type: string;
  readonly layout: WidgetSlot[];
}

/**
 * Name, type and widget of an input, from its port and the inner inputs that the port is linked to.
 */
function componentInput(
  port: UiNode,
  links: readonly (readonly [string, UiLink])[],
  graph: UiGraph,
  types: NodeTypes,
): ComponentInput {
  const output = port.outputs[0];
  const targets = links.flatMap(([id, link]) => {
    const node = graph.nodes.get(link.to);
    const input = node?.inputs.find((other) => other.link === id);
    return node && input ? [{ node, input }] : [];
  });
  const target = targets.find(({ input }) => input.widget !== undefined) ?? targets[0];
  const type = output && output.type !== '*' ? output.type : (target?.input.type ?? '*');
  const widget = target?.input.widget;
  const label = output?.label ?? (output?.name || undefined) ?? target?.input.name ?? type;
  const input =
    (widget === undefined ? undefined : types.inputOf(target.node, widget)) ??
    ownValue(WIDGET_TYPES, type);
  const hasWidget = widget !== undefined || ownValue(WIDGET_TYPES, type) !== undefined;
  return { port, label, type, layout: hasWidget ? slotsOf(label, input) : [] };
}
