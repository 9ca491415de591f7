// All nodes by class type. A pack is one list; adding a pack is one line.
import { CLIPSEG_NODES } from './clipseg/index.ts';
import { CORE_NODES } from './core/index.ts';
import type { NodeDeclaration } from './declare.ts';
import { EXPERIMENT_NODES } from './experiments/index.ts';
import { IMPACT_NODES } from './impact/index.ts';
import { NOISE_NODES } from './noise/index.ts';
import { SEARGE_NODES } from './searge/index.ts';

const PACKS = [CORE_NODES, IMPACT_NODES, NOISE_NODES, SEARGE_NODES, CLIPSEG_NODES, EXPERIMENT_NODES];

export const NODES: ReadonlyMap<string, NodeDeclaration> = new Map(PACKS.flat().map((node) => [node.type, node]));
