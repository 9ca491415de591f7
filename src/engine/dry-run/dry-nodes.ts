// The nodes of a graph that a dry run runs: those that load models, use them without pictures or
// latents, or choose their files, and those that decide which lazy inputs are needed.
import type { NodeDeclaration } from '../../nodes/declare.ts';
import type { Graph } from '../../workflow/api-graph.ts';
import type { NodeTable } from '../../workflow/node-table.ts';
import { nodesBefore } from '../../workflow/nodes-before.ts';
import { declaredNode, incomingLinks } from '../../workflow/overrides/graph-search.ts';

/** Socket types of loaded models. */
const MODEL_TYPES: ReadonlySet<string> = new Set([
  'MODEL',
  'CLIP',
  'VAE',
  'CLIP_VISION',
  'STYLE_MODEL',
  'MODEL_PATCH',
  'GLIGEN',
  'PHOTOMAKER',
  'CONTROL_NET',
  'UPSCALE_MODEL',
  'BBOX_DETECTOR',
  'SEGM_DETECTOR',
  'SAM_MODEL',
]);
/** Socket types whose values take long to compute, or need a network. */
const COMPUTED_TYPES: ReadonlySet<string> = new Set(['IMAGE', 'MASK', 'LATENT', 'SEGS', 'SEG_ELT']);

/**
 * The nodes among `ids` that load or use models or decide on lazy inputs, and those before them
 * that could run dry.
 */
export function dryNodes(graph: Graph, nodes: NodeTable, ids: readonly string[]): string[] {
  const ends = ids.flatMap((id) => {
    const declaration = declaredNode({ graph, nodes }, id)?.declaration;
    if (!declaration) return [];
    if (isComputable(declaration) && usesModels(declaration)) return [id];
    return declaration.needs ? incomingLinks({ graph, nodes }, id).map(({ from }) => from) : [];
  });
  return nodesBefore(graph, ends).filter((id) => {
    const declaration = declaredNode({ graph, nodes }, id)?.declaration;
    return declaration !== undefined && isComputable(declaration);
  });
}

/** Whether a node's outputs need no network and no picture, judged by their types. */
const isComputable = ({ outputNode, outputs }: NodeDeclaration): boolean =>
  !outputNode && !outputs.some(({ type }) => COMPUTED_TYPES.has(type));

const usesModels = ({ inputs, outputs }: NodeDeclaration): boolean =>
  outputs.some(({ type }) => MODEL_TYPES.has(type)) ||
  Object.values(inputs).some((input) =>
    input.kind === 'COMBO'
      ? input.folder !== undefined
      : input.kind === 'SOCKET' && MODEL_TYPES.has(input.type),
  );
