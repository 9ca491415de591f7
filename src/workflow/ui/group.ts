// Group nodes (`workflow>name`, defined in extra.groupNodes): inner nodes and links by index. What the outer node shows is not written
// down but follows from the inner nodes in order, as the editor's groupNode.ts builds it.
import { isJsonObject, type Json, type JsonObject, numberOf } from '../../formats/json.ts';
import type { Input } from '../../nodes/declare.ts';
import type { NodeTypes } from './node-types.ts';
import { BOUNDARY, type Template, type TemplateInput, type TemplateOutput } from './template.ts';
import {
  notUi,
  objectsOf,
  textOf,
  typeName,
  type UiGraph,
  type UiInput,
  type UiLink,
  type UiNode,
  uiNode,
} from './ui-graph.ts';
import { isEditorOnly, PRIMITIVE, REROUTE } from './virtual.ts';
import { slotsOf, type WidgetSlot } from './widgets.ts';

interface Link {
  readonly from: string;
  readonly slot: number;
  readonly to: string;
  readonly input: number;
  readonly type: string;
}

/** A widget or socket of an inner node. */
interface Part {
  readonly name: string;
  readonly type: string;
  readonly slots?: readonly WidgetSlot[];
}

/** A group node's definition as a template. Throws DR_WORKFLOW_FORMAT. */
export function groupTemplate(name: string, definition: JsonObject, types: NodeTypes): Template {
  const sources = objectsOf(definition['nodes']);
  const nodes = sources.map((node, i) => uiNode(node, String(i)));
  if (nodes.length === 0) throw notUi(`has a group node '${name}' without nodes`);
  const links = (Array.isArray(definition['links']) ? definition['links'] : []).flatMap((link) =>
    innerLink(link),
  );
  const external = new Map<string, string>();
  for (const item of Array.isArray(definition['external']) ? definition['external'] : [])
    if (Array.isArray(item))
      external.set(`${numberOf(item[0])}:${numberOf(item[1])}`, typeName(item[2]));

  const config = (node: UiNode, side: 'input' | 'output', key: string): JsonObject => {
    const all = definition['config'];
    const own = isJsonObject(all) ? all[node.id] : undefined;
    const part = isJsonObject(own) ? own[side] : undefined;
    const value = isJsonObject(part) && Object.hasOwn(part, key) ? part[key] : undefined;
    return isJsonObject(value) ? value : {};
  };
  const linksFrom = (node: UiNode, slot: number): Link[] =>
    links.filter((l) => l.from === node.id && l.slot === slot);
  const linkTo = (node: UiNode, input: string): Link | undefined =>
    links.find((l) => l.to === node.id && inputAt(node, l.input, types)?.name === input);

  const seen = new Map<string, number>();
  const nameOf = (node: UiNode, input: string): string => {
    const given =
      textOf(config(node, 'input', input)['name']) ??
      node.inputs.find((i) => i.name === input)?.label ??
      input;
    let key = given;
    let made = given;
    if ((node.type === PRIMITIVE && node.title) || seen.has(given)) {
      const prefix = node.title ?? types.display(node.type) ?? node.type;
      key = `${prefix} ${input}`;
      made = seen.has(key) ? `${prefix} ${seen.get(key)} ${input}` : key;
    }
    seen.set(key, (seen.get(key) ?? 1) + 1);
    return made;
  };

  const inputs: TemplateInput[] = [];
  const outputs: TemplateOutput[] = [];
  const layout: WidgetSlot[] = [];
  const entering: { readonly node: UiNode; readonly part: Part; readonly slot: number }[] = [];
  const enter = (node: UiNode, part: Part, widgetOnly: boolean): void => {
    const outer = nameOf(node, part.name);
    entering.push({ node, part, slot: inputs.length });
    inputs.push({ name: outer, type: part.type, widgetOnly });
    layout.push(
      ...(part.slots ?? []).map(
        (slot): WidgetSlot => (slot.kind === 'value' ? { ...slot, name: outer } : slot),
      ),
    );
  };

  const later: (() => void)[] = [];
  for (const node of nodes) {
    const parts = partsOf(node, { types, links, nodes, external });
    if (!parts) continue;
    const isConverted = (part: Part): boolean =>
      node.inputs.some((i) => i.name === part.name && i.widget === part.name);
    for (const part of parts) if (part.slots && !isConverted(part)) enter(node, part, true);
    for (const part of parts)
      if (!part.slots && !linkTo(node, part.name)) {
        if (config(node, 'input', part.name)['visible'] === false) nameOf(node, part.name);
        else enter(node, part, false);
      }
    // widgets that were made sockets before the group come after all others
    const converted = parts.filter((part) => part.slots && isConverted(part));
    const place = (part: Part): number => node.inputs.findIndex((i) => i.name === part.name);
    later.push(() => {
      for (const part of converted.sort((a, b) => place(a) - place(b)))
        if (!linkTo(node, part.name)) enter(node, part, false);
    });
    outputTypes(node, { types, links, nodes, external }).forEach((type, slot) => {
      const inside = linksFrom(node, slot).length > 0 && !external.has(`${node.id}:${slot}`);
      const visible = config(node, 'output', String(slot))['visible'];
      if (typeof visible === 'boolean' ? visible : !inside)
        outputs.push({ type, from: { node: node.id, slot } });
    });
  }
  for (const run of later) run();

  return {
    name: `group node '${name}'`,
    graph: wired(nodes, links, entering, types),
    inputs,
    outputs,
    layout,
  };
}

/** Inner nodes whose inputs know the links that end there, those from the boundary among them. */
function wired(
  nodes: readonly UiNode[],
  links: readonly Link[],
  entering: readonly { readonly node: UiNode; readonly part: Part; readonly slot: number }[],
  types: NodeTypes,
): UiGraph {
  const all = new Map<string, UiLink>();
  const ends = new Map<string, Map<string, string>>();
  const add = (node: UiNode, input: string, link: UiLink): void => {
    const id = String(all.size);
    all.set(id, link);
    const own = ends.get(node.id) ?? new Map<string, string>();
    if (!own.has(input)) own.set(input, id);
    ends.set(node.id, own);
  };
  for (const link of links) {
    const node = nodes[Number(link.to)];
    const input = node && inputAt(node, link.input, types);
    if (input) add(node, input.name, link);
  }
  for (const { node, part, slot } of entering)
    add(node, part.name, { from: BOUNDARY, slot, to: node.id, input: 0, type: part.type });
  const made = nodes.map((node): UiNode => {
    const own = ends.get(node.id) ?? new Map<string, string>();
    const inputs = node.inputs.map((input): UiInput => ({ ...input, link: own.get(input.name) }));
    const missing = [...own].filter(([name]) => !node.inputs.some((input) => input.name === name));
    return {
      ...node,
      inputs: [
        ...inputs,
        ...missing.map(([name, link]): UiInput => ({ name, type: '*', link, widget: name })),
      ],
    };
  });
  return { nodes: new Map(made.map((node) => [node.id, node])), links: all };
}

/** The input at a link's target slot: as the definition lists them, or as the node is declared. */
const inputAt = (node: UiNode, slot: number, types: NodeTypes): UiInput | undefined =>
  node.inputs[slot] ?? types.inputsOf(node)[slot];

/** `[from, slot, to, input, …, type]` by index; links from outside the group have no origin. */
function innerLink(link: Json): Link[] {
  if (!Array.isArray(link)) return [];
  const [from, slot, to, input] = link.map(numberOf);
  if (from === undefined || slot === undefined || to === undefined || input === undefined)
    return [];
  return [{ from: String(from), slot, to: String(to), input, type: typeName(link[5]) }];
}

interface Group {
  readonly types: NodeTypes;
  readonly links: readonly Link[];
  readonly nodes: readonly UiNode[];
  readonly external: ReadonlyMap<string, string>;
}

/** The widgets and sockets of an inner node in the order of its declaration; undefined for nodes the group shows nothing of. */
function partsOf(node: UiNode, group: Group): readonly Part[] | undefined {
  const { types, links, nodes } = group;
  if (node.type === PRIMITIVE) {
    const target = links.find((l) => l.from === node.id);
    if (!target) return undefined;
    const to = nodes[Number(target.to)];
    const name = to && inputAt(to, target.input, types)?.name;
    const input = to && name !== undefined ? types.inputOf(to, name) : undefined;
    return [{ name: 'value', type: target.type, slots: primitiveSlots(input, target.type) }];
  }
  if (node.type === REROUTE) {
    const into = links.some((l) => l.to === node.id);
    const out = links.some((l) => l.from === node.id);
    if (into && out && !group.external.has(`${node.id}:0`)) return undefined;
    return [{ name: node.inputs[0]?.name ?? '', type: outputTypes(node, group)[0] }];
  }
  if (isEditorOnly(node.type)) return undefined;
  const slots = new Map<string, WidgetSlot[]>();
  let last: WidgetSlot[] = [];
  for (const slot of types.layoutOf(node)) {
    if (slot.kind === 'value') {
      last = [];
      slots.set(slot.name, last);
    }
    last.push(slot);
  }
  const sockets = types
    .inputsOf(node)
    .filter((input) => !slots.has(input.name) && input.widget === undefined);
  return [
    ...[...slots].map(([name, own]): Part => ({ name, type: typeOfSlot(own[0]), slots: own })),
    ...sockets.map(({ name, type }): Part => ({ name, type })),
  ];
}

const typeOfSlot = (slot: WidgetSlot): string =>
  slot.kind === 'value' ? (slot.input?.kind ?? '*') : '*';

/** A primitive's widget has the control of numbers and lists, whatever its target has. */
function primitiveSlots(input: Input | undefined, type: string): WidgetSlot[] {
  const kind = input?.kind ?? type;
  const controlled = kind === 'INT' || kind === 'COMBO' ? { control_after_generate: true } : {};
  const like = (input ??
    (kind === 'INT'
      ? { kind, wide: true, default: 0, min: -Infinity, max: Infinity }
      : undefined)) as Input | undefined;
  return slotsOf('value', like && { ...like, ...controlled });
}

function outputTypes(node: UiNode, { types, links, nodes, external }: Group): readonly string[] {
  if (node.type === PRIMITIVE)
    return links
      .filter((l) => l.from === node.id)
      .slice(0, 1)
      .map((l) => l.type);
  if (node.type !== REROUTE)
    return isEditorOnly(node.type) ? [] : types.outputsOf(node).map((output) => output.type);
  const into = links.find((l) => l.to === node.id);
  const out = links.find((l) => l.from === node.id);
  if (into && out && !external.has(`${node.id}:0`)) return [];
  const target = out && nodes[Number(out.to)];
  const wanted = target && inputAt(target, out.input, types)?.type;
  const given =
    into && nodes[Number(into.from)] && types.outputsOf(nodes[Number(into.from)])[into.slot]?.type;
  return [
    [wanted, given, external.get(`${node.id}:0`)].find(
      (type) => type !== undefined && type !== '*',
    ) ?? '*',
  ];
}
