// All nodes by class type. A pack is one list; adding a pack is one line.

import type { NodeDeclaration } from './declare.ts';
import { CLIPSEG_NODES } from './packs/clipseg/index.ts';
import { CORE_NODES } from './packs/core/index.ts';
import { EXPERIMENT_NODES } from './packs/experiments/index.ts';
import { IMPACT_NODES } from './packs/impact/index.ts';
import { NOISE_NODES } from './packs/noise/index.ts';
import { SEARGE_NODES } from './packs/searge/index.ts';

/** The packs, and the Python module that ComfyUI names for the nodes of each. */
export const PACKS: readonly {
  readonly module: string;
  readonly nodes: readonly NodeDeclaration[];
}[] = [
  { module: 'nodes', nodes: CORE_NODES },
  { module: 'custom_nodes.ComfyUI-Impact-Pack', nodes: IMPACT_NODES },
  { module: 'custom_nodes.ComfyUI_Noise', nodes: NOISE_NODES },
  { module: 'custom_nodes.SeargeSDXL', nodes: SEARGE_NODES },
  { module: 'custom_nodes.ComfyUI-CLIPSeg', nodes: CLIPSEG_NODES },
  { module: 'custom_nodes.ComfyUI_experiments', nodes: EXPERIMENT_NODES },
];

export const NODES: ReadonlyMap<string, NodeDeclaration> = new Map(
  PACKS.flatMap(({ nodes }) => nodes.map((node): [string, NodeDeclaration] => [node.type, node])),
);
