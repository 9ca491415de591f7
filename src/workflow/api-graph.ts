// The normal form of a workflow: ComfyUI's API graph. Node ids keep the order of the file.
import { entriesOf, type Json, type JsonObject, objectOf } from '../formats/json.ts';

export interface GraphNode {
  /** Empty when the file has none, which validation reports. */
  readonly classType: string;
  readonly inputs: Readonly<JsonObject>;
  /** `_meta.title`. */
  readonly title?: string;
  /** The node as in the file, with keys that Darkroom does not use. */
  readonly source: Readonly<JsonObject>;
}

export type Graph = ReadonlyMap<string, GraphNode>;

/** Output `slot` of node `id`. */
export interface Link {
  readonly id: string;
  readonly slot: number;
}

/**
 * The link that an input value represents, `[id, slot]` as in ComfyUI's executor; undefined for
 * other values.
 */
export function linkOf(value: Json | undefined): Link | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [id, slot] = value;
  return typeof id === 'string' && typeof slot === 'number' ? { id, slot } : undefined;
}

/** The links of a node's inputs with their input names. */
export function linksByInput(node: GraphNode): [string, Link][] {
  const links: [string, Link][] = [];
  for (const [name, value] of entriesOf(node.inputs)) {
    const link = linkOf(value);
    if (link) links.push([name, link]);
  }
  return links;
}

/** A node's name for messages: `KSampler (node 3)`, with its title if that differs. */
export const describeNode = (id: string, node: GraphNode | undefined): string =>
  node?.title && node.title !== node.classType
    ? `${node.classType} '${node.title}' (node ${id})`
    : `${node?.classType || 'node'} (node ${id})`;

/** The graph as the JSON object that is posted to `/prompt` and saved in PNG files. */
export function apiGraphOf(graph: Graph): JsonObject {
  return objectOf(
    [...graph].map(([id, node]): [string, Json] => [
      id,
      objectOf(
        entriesOf(node.source as JsonObject).map(([key, value]): [string, Json] => [
          key,
          key === 'inputs' ? { ...node.inputs } : value,
        ]),
      ),
    ]),
  );
}

/** The graph with some inputs replaced or added; `changes` is by node id. */
export function withInputs(
  graph: Graph,
  changes: ReadonlyMap<string, Readonly<JsonObject>>,
): Graph {
  return new Map(
    [...graph].map(([id, node]) => [
      id,
      changes.has(id) ? { ...node, inputs: mergeInputs(node.inputs, changes.get(id)!) } : node,
    ]),
  );
}

const mergeInputs = (inputs: Readonly<JsonObject>, changes: Readonly<JsonObject>): JsonObject =>
  objectOf([...entriesOf(inputs as JsonObject), ...entriesOf(changes as JsonObject)]);
