// The nodes of SeargeSDXL.
import type { NodeDeclaration } from '../declare.ts';
import { SEARGE_SAMPLING_NODES } from './samplers.ts';

export const SEARGE_NODES: readonly NodeDeclaration[] = [...SEARGE_SAMPLING_NODES];
