// Converts an API graph to the UI format, so that the editor can open it: nodes with positions,
// sockets and widget values, and links between them.
import { entriesOf, type Json, type JsonObject, objectOf } from '../../formats/json.ts';
import { inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import { type Graph, type GraphNode, type Link, linksByInput } from '../api-graph.ts';
import { socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import { type Box, layOut, type Position } from './layout.ts';
import { declaredLayouts, hasWidget, type WidgetSlot, withChoices } from './widget-slots.ts';
import { defaultOf } from './widget-values.ts';

/** Of the control beside a seed: each run after the first has another one, as in a new node. */
const SEED_CONTROL = 'randomize';
/** Of the editor's other widgets: the first that fits. */
const EDITOR_VALUES: readonly Json[] = ['fixed', 'image', ''];

/** A node of the graph with its declaration and its number in the file. */
interface UiEntry {
  readonly id: string;
  readonly number: number;
  readonly node: GraphNode;
  readonly declaration: NodeDeclaration;
  readonly links: ReadonlyMap<string, Link>;
  readonly slots: readonly WidgetSlot[];
}

interface NumberedLink extends Link {
  readonly number: number;
  readonly to: string;
  readonly input: number;
  readonly type: string;
}

/**
 * A graph as a file of the editor (schema 0.4). All its types must be declared, and its links must
 * not form a cycle.
 */
export function apiToUi(graph: Graph, nodes: NodeTable): JsonObject {
  const entries = [...graph].map(([id, node], i) =>
    entryOf({ id, number: numberOf(id, i), node }, graph, nodes),
  );
  const numbers = new Map(entries.map(({ id, number }) => [id, number]));
  const types = new Map(entries.map(({ id, declaration }) => [id, declaration.outputs]));
  const links: NumberedLink[] = [];
  for (const entry of entries)
    for (const [input, name] of socketsOf(entry).entries()) {
      const link = entry.links.get(name);
      const type = link && (types.get(link.id)![link.slot]?.type ?? '*');
      if (link) links.push({ ...link, number: links.length + 1, to: entry.id, input, type: type! });
    }
  const positions = layOut(new Map(entries.map((entry) => [entry.id, boxOf(entry)])));
  return {
    last_node_id: Math.max(0, ...numbers.values()),
    last_link_id: links.length,
    nodes: entries.map((entry, order) => ({
      ...uiNode(entry, positions.get(entry.id)!, links),
      order,
    })),
    links: links.map(({ number, id, slot, to, input, type }) => [
      number,
      numbers.get(id)!,
      slot,
      numbers.get(to)!,
      input,
      type,
    ]),
    groups: [],
    config: {},
    extra: {},
    version: 0.4,
  };
}

function entryOf(
  { id, number, node }: Pick<UiEntry, 'id' | 'number' | 'node'>,
  graph: Graph,
  nodes: NodeTable,
): UiEntry {
  const links = new Map(linksByInput(node).filter(([, link]) => graph.has(link.id)));
  const values = objectOf(entriesOf(node.inputs).filter(([name]) => !links.has(name)));
  const declaration = withChoices(nodes.get(node.classType)!, values);
  const slots = declaredLayouts(declaration, values)[0];
  return { id, number, node, declaration, links, slots };
}

/** The number of a node: its id where that is one, else one that no id has. */
const numberOf = (id: string, index: number): number =>
  /^[1-9]\d{0,8}$/.test(id) ? Number(id) : 1e9 + index;

/** The names of a node's sockets: those without widgets, then widgets with links. */
function socketsOf({ declaration, links }: UiEntry): readonly string[] {
  const plain = Object.entries(declaration.inputs).flatMap(([name, input]) =>
    hasWidget(input) && !input.forceInput ? [] : [name],
  );
  const linked = [...links.keys()].filter((name) => !plain.includes(name));
  return [...plain, ...linked];
}

function uiNode(entry: UiEntry, { x, y }: Position, links: readonly NumberedLink[]): JsonObject {
  const { id, number, node, declaration } = entry;
  const { width, height } = boxOf(entry);
  const title = node.title === declaration.display ? undefined : node.title;
  return {
    id: number,
    type: node.classType,
    ...(title !== undefined && { title }),
    pos: [x, y],
    size: [width, height],
    flags: {},
    mode: 0,
    inputs: socketsOf(entry).map((name, input) => uiInput(entry, name, input, links)),
    outputs: declaration.outputs.map(({ name, type }, slot) => ({
      name,
      type,
      links: links
        .filter((link) => link.id === id && link.slot === slot)
        .map((link) => link.number),
    })),
    properties: { 'Node name for S&R': node.classType },
    widgets_values: entry.slots.map((slot, i, slots) =>
      slot.kind === 'value' ? widgetValue(slot, entry) : editorValue(slot, slots[i - 1]),
    ),
  };
}

function uiInput(
  { id, declaration }: UiEntry,
  name: string,
  input: number,
  links: readonly NumberedLink[],
): JsonObject {
  const declared = inputOf(declaration, name);
  const link = links.find((one) => one.to === id && one.input === input);
  return {
    name,
    type: declared ? socketTypeOf(declared) : '*',
    link: link?.number ?? null,
    ...(hasWidget(declared) && { widget: { name } }),
  };
}

type Slot<K> = Extract<WidgetSlot, { readonly kind: K }>;

function editorValue({ fits }: Slot<'editor'>, before: WidgetSlot | undefined): Json {
  const isSeed = before?.kind === 'value' && before.input?.kind === 'INT';
  return isSeed ? SEED_CONTROL : (EDITOR_VALUES.find(fits) ?? null);
}

function widgetValue({ name, input }: Slot<'value'>, { node, links }: UiEntry): Json {
  const value = links.has(name) ? undefined : node.inputs[name];
  if (value !== undefined) return value;
  return defaultOf(input) ?? null;
}

const PLAIN_WIDTH = 220;
const WIDGET_WIDTH = 320;
const TEXT_WIDTH = 400;
const SOCKET_HEIGHT = 20;
const LINE_HEIGHT = 24;
const TEXT_HEIGHT = 110;
const PICTURE_HEIGHT = 270;
const BORDER_HEIGHT = 16;

/** About the size that the editor gives a node. */
function boxOf(entry: UiEntry): Box {
  const { declaration, links, slots } = entry;
  const inputs = slots.flatMap((slot) => (slot.kind === 'value' && slot.input ? [slot.input] : []));
  const texts = inputs.filter((input) => input.kind === 'STRING' && input.multiline).length;
  const hasPicture =
    declaration.saves !== undefined ||
    inputs.some((input) => input.kind === 'COMBO' && input.image_upload);
  const sockets = Math.max(socketsOf(entry).length, declaration.outputs.length);
  return {
    width: texts > 0 ? TEXT_WIDTH : slots.length > 0 ? WIDGET_WIDTH : PLAIN_WIDTH,
    height:
      sockets * SOCKET_HEIGHT +
      (slots.length - texts) * LINE_HEIGHT +
      texts * TEXT_HEIGHT +
      (hasPicture ? PICTURE_HEIGHT : 0) +
      BORDER_HEIGHT,
    sources: [...links.values()].map(({ id }) => id),
  };
}
