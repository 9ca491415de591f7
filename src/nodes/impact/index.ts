// The nodes of the Impact Pack, one list per subject.
import type { NodeDeclaration } from '../declare.ts';
import { BRIDGE_NODES } from './bridges.ts';
import { CLIPSEG_DETECTOR_NODES } from './clipseg.ts';
import { CONTROL_NODES } from './controls.ts';
import { DETAILER_HOOK_NODES } from './detailer-hooks.ts';
import { DETAILER_NODES } from './detailers.ts';
import { DETECTOR_NODES } from './detectors.ts';
import { FACE_DETAILER_NODES } from './face-detailer.ts';
import { INFO_NODES } from './info.ts';
import { ITERATIVE_UPSCALE_NODES } from './iterative-upscale.ts';
import { LIST_NODES } from './lists.ts';
import { LOGIC_NODES } from './logic.ts';
import { IMPACT_MASK_NODES } from './masks.ts';
import { PIPE_NODES } from './pipes.ts';
import { PIXEL_HOOK_NODES } from './pk-hooks.ts';
import { SEGS_PREVIEW_NODES } from './previews.ts';
import { PROVIDER_NODES } from './providers.ts';
import { REGIONAL_NODES } from './regional.ts';
import { SAM_NODES } from './sam.ts';
import { IMPACT_SAMPLING_NODES } from './samplers.ts';
import { SEGS_NODES } from './segs.ts';
import { SEGS_CONTROL_NODES } from './segs-control.ts';
import { SEGS_ELEMENT_NODES } from './segs-elements.ts';
import { SEGS_FILTER_NODES } from './segs-filters.ts';
import { SEGS_UPSCALER_NODES } from './segs-upscaler.ts';
import { SENDER_NODES } from './senders.ts';
import { SWITCH_NODES } from './switches.ts';
import { ULTRALYTICS_NODES } from './ultralytics.ts';
import { WILDCARD_NODES } from './wildcard.ts';

export const IMPACT_NODES: readonly NodeDeclaration[] = [
  ...PIPE_NODES,
  ...PROVIDER_NODES,
  ...IMPACT_SAMPLING_NODES,
  ...REGIONAL_NODES,
  ...ITERATIVE_UPSCALE_NODES,
  ...PIXEL_HOOK_NODES,
  ...IMPACT_MASK_NODES,
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
];
