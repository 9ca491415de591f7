// Builds the API graph of output nodes: with all nodes that they need, in the order of execution.
import { DarkroomError } from '../../errors.ts';
import { type Json, objectOf } from '../../formats/json.ts';
import { dataOf, type NodeData, type OutputNode, sourceOf } from './typed-node.ts';

/** A node in ComfyUI's API format. */
export interface ApiNode {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly _meta?: { readonly title: string };
}

/** A workflow in ComfyUI's API format, by node id. */
export type ApiGraph = Readonly<Record<string, ApiNode>>;

/**
 * Returns the workflow of some output nodes in API format. Throws DR_BAD_USAGE when two nodes have
 * the same id.
 *
 * @example
 * import { MaskToImage, SaveImage, SolidMask } from 'darkroom-engine/nodes';
 *
 * const { MASK } = SolidMask({ value: 0.5, width: 64, height: 64 });
 * const { IMAGE } = MaskToImage({ mask: MASK });
 * const workflow = graph(SaveImage({ images: IMAGE, filename_prefix: 'grey' }));
 * console.log(Object.keys(workflow));
 */
export function graph(...outputs: readonly OutputNode[]): ApiGraph {
  const order = new Set<NodeData>();
  const visit = (node: NodeData): void => {
    if (order.has(node)) return;
    for (const value of Object.values(node.inputs)) {
      const source = sourceOf(value);
      if (source) visit(source.node);
    }
    order.add(node);
  };
  for (const output of outputs) visit(dataOf(output));

  const ids = idsOf([...order]);
  const json = (value: unknown): Json => {
    const source = sourceOf(value);
    if (source) return [ids.get(source.node)!, source.slot];
    // a bare list would be read as a link
    return Array.isArray(value) ? { __value__: plain(value) } : plain(value);
  };
  return objectOf(
    [...ids].map(([{ type, inputs, options }, id]): [string, ApiNode] => [
      id,
      {
        class_type: type,
        inputs: objectOf(
          Object.entries(inputs)
            .filter(([, value]) => value !== undefined)
            .map(([name, value]): [string, Json] => [name, json(value)]),
        ),
        ...(options.title !== undefined && { _meta: { title: options.title } }),
      },
    ]),
  );
}

function idsOf(nodes: readonly NodeData[]): Map<NodeData, string> {
  const explicitIds = new Set<string>();
  for (const { options, type } of nodes) {
    if (options.id === undefined) continue;
    if (explicitIds.has(options.id))
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `two nodes of the graph have the id '${options.id}'`,
        hint: 'Set a different id for each node, or none.',
        nodeId: options.id,
        nodeType: type,
      });
    explicitIds.add(options.id);
  }
  let count = 0;
  const next = (): string => {
    do count++;
    while (explicitIds.has(String(count)));
    return String(count);
  };
  return new Map(nodes.map((node) => [node, node.options.id ?? next()]));
}

/**
 * Bigints that are exact as numbers become numbers, so that the graph is plain JSON if possible.
 */
const plain = (value: unknown): Json =>
  typeof value === 'bigint' && Number.isSafeInteger(Number(value))
    ? Number(value)
    : (value as Json);
