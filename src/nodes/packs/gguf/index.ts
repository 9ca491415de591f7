// The pack ComfyUI-GGUF.
import { definePack, type Pack } from '../../pack.ts';
import { GGUF_LOADER_NODES } from './gguf-loaders.ts';

export const GGUF_PACK: Pack = definePack({
  title: 'ComfyUI-GGUF',
  module: 'custom_nodes.ComfyUI-GGUF',
  nodes: GGUF_LOADER_NODES,
});
