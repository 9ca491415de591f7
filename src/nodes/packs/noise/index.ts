// The nodes of ComfyUI_Noise.
import type { NodeDeclaration } from '../../declare.ts';
import { NOISE_LATENT_NODES } from './noise-nodes.ts';
import { UNSAMPLER_NODES } from './unsampler.ts';

export const NOISE_NODES: readonly NodeDeclaration[] = [...NOISE_LATENT_NODES, ...UNSAMPLER_NODES];
