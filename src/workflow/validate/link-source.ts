// The output that a link of a prompt comes from.
import type { Json } from '../../formats/json.ts';
import { laterNote } from '../../nodes/versions/nodes-of-version.ts';
import { describeNode, type Graph } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { PythonError, repr, typeName } from './python-values.ts';

export interface LinkSource {
  readonly sourceId: string;
  /** The socket type of the output. */
  readonly type: string;
}

/**
 * Resolves the link `[node id, output number]` at an input of node `id`. Throws the PythonError
 * that ComfyUI raises when there is no such node or output.
 */
export function resolveLink(
  graph: Graph,
  nodes: NodeTable,
  id: string,
  input: string,
  [from, slot]: readonly Json[],
): LinkSource {
  const target = `'${input}' of ${describeNode(id, graph.get(id))}`;
  const node = typeof from === 'string' ? graph.get(from) : undefined;
  if (!node)
    throw new PythonError(
      'KeyError',
      repr(from),
      `${target} is connected to node ${repr(from)}, which is not in the workflow`,
    );
  const declaration = nodes.get(node.classType)!;
  const { outputs, dynamicOutput } = declaration;
  if (typeof slot !== 'number' || !Number.isInteger(slot))
    throw new PythonError(
      'TypeError',
      `tuple indices must be integers or slices, not ${typeName(slot)}`,
      `${target} is connected to output ${repr(slot)}; an output must be a number`,
    );
  const output = outputs[slot] ?? (slot >= 0 ? dynamicOutput : undefined);
  const sourceId = from as string;
  if (!output) {
    const later = laterNote(declaration, { output: slot });
    throw new PythonError(
      'IndexError',
      'tuple index out of range',
      `${target} is connected to output ${slot} of ${describeNode(sourceId, node)}, ` +
        `which has ${outputs.length || 'no'} outputs${later ? ` (${later.since})` : ''}`,
      later?.hint,
    );
  }
  return { sourceId, type: output.type };
}
