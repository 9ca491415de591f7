// Rectangular masks, whose position the editor saves in the properties of the node. Source: Impact
// Pack impact_pack.py (8.22), js/mask-rect-area.js.
import { DarkroomError } from '../../../../errors.ts';
import { isJsonObject, type JsonObject, numberOf } from '../../../../formats/json.ts';
import { openCvGaussianBlur } from '../../../../image/blur/opencv-gaussian-blur.ts';
import { fillMaskRegion } from '../../../../segs/crop-region.ts';
import { reshape, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import { defineNode, output, outputs } from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { ownEditorNode } from '../own-editor-node.ts';

const OPERATION = 'ImpactPack/Operation';
/** Side of the mask of MaskRectArea in pixels. */
const SIDE = 512;
/** Largest blur that the editor offers. */
const MAX_BLUR = 255;

type Property = (name: string, fallback?: number) => number;

/**
 * Reads the numbers in the properties of a node. Throws DR_INPUT_INVALID for a prompt without the
 * editor's workflow, and for a property that is no number and has no fallback.
 */
function propertiesOf(type: string, context: NodeContext): Property {
  const node = ownEditorNode(context);
  if (!node)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the rectangle of ${type} is not in the prompt`,
      hint: 'Run the workflow as the editor saves it, or make the mask with SolidMask and MaskComposite.',
    });
  const properties: Readonly<JsonObject> = isJsonObject(node['properties'])
    ? node['properties']
    : {};
  return (name, fallback) => {
    const value = Object.hasOwn(properties, name) ? numberOf(properties[name]) : fallback;
    if (value !== undefined && Number.isFinite(value)) return value;
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the property '${name}' of ${type} is not a number`,
      hint: 'Set the rectangle in the editor and save the workflow again.',
    });
  };
}

/** A mask [1,H,W] that is 1 in the rectangle, blurred as OpenCV does. */
function rectangleMask(
  { width, height }: { readonly width: number; readonly height: number },
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  blur: number,
): Tensor {
  const mask = zeros([height, width]);
  fillMaskRegion(mask, [Math.trunc(x1), Math.trunc(y1), Math.trunc(x2), Math.trunc(y2)]);
  const radius = Math.min(Math.trunc(blur), MAX_BLUR);
  const blurred = radius > 0 ? openCvGaussianBlur(mask, radius) : mask;
  return reshape(blurred, [1, height, width]);
}

const hidden = { extra_pnginfo: 'EXTRA_PNGINFO', unique_id: 'UNIQUE_ID' } as const;

const MaskRectArea = defineNode({
  type: 'MaskRectArea',
  display: 'Mask Rect Area',
  category: OPERATION,
  description: 'A rectangle, in percent of a square mask of 512 pixels.',
  inputs: {},
  hidden,
  outputs: [output('MASK')],
  run(_, context) {
    const property = propertiesOf('MaskRectArea', context);
    const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((name) => property(name, 0) / 100);
    const corners = [x * SIDE, y * SIDE, (x + w) * SIDE, (y + h) * SIDE] as const;
    return outputs(
      rectangleMask({ width: SIDE, height: SIDE }, corners, property('blur_radius', 0)),
    );
  },
});

const MaskRectAreaAdvanced = defineNode({
  type: 'MaskRectAreaAdvanced',
  display: 'Mask Rect Area (Advanced)',
  category: OPERATION,
  description: 'A rectangle, in pixels of a mask of a given size.',
  inputs: {},
  hidden,
  outputs: [output('MASK')],
  run(_, context) {
    const property = propertiesOf('MaskRectAreaAdvanced', context);
    const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((name) => property(name));
    const side = (name: string): number =>
      Math.min(Math.max(Math.trunc(property(name)), 1), MAX_RESOLUTION);
    const size = { width: side('width'), height: side('height') };
    return outputs(rectangleMask(size, [x, y, x + w, y + h], property('blur_radius')));
  },
});

export const MASK_RECT_NODES = [MaskRectArea, MaskRectAreaAdvanced];
