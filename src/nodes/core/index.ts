// The nodes that ComfyUI itself brings, one list per subject.
import type { NodeDeclaration } from '../declare.ts';
import { LATENT_NODES } from './latent.ts';

export const CORE_NODES: readonly NodeDeclaration[] = [...LATENT_NODES];
