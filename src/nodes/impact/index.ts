// The nodes of the Impact Pack, one list per subject.
import type { NodeDeclaration } from '../declare.ts';
import { IMPACT_MASK_NODES } from './masks.ts';
import { SEGS_NODES } from './segs.ts';
import { SEGS_CONTROL_NODES } from './segs-control.ts';
import { SEGS_ELEMENT_NODES } from './segs-elements.ts';
import { SEGS_FILTER_NODES } from './segs-filters.ts';
import { SEGS_UPSCALER_NODES } from './segs-upscaler.ts';

export const IMPACT_NODES: readonly NodeDeclaration[] = [
  ...IMPACT_MASK_NODES,
  ...SEGS_NODES,
  ...SEGS_FILTER_NODES,
  ...SEGS_ELEMENT_NODES,
  ...SEGS_CONTROL_NODES,
  ...SEGS_UPSCALER_NODES,
];
