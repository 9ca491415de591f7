// The pack ComfyUI-CLIPSeg, of which one node is built in.
import { definePack, type Pack } from '../../pack.ts';
import { CLIPSEG_NODES } from './clipseg-nodes.ts';

export const CLIPSEG_PACK: Pack = definePack({
  title: 'ComfyUI-CLIPSeg',
  module: 'custom_nodes.ComfyUI-CLIPSeg',
  nodes: CLIPSEG_NODES,
  otherTypes: ['CombineSegMasks'],
});
