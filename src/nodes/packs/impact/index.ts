// The Impact Pack.
import { definePack, type Pack } from '../../pack.ts';
import { CONTROL_NODES } from './control/editor-nodes.ts';
import { LIST_NODES } from './control/list-nodes.ts';
import { LOGIC_NODES } from './control/logic-nodes.ts';
import { BRIDGE_NODES } from './control/preview-bridge-nodes.ts';
import { SEGS_PREVIEW_NODES } from './control/segs-preview-nodes.ts';
import { SENDER_NODES } from './control/sender-nodes.ts';
import { SWITCH_NODES } from './control/switch-nodes.ts';
import { INFO_NODES } from './control/text-and-size-nodes.ts';
import { WILDCARD_NODES } from './control/wildcard-nodes.ts';
import { DETAILER_HOOK_NODES } from './detail/detailer-hook-nodes.ts';
import { DETAILER_NODES } from './detail/detailer-nodes.ts';
import { FACE_DETAILER_NODES } from './detail/face-detailer-nodes.ts';
import { IMPACT_REFUSED } from './impact-refused.ts';
import { BASIC_PIPE_NODES } from './pipes/basic-pipe-nodes.ts';
import { DETAILER_PIPE_NODES } from './pipes/detailer-pipe-nodes.ts';
import { IMPACT_SAMPLING_NODES } from './sampling/pipe-sampler-nodes.ts';
import { REGIONAL_NODES } from './sampling/regional-nodes.ts';
import { PROVIDER_NODES } from './sampling/sampler-provider-nodes.ts';
import { CLIPSEG_DETECTOR_NODES } from './segs/clipseg-detector-nodes.ts';
import { DETECTOR_NODES } from './segs/detector-nodes.ts';
import { MAKE_SEGS_NODES } from './segs/make-segs-nodes.ts';
import { IMPACT_MASK_NODES } from './segs/mask-nodes.ts';
import { MASK_RECT_NODES } from './segs/mask-rect-nodes.ts';
import { SAM_NODES } from './segs/sam-nodes.ts';
import { SEGS_ELEMENT_NODES } from './segs/seg-element-nodes.ts';
import { SEGS_CONTROL_NODES } from './segs/segs-controlnet-nodes.ts';
import { SEGS_FILTER_NODES } from './segs/segs-filter-nodes.ts';
import { SEGS_NODES } from './segs/segs-nodes.ts';
import { ULTRALYTICS_NODES } from './segs/ultralytics-nodes.ts';
import { ITERATIVE_UPSCALE_NODES } from './upscale/iterative-upscale-nodes.ts';
import { PIXEL_HOOK_NODES } from './upscale/pixel-hook-nodes.ts';
import { SEGS_UPSCALER_NODES } from './upscale/segs-upscaler-nodes.ts';
import { UPSCALER_PROVIDER_NODES } from './upscale/upscaler-provider-nodes.ts';

export const IMPACT_PACK: Pack = definePack({
  title: 'Impact Pack',
  module: 'custom_nodes.ComfyUI-Impact-Pack',
  nodes: [
    ...BASIC_PIPE_NODES,
    ...DETAILER_PIPE_NODES,
    ...PROVIDER_NODES,
    ...IMPACT_SAMPLING_NODES,
    ...REGIONAL_NODES,
    ...UPSCALER_PROVIDER_NODES,
    ...ITERATIVE_UPSCALE_NODES,
    ...PIXEL_HOOK_NODES,
    ...IMPACT_MASK_NODES,
    ...MASK_RECT_NODES,
    ...MAKE_SEGS_NODES,
    ...SEGS_NODES,
    ...SEGS_FILTER_NODES,
    ...SEGS_ELEMENT_NODES,
    ...SEGS_CONTROL_NODES,
    ...SEGS_PREVIEW_NODES,
    ...SEGS_UPSCALER_NODES,
    ...DETECTOR_NODES,
    ...DETAILER_NODES,
    ...FACE_DETAILER_NODES,
    ...DETAILER_HOOK_NODES,
    ...LOGIC_NODES,
    ...INFO_NODES,
    ...SWITCH_NODES,
    ...LIST_NODES,
    ...CONTROL_NODES,
    ...SAM_NODES,
    ...ULTRALYTICS_NODES,
    ...CLIPSEG_DETECTOR_NODES,
    ...WILDCARD_NODES,
    ...SENDER_NODES,
    ...BRIDGE_NODES,
  ],
  refused: IMPACT_REFUSED,
  aliases: {
    // before version 2.15
    inputs: {
      IterativeLatentUpscale: { step: 'steps' },
      IterativeImageUpscale: { step: 'steps' },
    },
  },
  typePattern: /^(Impact|SEGS)\w*$/,
});
