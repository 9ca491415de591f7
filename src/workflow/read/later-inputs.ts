// Inputs that a graph uses and that the named release of ComfyUI does not have yet.
import { dumpsJson } from '../../formats/dumps-json.ts';
import { type Json, keysOf, numberOf, objectOf } from '../../formats/json.ts';
import type { Input } from '../../nodes/input-types.ts';
import { NEWEST_VERSION } from '../../nodes/versions/comfyui-versions.ts';
import { describeNode, type Graph } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';

interface LaterInput {
  readonly id: string;
  readonly name: string;
  /** A sentence for the user, where leaving the input out changes the result. */
  readonly note?: string;
}

/** The inputs with values that only releases after the named one have. */
function laterInputs(graph: Graph, nodes: NodeTable): LaterInput[] {
  return [...graph].flatMap(([id, node]) => {
    const later = nodes.get(node.classType)?.later;
    if (!later) return [];
    return later.changes.flatMap(({ since, what }): LaterInput[] => {
      if (what.kind !== 'input' || !Object.hasOwn(node.inputs, what.input)) return [];
      const name = what.input;
      const isDefault = hasDefault(node.inputs[name], later.inputs[name]);
      const note =
        `'${name}' of ${describeNode(id, node)} came with ComfyUI ${since}; it is left out, as the ` +
        `version that was named is ${later.version} (--comfyui ${NEWEST_VERSION} has it)`;
      return [{ id, name, note: isDefault ? undefined : note }];
    });
  });
}

function hasDefault(value: Json, input: Input): boolean {
  const standard = 'default' in input ? input.default : undefined;
  if (standard === undefined) return false;
  return typeof standard === 'number'
    ? numberOf(value) === standard
    : dumpsJson(value) === dumpsJson(standard as Json);
}

/** One sentence for each input that changes the result in later releases only. */
export const laterInputNotes = (graph: Graph, nodes: NodeTable): string[] =>
  laterInputs(graph, nodes).flatMap(({ note }) => note ?? []);

/** The graph without the inputs that only later releases have. */
export function withoutLaterInputs(graph: Graph, nodes: NodeTable): Graph {
  const names = new Map<string, Set<string>>();
  for (const { id, name } of laterInputs(graph, nodes))
    names.set(id, (names.get(id) ?? new Set()).add(name));
  if (names.size === 0) return graph;
  return new Map(
    [...graph].map(([id, node]) => {
      const left = keysOf(node.inputs).filter((name) => !names.get(id)?.has(name));
      const inputs = objectOf(left.map((name) => [name, node.inputs[name]] as const));
      return names.has(id)
        ? [id, { ...node, inputs, source: { ...node.source, inputs } }]
        : [id, node];
    }),
  );
}

/** The declarations with the inputs of all releases, in which the values of files are stored. */
export function withAllInputs(nodes: NodeTable): NodeTable {
  if (![...nodes.values()].some(({ later }) => later)) return nodes;
  return new Map(
    [...nodes].map(([type, node]) => [
      type,
      node.later ? { ...node, inputs: node.later.inputs } : node,
    ]),
  );
}
