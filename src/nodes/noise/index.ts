// The nodes of ComfyUI_Noise.
import type { NodeDeclaration } from '../declare.ts';
import { UNSAMPLER_NODES } from './unsampler.ts';

export const NOISE_NODES: readonly NodeDeclaration[] = [...UNSAMPLER_NODES];
