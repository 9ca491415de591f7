// The pack ComfyUI_experiments, of which one node is built in.
import { definePack, type Pack } from '../../pack.ts';
import { TONEMAP_NODES } from './tonemap-nodes.ts';

export const EXPERIMENTS_PACK: Pack = definePack({
  title: 'ComfyUI_experiments',
  module: 'custom_nodes.ComfyUI_experiments',
  nodes: TONEMAP_NODES,
  otherTypes: [
    'RescaleClassifierFreeGuidanceTest',
    'ReferenceOnlySimple',
    'TonemapNoiseWithRescaleCFG',
  ],
});
