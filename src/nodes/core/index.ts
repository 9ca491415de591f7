// The nodes that ComfyUI itself brings, one list per subject.
import type { NodeDeclaration } from '../declare.ts';
import { CONDITIONING_NODES } from './conditioning.ts';
import { LATENT_NODES } from './latent.ts';
import { PROMPT_NODES } from './prompt.ts';

export const CORE_NODES: readonly NodeDeclaration[] = [...PROMPT_NODES, ...CONDITIONING_NODES, ...LATENT_NODES];
