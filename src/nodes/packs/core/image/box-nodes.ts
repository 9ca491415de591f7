// Nodes that crop and mark images by boxes.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_images.py, nodes_sdpose.py, nodes_rtdetr.py.
import { DarkroomError } from '../../../../errors.ts';
import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import { hexColour } from '../../../../image/colour/hex-colour.ts';
import { cropWithin } from '../../../../image/crop-image.ts';
import type { Region, Size } from '../../../../image/geometry.ts';
import { cropToMask } from '../../../../image/mask/crop-to-mask.ts';
import { toN1HW } from '../../../../image/mask/mask-shape.ts';
import { commonUpscale, cropPlanes } from '../../../../image/resize/common-upscale.ts';
import { lanczos } from '../../../../image/resize/pil-resize.ts';
import { concatAxis, narrow } from '../../../../tensor/axes.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import { concatBatch, sliceBatch, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  widget,
} from '../../../declare.ts';
import { saveImages, tempSuffix } from '../../../shared/save-images.ts';
import type { BoundingBox, BoundingBoxes } from '../../../widget-types.ts';

const BOX = { default: { x: 0, y: 0, width: 512, height: 512 }, socketless: true } as const;
const side = (value: number, min: number) => int({ default: value, min });

const PrimitiveBoundingBox = defineNode({
  type: 'PrimitiveBoundingBox',
  display: 'Bounding Box',
  category: 'utilities/primitive',
  inputs: { x: side(0, 0), y: side(0, 0), width: side(512, 1), height: side(512, 1) },
  outputs: [output('BOUNDING_BOX')],
  run: (box) => outputs(box),
});

const ImageCropV2 = defineNode({
  type: 'ImageCropV2',
  display: 'Crop Image',
  category: 'image/transform',
  description: 'Cuts a rectangle out of an image.',
  inputs: {
    image: socket('IMAGE'),
    crop_region: widget('BOUNDING_BOX', { ...BOX, component: 'ImageCrop' }),
  },
  outputs: [output('IMAGE')],
  saves: 'temp',
  async run({ image, crop_region }, context) {
    const { x, y, width, height } = wholeBox(crop_region);
    const cropped = cropWithin(image, { left: x, top: y, width, height });
    const prefix = `ComfyUI${tempSuffix(context.random)}`;
    const { ui } = await saveImages(cropped, context, { type: 'temp', prefix, level: 1 });
    return { ...outputs(cropped), ui };
  },
});

/** One box of whole pixels with an area. Throws DR_INPUT_INVALID. */
function wholeBox(region: BoundingBoxes): BoundingBox {
  const box = { ...BOX.default, ...(Array.isArray(region) ? region.flat()[0] : region) };
  const { x, y, width, height } = box;
  const isWhole = [x, y, width, height].every(Number.isInteger);
  const isSingle = !Array.isArray(region) || region.flat().length === 1;
  if (isWhole && isSingle && x >= 0 && y >= 0 && width > 0 && height > 0) return box;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: isSingle
      ? `a region of ${width}x${height} at ${x},${y} cannot be cut out of an image`
      : `crop_region has ${(region as readonly unknown[]).flat().length} boxes, not one`,
    hint: 'Give one box of whole numbers: x and y from 0, width and height from 1.',
    input: 'crop_region',
  });
}

/** The input of boxes, which must be linked. */
export const boxesInput = () => widget('BOUNDING_BOX', { ...BOX, forceInput: true });

/** The boxes of each image: one box, or one list, is that of all. */
export function boxesByImage(boxes: BoundingBoxes): readonly (readonly BoundingBox[])[] {
  if (!Array.isArray(boxes)) return [[boxes as BoundingBox]];
  return Array.isArray(boxes[0]) ? boxes : [boxes];
}

const CropByBBoxes = defineNode({
  type: 'CropByBBoxes',
  display: 'Crop By Bounding Boxes',
  category: 'image/transform',
  description: 'Cuts the region of its boxes out of each image, and resizes it.',
  inputs: {
    image: socket('IMAGE'),
    bboxes: boxesInput(),
    output_width: int({ default: 512, min: 64, max: 4096, step: 8, tooltip: 'Width of crops.' }),
    output_height: int({ default: 512, min: 64, max: 4096, step: 8, tooltip: 'Height of crops.' }),
    padding: int({
      default: 0,
      min: 0,
      max: 1024,
      step: 1,
      tooltip: 'Pixels around the boxes that are cut out too.',
    }),
    keep_aspect: combo(['stretch', 'pad'], {
      default: 'stretch',
      tooltip: 'Whether to stretch the crop to the size, or to fill up with black.',
    }),
  },
  outputs: [output('IMAGE')],
  run({ image, bboxes: boxes, output_width, output_height, padding, keep_aspect }) {
    const byImage = boxesByImage(boxes);
    const size = { width: output_width, height: output_height };
    const crops = Array.from({ length: image.shape[0] }, (_, i) => {
      const own = byImage[Math.min(i, byImage.length - 1)];
      if (!own?.length) return [];
      const region = cropRegion(own, image.shape, padding);
      const one = toNCHW(sliceBatch(image, i, i + 1));
      return [region ? resizedCrop(one, region, size, keep_aspect === 'pad') : blank(one, size)];
    }).flat();
    return outputs(crops.length > 0 ? toNHWC(concatBatch(crops)) : image);
  },
});

/**
 * The region of all boxes within an image, with padding; where that is empty, a square in the
 * upper middle; undefined where that is empty too.
 */
function cropRegion(
  boxes: readonly BoundingBox[],
  [, height, width]: readonly number[],
  padding: number,
): Region | undefined {
  const left = Math.max(0, Math.min(...boxes.map(({ x }) => Math.trunc(x))) - padding);
  const top = Math.max(0, Math.min(...boxes.map(({ y }) => Math.trunc(y))) - padding);
  const end = (limit: number, ends: readonly number[]): number =>
    Math.min(limit, Math.max(...ends.map(Math.trunc)) + padding);
  const right = end(
    width,
    boxes.map((box) => box.x + box.width),
  );
  const bottom = end(
    height,
    boxes.map((box) => box.y + box.height),
  );
  if (right > left && bottom > top) return { left, top, width: right - left, height: bottom - top };
  const square = Math.trunc(Math.min(height, width) * 0.3);
  const start = { left: Math.floor((width - square) / 2), top: Math.trunc(height * 0.1) };
  const size = { width: square, height: Math.min(square, height - start.top) };
  return square > 0 && size.height > 0 ? { ...start, ...size } : undefined;
}

const blank = ({ shape: [, channels] }: Tensor, { width, height }: Size): Tensor =>
  zeros([1, channels, height, width]);

/** A region of an image [1,C,H,W], resized to a size, or to fit into it in the middle. */
function resizedCrop(image: Tensor, region: Region, size: Size, pad: boolean): Tensor {
  const crop = cropPlanes(image, region);
  if (!pad) return commonUpscale(crop, size, 'area', 'disabled');
  const scale = Math.min(size.width / region.width, size.height / region.height);
  const fitted = {
    width: roundHalfEven(region.width * scale),
    height: roundHalfEven(region.height * scale),
  };
  if (fitted.width === 0 || fitted.height === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `a crop of ${region.width}x${region.height} is too narrow for the output`,
      hint: "Set keep_aspect to 'stretch', or give wider boxes.",
      input: 'bboxes',
    });
  const resized = commonUpscale(crop, fitted, 'area', 'disabled');
  const widened = padAxis(resized, 3, size.width);
  return padAxis(widened, 2, size.height);
}

/** Zeros before and after along an axis, up to a length. */
function padAxis(x: Tensor, axis: number, length: number): Tensor {
  const before = Math.floor((length - x.shape[axis]) / 2);
  const zerosOf = (count: number): Tensor[] =>
    count > 0 ? [zeros(x.shape.map((size, i) => (i === axis ? count : size)))] : [];
  const after = length - x.shape[axis] - before;
  return concatAxis([...zerosOf(before), x, ...zerosOf(after)], axis);
}

const cropSide = (tooltip: string) => int({ default: 1024, min: 64, max: 4096, step: 8, tooltip });

const ImageCropToMask = defineNode({
  type: 'ImageCropToMask',
  display: 'Crop Image to Mask',
  category: 'image/transform',
  inputs: {
    images: socket('IMAGE'),
    masks: socket('MASK'),
    width: cropSide('Output width in pixels.'),
    height: cropSide('Output height in pixels.'),
    pad_factor: float({
      default: 1,
      min: 1,
      max: 2,
      step: 0.01,
      tooltip: 'Size of the crop over that of the subject.',
    }),
    grow_mask: int({
      default: 0,
      min: -32,
      max: 32,
      step: 1,
      tooltip: 'Pixels by which the mask grows or shrinks first.',
    }),
    background: widget('COLOR', {
      default: '#000000',
      socketless: true,
      tooltip: 'Colour behind the subject.',
    }),
  },
  outputs: [output('IMAGE', 'images')],
  run({ images, masks, width, height, pad_factor, grow_mask, background }, { warn }) {
    const rgb = toNCHW(narrow(images, 3, 0, Math.min(3, images.shape[3])));
    const [count, channels, rows, columns] = rgb.shape;
    if (channels !== 3 || (masks.shape[0] !== 1 && masks.shape[0] !== count))
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message:
          channels === 3
            ? `there are ${masks.shape[0]} masks for ${count} images`
            : `images of ${channels} channels have no colours to put on a background`,
        hint: channels === 3 ? 'Give one mask, or one for each image.' : 'Convert them to RGB.',
        input: channels === 3 ? 'masks' : 'images',
      });
    const sized = commonUpscale(
      toN1HW(masks),
      { width: columns, height: rows },
      'bilinear',
      'disabled',
    );
    const results = Array.from({ length: count }, (_, i) => {
      const own = masks.shape[0] === 1 ? 0 : i;
      const options = {
        aspect: width / height,
        maxSide: Math.max(width, height),
        padFactor: pad_factor,
        grow: grow_mask,
        background: unitColour(background),
      };
      const mask = sliceBatch(sized, own, own + 1);
      const { crop, isEmpty } = cropToMask(sliceBatch(rgb, i, i + 1), mask, options);
      if (isEmpty) warn(`the mask of image ${i + 1} is empty; the whole image is used`);
      return lanczos(crop, { width, height });
    });
    return outputs(toNHWC(concatBatch(results)));
  },
});

/** A colour as fractions; black where the text is not one of six digits. */
function unitColour(text: string): [number, number, number] {
  const [r, g, b] = hexColour(text) ?? [0, 0, 0];
  return [r / 255, g / 255, b / 255];
}

export const BOX_NODES: readonly NodeDeclaration[] = [
  PrimitiveBoundingBox,
  ImageCropV2,
  CropByBBoxes,
  ImageCropToMask,
];
