// Nodes that create, convert and combine masks. Source: ComfyUI comfy_extras/nodes_mask.py.
import {
  compositeMasks,
  cropMask,
  featherMask,
  growMask,
  invert,
  MASK_OPERATIONS,
  type MaskOperation,
  thresholdMask,
} from '../../../../image/mask/core-masks.ts';
import {
  CHANNELS,
  colorToMask,
  imageToMask,
  maskToImage,
} from '../../../../image/mask/mask-conversions.ts';
import { full } from '../../../../tensor/tensor.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const offset = () => int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 1 });
const side = () => int({ default: 512, min: 1, max: MAX_RESOLUTION, step: 1 });

const MaskToImage = defineNode({
  type: 'MaskToImage',
  display: 'Convert Mask to Image',
  category: 'mask',
  inputs: { mask: socket('MASK') },
  outputs: [output('IMAGE')],
  run: ({ mask }) => outputs(maskToImage(mask)),
});

const ImageToMask = defineNode({
  type: 'ImageToMask',
  display: 'Convert Image to Mask',
  category: 'mask',
  inputs: { image: socket('IMAGE'), channel: combo(CHANNELS) },
  outputs: [output('MASK')],
  run: ({ image, channel }) => outputs(imageToMask(image, channel)),
});

const SolidMask = defineNode({
  type: 'SolidMask',
  display: 'SolidMask',
  category: 'mask',
  inputs: {
    value: float({ default: 1, min: 0, max: 1, step: 0.01 }),
    width: side(),
    height: side(),
  },
  outputs: [output('MASK')],
  run: ({ value, width, height }) => outputs(full([1, height, width], value)),
});

const InvertMask = defineNode({
  type: 'InvertMask',
  display: 'InvertMask',
  category: 'mask',
  inputs: { mask: socket('MASK') },
  outputs: [output('MASK')],
  run: ({ mask }) => outputs(invert(mask)),
});

const CropMask = defineNode({
  type: 'CropMask',
  display: 'CropMask',
  category: 'mask',
  inputs: { mask: socket('MASK'), x: offset(), y: offset(), width: side(), height: side() },
  outputs: [output('MASK')],
  run: ({ mask, x, y, width, height }) =>
    outputs(cropMask(mask, { left: x, top: y, width, height })),
});

const MaskComposite = defineNode({
  type: 'MaskComposite',
  display: 'MaskComposite',
  category: 'mask',
  inputs: {
    destination: socket('MASK'),
    source: socket('MASK'),
    x: offset(),
    y: offset(),
    operation: combo(Object.keys(MASK_OPERATIONS) as MaskOperation[]),
  },
  outputs: [output('MASK')],
  run: ({ destination, source, x, y, operation }) =>
    outputs(compositeMasks(destination, source, { x, y }, operation)),
});

const FeatherMask = defineNode({
  type: 'FeatherMask',
  display: 'FeatherMask',
  category: 'mask',
  inputs: {
    mask: socket('MASK'),
    left: offset(),
    top: offset(),
    right: offset(),
    bottom: offset(),
  },
  outputs: [output('MASK')],
  run: ({ mask, ...margins }, { behaviour }) =>
    outputs(featherMask(mask, margins, behaviour.featherStartsAtEdge)),
});

const GrowMask = defineNode({
  type: 'GrowMask',
  display: 'GrowMask',
  category: 'mask',
  inputs: {
    mask: socket('MASK'),
    expand: int({ default: 0, min: -MAX_RESOLUTION, max: MAX_RESOLUTION, step: 1 }),
    tapered_corners: boolean({ default: true }),
  },
  outputs: [output('MASK')],
  run: ({ mask, expand, tapered_corners }) => outputs(growMask(mask, expand, tapered_corners)),
});

const ImageColorToMask = defineNode({
  type: 'ImageColorToMask',
  display: 'ImageColorToMask',
  category: 'mask',
  inputs: {
    image: socket('IMAGE'),
    color: int({ default: 0, min: 0, max: 0xffffff, step: 1, display: 'color' }),
  },
  outputs: [output('MASK')],
  run: ({ image, color }) => outputs(colorToMask(image, color)),
});

const ThresholdMask = defineNode({
  type: 'ThresholdMask',
  display: 'ThresholdMask',
  category: 'mask',
  inputs: { mask: socket('MASK'), value: float({ default: 0.5, min: 0, max: 1, step: 0.01 }) },
  outputs: [output('MASK')],
  run: ({ mask, value }) => outputs(thresholdMask(mask, value)),
});

export const MASK_NODES = [
  MaskToImage,
  ImageToMask,
  ImageColorToMask,
  SolidMask,
  InvertMask,
  CropMask,
  MaskComposite,
  FeatherMask,
  GrowMask,
  ThresholdMask,
];
