// ComfyUI's UI format (schema 0.4 and 1, and subgraph definitions) in one form: nodes and links by
// id, and every input with the id of its link.
import { DarkroomError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject, numberOf } from '../../formats/json.ts';

export interface UiInput {
  readonly name: string;
  /** `*` when the file has no type; COMBO when it lists options. */
  readonly type: string;
  readonly label?: string;
  /** The link that ends here, by id. */
  readonly link?: string;
  /** The widget that this socket belongs to, by name. */
  readonly widget?: string;
}

export interface UiOutput {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
}

export interface UiNode {
  readonly id: string;
  readonly type: string;
  readonly title?: string;
  /** 0 always, 2 never (muted), 4 bypassed. */
  readonly mode: number;
  /** The editor's order of execution. */
  readonly order: number;
  readonly inputs: readonly UiInput[];
  readonly outputs: readonly UiOutput[];
  readonly values: readonly Json[] | JsonObject;
  readonly properties: Readonly<JsonObject>;
}

export interface UiLink {
  readonly from: string;
  readonly slot: number;
  readonly to: string;
  readonly input: number;
  readonly type: string;
}

export interface UiGraph {
  readonly nodes: ReadonlyMap<string, UiNode>;
  readonly links: ReadonlyMap<string, UiLink>;
}

export const NEVER = 2;
export const BYPASS = 4;

/** Larger files are rejected: no real file has nearly as many nodes, and reading them is slow. */
export const MAX_NODES = 20_000;

/** DR_WORKFLOW_FORMAT with the message `the workflow …`. */
export const notUi = (problem: string, nodeId?: string): DarkroomError =>
  new DarkroomError('DR_WORKFLOW_FORMAT', {
    message: `the workflow ${problem}`,
    hint: 'Open it in ComfyUI and save it again.',
    nodeId,
  });

export const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
/** The objects in a list or among the values of an object. */
export const objectsOf = (value: Json | undefined): JsonObject[] =>
  (Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : []).filter(
    isJsonObject,
  );

/** An id as a string; files have numbers and strings. */
export const idOf = (value: Json | undefined): string | undefined => {
  if (typeof value === 'string') return value;
  const number = numberOf(value);
  return number === undefined
    ? undefined
    : String(value === null || typeof value === 'object' ? number : value);
};

/** The type of a slot: COMBO for a list of options; `*` for 0, null, '' and none. */
export function typeName(type: Json | undefined): string {
  if (Array.isArray(type)) return 'COMBO';
  if (type === undefined || type === null || type === '' || type === 0) return '*';
  return typeof type === 'string' ? type : String(numberOf(type) ?? '*');
}

function uiInput(slot: JsonObject): UiInput {
  const widget = slot['widget'];
  const name = textOf(slot['name']) ?? '';
  return {
    name,
    type: typeName(slot['type']),
    label: textOf(slot['label']),
    link: idOf(slot['link']),
    widget: isJsonObject(widget) ? (textOf(widget['name']) ?? name) : undefined,
  };
}

const uiOutput = (slot: JsonObject): UiOutput => ({
  name: textOf(slot['name']) ?? '',
  type: typeName(slot['type']),
  label: textOf(slot['label']),
});

/**
 * One node of a file. `id` is set for inner nodes of group nodes, which have none in the file.
 * Throws DR_WORKFLOW_FORMAT.
 */
export function uiNode(node: JsonObject, id = idOf(node['id'])): UiNode {
  const type = textOf(node['type']);
  if (id === undefined)
    throw notUi(`has a node without an id${type === undefined ? '' : ` (type ${type})`}`);
  if (type === undefined) throw notUi(`has node ${id} without a type`, id);
  const values = node['widgets_values'];
  return {
    id,
    type,
    title: textOf(node['title']) || undefined,
    mode: numberOf(node['mode']) ?? 0,
    order: numberOf(node['order']) ?? 0,
    inputs: objectsOf(node['inputs']).map(uiInput),
    outputs: objectsOf(node['outputs']).map(uiOutput),
    values: Array.isArray(values) || isJsonObject(values) ? values : [],
    properties: isJsonObject(node['properties']) ? node['properties'] : {},
  };
}

/** A link as an array `[id, from, slot, to, input, type]` or as an object. */
function uiLink(link: Json): [string, UiLink] | undefined {
  const [id, from, slot, to, input, type] = Array.isArray(link)
    ? link
    : isJsonObject(link)
      ? ['id', 'origin_id', 'origin_slot', 'target_id', 'target_slot', 'type'].map(
          (key) => link[key],
        )
      : [];
  const [key, origin, target] = [id, from, to].map(idOf);
  if (key === undefined || origin === undefined || target === undefined) return undefined;
  return [
    key,
    {
      from: origin,
      slot: numberOf(slot) ?? 0,
      to: target,
      input: numberOf(input) ?? 0,
      type: typeName(type),
    },
  ];
}

/** Nodes and links of a workflow or of a definition inside one. Throws DR_WORKFLOW_FORMAT. */
export function uiGraph(json: JsonObject): UiGraph {
  const list = json['nodes'];
  if (!Array.isArray(list)) throw notUi("has no list 'nodes'");
  if (list.length > MAX_NODES)
    throw notUi(`has ${list.length} nodes; at most ${MAX_NODES} are supported`);
  const nodes = new Map<string, UiNode>();
  for (const item of list) {
    if (!isJsonObject(item)) throw notUi("has an entry in 'nodes' that is not a node");
    const node = uiNode(item);
    if (!nodes.has(node.id)) nodes.set(node.id, node);
  }
  const links = Array.isArray(json['links'])
    ? json['links']
    : isJsonObject(json['links'])
      ? Object.values(json['links'])
      : [];
  return { nodes, links: new Map(links.map(uiLink).filter((link) => link !== undefined)) };
}

/** Whether JSON is in the UI format, which has a list of nodes. */
export const isUi = (json: Json): json is JsonObject =>
  isJsonObject(json) && Array.isArray(json['nodes']);
