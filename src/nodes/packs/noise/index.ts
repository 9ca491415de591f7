// The pack ComfyUI_Noise.
import { definePack, type Pack } from '../../pack.ts';
import { NOISE_LATENT_NODES } from './noise-nodes.ts';
import { UNSAMPLER_NODES } from './unsampler-nodes.ts';

export const NOISE_PACK: Pack = definePack({
  title: 'ComfyUI_Noise',
  module: 'custom_nodes.ComfyUI_Noise',
  nodes: [...NOISE_LATENT_NODES, ...UNSAMPLER_NODES],
});
