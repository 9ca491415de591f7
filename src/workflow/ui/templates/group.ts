// Group nodes (`workflow>name`) as templates. The widgets and sockets of the outer node are not
// stored; they are derived from the inner nodes in order, as in the editor's groupNode.ts.
import type { JsonObject } from '../../../formats/json.ts';
import type { NodeTypes } from '../node-types.ts';
import { textOf, type UiGraph, type UiInput, type UiLink, type UiNode } from '../ui-graph.ts';
import { PRIMITIVE } from '../virtual.ts';
import type { WidgetSlot } from '../widget-slots.ts';
import {
  type GroupDefinition,
  inputAt,
  isLinkedInside,
  readGroup,
  slotConfig,
  targetOf,
} from './group-definition.ts';
import { type GroupPart, outputTypes, partsOf } from './group-parts.ts';
import { BOUNDARY, type Template, type TemplateInput, type TemplateOutput } from './template.ts';

/** A template while it is built. */
interface GroupState {
  readonly group: GroupDefinition;
  readonly inputs: TemplateInput[];
  readonly outputs: TemplateOutput[];
  readonly layout: WidgetSlot[];
  /** The inner input of each of `inputs`, in the same order. */
  readonly targets: { readonly node: UiNode; readonly part: GroupPart }[];
  /** How often a name was used. */
  readonly nameCounts: Map<string, number>;
}

/** A group node's definition as a template. Throws DR_WORKFLOW_FORMAT. */
export function groupTemplate(name: string, json: JsonObject, types: NodeTypes): Template {
  const state: GroupState = {
    group: readGroup(name, json, types),
    inputs: [],
    outputs: [],
    layout: [],
    targets: [],
    nameCounts: new Map(),
  };
  const { group } = state;
  const partsByNode = group.nodes.flatMap((node) => {
    const parts = partsOf(group, node);
    if (!parts) return [];
    addParts(state, node, parts);
    addOutputs(state, node);
    return [{ node, parts }];
  });
  // widgets that became sockets before the nodes were grouped come after all others
  for (const { node, parts } of partsByNode) addConvertedWidgets(state, node, parts);
  const { inputs, outputs, layout } = state;
  return { name: `group node '${name}'`, graph: linkedGraph(state), inputs, outputs, layout };
}

/** Adds an inner node's widgets, then its sockets that are not linked inside. */
function addParts(state: GroupState, node: UiNode, parts: readonly GroupPart[]): void {
  for (const part of parts) if (part.slots && !isConverted(node, part)) addInput(state, node, part);
  for (const part of parts) {
    if (part.slots || isLinkedInside(state.group, node, part.name)) continue;
    // a hidden input still occupies its name
    if (slotConfig(state.group, node, 'input', part.name)['visible'] === false)
      outerName(state, node, part.name);
    else addInput(state, node, part);
  }
}

function addConvertedWidgets(state: GroupState, node: UiNode, parts: readonly GroupPart[]): void {
  const position = ({ name }: GroupPart): number =>
    node.inputs.findIndex((input) => input.name === name);
  const converted = parts.filter((part) => part.slots && isConverted(node, part));
  for (const part of converted.sort((a, b) => position(a) - position(b)))
    if (!isLinkedInside(state.group, node, part.name)) addInput(state, node, part, false);
}

/** Whether a widget has become a socket. */
const isConverted = (node: UiNode, { name }: GroupPart): boolean =>
  node.inputs.some((input) => input.name === name && input.widget === name);

function addInput(
  state: GroupState,
  node: UiNode,
  part: GroupPart,
  widgetOnly = part.slots !== undefined,
): void {
  const name = outerName(state, node, part.name);
  state.targets.push({ node, part });
  state.inputs.push({ name, type: part.type, widgetOnly });
  for (const slot of part.slots ?? [])
    state.layout.push(slot.kind === 'value' ? { ...slot, name } : slot);
}

/** The outer name of an inner input: its own, or with the node's title if that is in use. */
function outerName(state: GroupState, node: UiNode, input: string): string {
  const { group, nameCounts } = state;
  const ownName =
    textOf(slotConfig(group, node, 'input', input)['name']) ??
    node.inputs.find(({ name }) => name === input)?.label ??
    input;
  let key = ownName;
  let name = ownName;
  if ((node.type === PRIMITIVE && node.title) || nameCounts.has(ownName)) {
    const prefix = node.title ?? group.types.displayName(node.type) ?? node.type;
    key = `${prefix} ${input}`;
    name = nameCounts.has(key) ? `${prefix} ${nameCounts.get(key)} ${input}` : key;
  }
  nameCounts.set(key, (nameCounts.get(key) ?? 1) + 1);
  return name;
}

/**
 * Adds the outputs that are shown outside: those set to visible, else those without an inner link.
 */
function addOutputs({ group, outputs }: GroupState, node: UiNode): void {
  outputTypes(group, node).forEach((type, slot) => {
    const isInner =
      group.links.some((link) => link.from === node.id && link.slot === slot) &&
      !group.external.has(`${node.id}:${slot}`);
    const { visible } = slotConfig(group, node, 'output', String(slot));
    if (typeof visible === 'boolean' ? visible : !isInner)
      outputs.push({ type, from: { node: node.id, slot } });
  });
}

/** The inner nodes with the inner links and the links from the boundary at their inputs. */
function linkedGraph({ group, targets }: GroupState): UiGraph {
  const links = new Map<string, UiLink>();
  /** Link ids by node id and input name. */
  const linksOfNodes = new Map<string, Map<string, string>>();
  const add = (node: UiNode, input: string, link: UiLink): void => {
    const id = String(links.size);
    links.set(id, link);
    const ofNode = linksOfNodes.get(node.id) ?? new Map<string, string>();
    if (!ofNode.has(input)) ofNode.set(input, id);
    linksOfNodes.set(node.id, ofNode);
  };
  for (const link of group.links) {
    const node = targetOf(group, link);
    const input = inputAt(group, node, link.input);
    if (node && input) add(node, input.name, link);
  }
  for (const [slot, { node, part }] of targets.entries())
    add(node, part.name, { from: BOUNDARY, slot, to: node.id, input: 0, type: part.type });
  const nodes = group.nodes.map((node): [string, UiNode] => [
    node.id,
    withLinks(node, linksOfNodes.get(node.id) ?? new Map()),
  ]);
  return { nodes: new Map(nodes), links };
}

/** A node with these links at its inputs; inputs that it does not list are added. */
function withLinks(node: UiNode, linkIds: ReadonlyMap<string, string>): UiNode {
  const listed = node.inputs.map((input): UiInput => ({ ...input, link: linkIds.get(input.name) }));
  const further = [...linkIds]
    .filter(([name]) => !node.inputs.some((input) => input.name === name))
    .map(([name, link]): UiInput => ({ name, type: '*', link, widget: name }));
  return { ...node, inputs: [...listed, ...further] };
}
