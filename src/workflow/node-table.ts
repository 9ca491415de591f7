// The nodes that a graph may use.
import type { NodeDeclaration } from '../nodes/declare.ts';

/** Node declarations by class type. */
export type NodeTable = ReadonlyMap<string, NodeDeclaration>;
