// All nodes by class type. A pack is one list; adding a pack is one line.
import { CORE_NODES } from './core/index.ts';
import type { NodeDeclaration } from './declare.ts';

export const NODES: ReadonlyMap<string, NodeDeclaration> = new Map(CORE_NODES.map((node) => [node.type, node]));
