// Decomposing and assembling SEGS, and changes to a single segment. Source: Impact Pack
// segs_nodes.py.

import { dilateMask } from '../../../../image/mask/impact-mask-morphology.ts';
import { squeezeMask, toNHW } from '../../../../image/mask/mask-shape.ts';
import { scaleBbox } from '../../../../segs/edit/edit-masks.ts';
import type { Region, Seg } from '../../../../segs/segs.ts';
import {
  defineListNode,
  defineNode,
  float,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { dilationInput } from './mask-nodes.ts';

const CATEGORY = 'ImpactPack/Util';

const ImpactDecomposeSEGS = defineNode({
  type: 'ImpactDecomposeSEGS',
  display: 'Decompose (SEGS)',
  category: CATEGORY,
  inputs: { segs: socket('SEGS') },
  outputs: [output('SEGS_HEADER'), output('SEG_ELT', 'SEG_ELT', true)],
  run: ({ segs: { height, width, segs } }) => outputs([height, width], segs),
});

const ImpactAssembleSEGS = defineListNode({
  type: 'ImpactAssembleSEGS',
  display: 'Assemble (SEGS)',
  category: CATEGORY,
  inputs: { seg_header: socket('SEGS_HEADER'), seg_elt: socket('SEG_ELT') },
  outputs: [output('SEGS')],
  run: ({ seg_header: [[height, width]], seg_elt }) => outputs({ height, width, segs: seg_elt }),
});

const ImpactFrom_SEG_ELT = defineNode({
  type: 'ImpactFrom_SEG_ELT',
  display: 'From SEG_ELT',
  category: CATEGORY,
  inputs: { seg_elt: socket('SEG_ELT') },
  outputs: [
    output('SEG_ELT', 'seg_elt'),
    output('IMAGE', 'cropped_image'),
    output('MASK', 'cropped_mask'),
    output('SEG_ELT_crop_region', 'crop_region'),
    output('SEG_ELT_bbox', 'bbox'),
    output('SEG_ELT_control_net_wrapper', 'control_net_wrapper'),
    output('FLOAT', 'confidence'),
    output('STRING', 'label'),
  ],
  run: ({ seg_elt }) =>
    outputs(
      seg_elt,
      seg_elt.croppedImage,
      toNHW(seg_elt.croppedMask),
      seg_elt.cropRegion,
      seg_elt.bbox,
      seg_elt.controlNetWrapper,
      seg_elt.confidence,
      seg_elt.label,
    ),
});

const corners = ['left', 'top', 'right', 'bottom'].map((name) => output('INT', name));

const ImpactFrom_SEG_ELT_bbox = defineNode({
  type: 'ImpactFrom_SEG_ELT_bbox',
  display: 'From SEG_ELT bbox',
  category: CATEGORY,
  inputs: { bbox: socket('SEG_ELT_bbox') },
  outputs: corners,
  run: ({ bbox }) => outputs(...(bbox as Region)),
});

const ImpactFrom_SEG_ELT_crop_region = defineNode({
  type: 'ImpactFrom_SEG_ELT_crop_region',
  display: 'From SEG_ELT crop_region',
  category: CATEGORY,
  inputs: { crop_region: socket('SEG_ELT_crop_region') },
  outputs: corners,
  run: ({ crop_region }) => outputs(...(crop_region as Region)),
});

const ImpactEdit_SEG_ELT = defineNode({
  type: 'ImpactEdit_SEG_ELT',
  display: 'Edit SEG_ELT',
  category: CATEGORY,
  inputs: {
    seg_elt: socket('SEG_ELT'),
    cropped_image_opt: socket('IMAGE', { optional: true }),
    cropped_mask_opt: socket('MASK', { optional: true }),
    crop_region_opt: socket('SEG_ELT_crop_region', { optional: true }),
    bbox_opt: socket('SEG_ELT_bbox', { optional: true }),
    control_net_wrapper_opt: socket('SEG_ELT_control_net_wrapper', { optional: true }),
    confidence_opt: float({ min: 0, max: 1, step: 0.1, forceInput: true, optional: true }),
    label_opt: string({ multiline: false, forceInput: true, optional: true }),
  },
  outputs: [output('SEG_ELT')],
  run({ seg_elt, ...inputs }) {
    const seg: Seg = {
      croppedImage: inputs.cropped_image_opt ?? seg_elt.croppedImage,
      croppedMask: inputs.cropped_mask_opt
        ? squeezeMask(inputs.cropped_mask_opt)
        : seg_elt.croppedMask,
      cropRegion: inputs.crop_region_opt ?? seg_elt.cropRegion,
      bbox: inputs.bbox_opt ?? seg_elt.bbox,
      controlNetWrapper: inputs.control_net_wrapper_opt ?? seg_elt.controlNetWrapper,
      confidence: inputs.confidence_opt ?? seg_elt.confidence,
      label: inputs.label_opt ?? seg_elt.label,
    };
    return outputs(seg);
  },
});

const ImpactDilate_Mask_SEG_ELT = defineNode({
  type: 'ImpactDilate_Mask_SEG_ELT',
  display: 'Dilate Mask (SEG_ELT)',
  category: CATEGORY,
  inputs: { seg_elt: socket('SEG_ELT'), dilation: dilationInput() },
  outputs: [output('SEG_ELT')],
  run: ({ seg_elt, dilation }) =>
    outputs({ ...seg_elt, croppedMask: dilateMask(seg_elt.croppedMask, dilation) }),
});

const ImpactScaleBy_BBOX_SEG_ELT = defineNode({
  type: 'ImpactScaleBy_BBOX_SEG_ELT',
  display: 'ScaleBy BBOX (SEG_ELT)',
  category: CATEGORY,
  inputs: {
    seg: socket('SEG_ELT'),
    scale_by: float({ default: 1, min: 0.01, max: 8, step: 0.01 }),
  },
  outputs: [output('SEG_ELT')],
  run: ({ seg, scale_by }) => outputs(scaleBbox(seg, scale_by)),
});

export const SEGS_ELEMENT_NODES = [
  ImpactDecomposeSEGS,
  ImpactAssembleSEGS,
  ImpactFrom_SEG_ELT,
  ImpactFrom_SEG_ELT_bbox,
  ImpactFrom_SEG_ELT_crop_region,
  ImpactEdit_SEG_ELT,
  ImpactDilate_Mask_SEG_ELT,
  ImpactScaleBy_BBOX_SEG_ELT,
];
