// The definition of a group node in extra.groupNodes: inner nodes and links, both by index.
import { isJsonObject, type Json, type JsonObject, numberOf } from '../../../formats/json.ts';
import type { NodeTypes } from '../node-types.ts';
import {
  notUi,
  objectsOf,
  typeName,
  type UiInput,
  type UiLink,
  type UiNode,
  uiNode,
} from '../ui-graph.ts';

export interface GroupDefinition {
  readonly nodes: readonly UiNode[];
  readonly links: readonly UiLink[];
  /** Types of inner outputs that are linked to the outside, by `node:slot`. */
  readonly external: ReadonlyMap<string, string>;
  /** Names and visibility of slots, by node index. */
  readonly config: Readonly<JsonObject>;
  readonly types: NodeTypes;
}

/** Reads a definition. Throws DR_WORKFLOW_FORMAT. */
export function readGroup(name: string, json: JsonObject, types: NodeTypes): GroupDefinition {
  const nodes = objectsOf(json['nodes']).map((node, i) => uiNode(node, String(i)));
  if (nodes.length === 0) throw notUi(`has a group node '${name}' without nodes`);
  const external = new Map<string, string>();
  for (const item of listOf(json['external']))
    if (Array.isArray(item))
      external.set(`${numberOf(item[0])}:${numberOf(item[1])}`, typeName(item[2]));
  return {
    nodes,
    links: listOf(json['links']).flatMap(readLink),
    external,
    config: isJsonObject(json['config']) ? json['config'] : {},
    types,
  };
}

const listOf = (json: Json | undefined): readonly Json[] => (Array.isArray(json) ? json : []);

/** `[from, slot, to, input, …, type]` by index; links from outside the group have no origin. */
function readLink(link: Json): UiLink[] {
  if (!Array.isArray(link)) return [];
  const [from, slot, to, input] = link.map(numberOf);
  if (from === undefined || slot === undefined || to === undefined || input === undefined)
    return [];
  return [{ from: String(from), slot, to: String(to), input, type: typeName(link[5]) }];
}

/**
 * The definition's settings of one slot of a node; `key` is an input's name or an output's number.
 * Empty when there are none.
 */
export function slotConfig(
  { config }: GroupDefinition,
  node: UiNode,
  side: 'input' | 'output',
  key: string,
): JsonObject {
  const ofNode = config[node.id];
  const ofSide = isJsonObject(ofNode) ? ofNode[side] : undefined;
  const ofSlot = isJsonObject(ofSide) && Object.hasOwn(ofSide, key) ? ofSide[key] : undefined;
  return isJsonObject(ofSlot) ? ofSlot : {};
}

/**
 * The input at a link's target slot: as the definition lists them, else as the node is declared.
 */
export const inputAt = (
  { types }: GroupDefinition,
  node: UiNode | undefined,
  slot: number,
): UiInput | undefined => node && (node.inputs[slot] ?? types.inputsOf(node)[slot]);

/** Whether an inner link ends at an input. */
export const isLinkedInside = (group: GroupDefinition, node: UiNode, input: string): boolean =>
  group.links.some(
    (link) => link.to === node.id && inputAt(group, node, link.input)?.name === input,
  );

/** The node at the end of a link. */
export const targetOf = ({ nodes }: GroupDefinition, link: UiLink): UiNode | undefined =>
  nodes[Number(link.to)];
