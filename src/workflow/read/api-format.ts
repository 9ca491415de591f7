// ComfyUI's API format as a graph: parsing, renamed types and inputs, inputs that were added later.
import {
  entriesOf,
  isJsonObject,
  type Json,
  type JsonObject,
  keysOf,
  objectOf,
} from '../../formats/json.ts';
import { declarationOf } from '../../nodes/index.ts';
import { flatDeclaration } from '../../nodes/nested-inputs.ts';
import { type Graph, type GraphNode, linkOf, withInputs } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { hasNodes, isNode } from './find-workflow.ts';
import { notApiFormat } from './read-errors.ts';

/** Parses a graph in API format. Throws DR_WORKFLOW_INVALID. */
export function parseApiGraph(nodes: JsonObject, file: string): Graph {
  const graph = new Map<string, GraphNode>();
  for (const [id, node] of entriesOf(nodes)) {
    if (!isJsonObject(node)) throw notApiFormat(file, `has '${id}', which is not a node`, id);
    const inputs = node['inputs'];
    if (!isJsonObject(inputs)) throw notApiFormat(file, `has node '${id}' without 'inputs'`, id);
    const meta = node['_meta'];
    const title =
      isJsonObject(meta) && typeof meta['title'] === 'string' ? meta['title'] : undefined;
    const classType = typeof node['class_type'] === 'string' ? node['class_type'] : '';
    graph.set(id, { classType, inputs, title, source: node });
  }
  if (graph.size === 0) throw notApiFormat(file, 'has no nodes');
  return graph;
}

/** The nodes of an object with at least one, and the keys of everything else in it. */
export function splitNodes(json: JsonObject): [nodes: JsonObject, others: readonly string[]] {
  const entries = entriesOf(json);
  if (!hasNodes(json)) return [json, []];
  const mayBeNode = (value: Json): boolean =>
    isNode(value) || (isJsonObject(value) && isJsonObject(value['inputs']));
  return [
    objectOf(entries.filter(([, value]) => mayBeNode(value))),
    entries.filter(([, value]) => !mayBeNode(value)).map(([key]) => key),
  ];
}

/** Returns the graph with the current names of renamed types and inputs. */
export const withNewNames = (graph: Graph, nodes: NodeTable): Graph =>
  new Map([...graph].map(([id, node]): [string, GraphNode] => [id, renameNode(node, nodes)]));

function renameNode(node: GraphNode, nodes: NodeTable): GraphNode {
  const found = declarationOf(node.classType, nodes);
  if (!found) return node;
  const classType = found.declaration.type;
  const hasOldInput = keysOf(node.inputs).some((name) => Object.hasOwn(found.inputs, name));
  if (classType === node.classType && !hasOldInput) return node;
  const inputs = objectOf(
    entriesOf(node.inputs as JsonObject).map(
      ([name, value]) =>
        [Object.hasOwn(found.inputs, name) ? found.inputs[name] : name, value] as const,
    ),
  );
  return { ...node, classType, inputs, source: { ...node.source, class_type: classType, inputs } };
}

/**
 * Adds the inputs that were added to a node type after the prompt was saved, with the values that
 * the current editor reads from the UI workflow of the same image. `convertUi` returns that
 * workflow's graph; undefined when it can't be read.
 */
export function withLaterInputs(
  graph: Graph,
  convertUi: () => Graph | undefined,
  nodes: NodeTable,
): Graph {
  if (![...graph.values()].some((node) => missingInputs(node, nodes).length > 0)) return graph;
  const uiGraph = convertUi();
  if (!uiGraph) return graph;
  const changes = new Map<string, JsonObject>();
  for (const [id, node] of graph) {
    const uiNode = uiGraph.get(id);
    if (uiNode?.classType !== node.classType) continue;
    const values = missingInputs(node, nodes)
      .map((name): [string, Json] => [name, uiNode.inputs[name]])
      .filter(([, value]) => value !== undefined && !linkOf(value));
    if (values.length > 0) changes.set(id, objectOf(values));
  }
  return withInputs(graph, changes);
}

/** The required widget inputs that a node has no value for. */
function missingInputs(node: GraphNode, nodes: NodeTable): string[] {
  const declaration = nodes.get(node.classType);
  if (!declaration) return [];
  return Object.entries(flatDeclaration(declaration, node.inputs).inputs)
    .filter(
      ([name, input]) =>
        !input.optional &&
        input.kind !== 'SOCKET' &&
        !input.forceInput &&
        !Object.hasOwn(node.inputs, name),
    )
    .map(([name]) => name);
}
