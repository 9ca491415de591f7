// Nodes that crop, rotate, scale and stitch images.
// Source: ComfyUI comfy_extras/nodes_images.py, nodes_post_processing.py.

import {
  STITCH_COLOURS,
  STITCH_DIRECTIONS,
  type StitchColour,
  stitchImages,
} from '../../../../image/compose/image-stitch.ts';
import { pasteOpaque } from '../../../../image/compose/paste.ts';
import { cropWithin } from '../../../../image/crop-image.ts';
import { upscaleImage } from '../../../../image/resize/common-upscale.ts';
import { flip, rotate } from '../../../../tensor/axes.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import { full } from '../../../../tensor/tensor.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { IMAGE_UPSCALE_METHODS, MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const category = 'image/transform';
const side = () => int({ default: 512, min: 1, max: MAX_RESOLUTION, step: 1 });
const offset = () => int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 1 });

/** The index is the number of quarter turns. */
export const ROTATIONS = ['none', '90 degrees', '180 degrees', '270 degrees'] as const;
export const FLIPS = ['x-axis: vertically', 'y-axis: horizontally'] as const;

const ImageCrop = defineNode({
  type: 'ImageCrop',
  display: 'Image Crop',
  category,
  inputs: { image: socket('IMAGE'), width: side(), height: side(), x: offset(), y: offset() },
  outputs: [output('IMAGE')],
  run({ image, width, height, x, y }) {
    return outputs(cropWithin(image, { left: x, top: y, width, height }));
  },
});

const ImageFlip = defineNode({
  type: 'ImageFlip',
  display: 'ImageFlip',
  category,
  inputs: { image: socket('IMAGE'), flip_method: combo(FLIPS) },
  outputs: [output('IMAGE')],
  run: ({ image, flip_method }) => outputs(flip(image, FLIPS.indexOf(flip_method) + 1)),
});

const ImageRotate = defineNode({
  type: 'ImageRotate',
  display: 'ImageRotate',
  category,
  inputs: { image: socket('IMAGE'), rotation: combo(ROTATIONS) },
  outputs: [output('IMAGE')],
  run: ({ image, rotation }) => outputs(rotate(image, ROTATIONS.indexOf(rotation), [2, 1])),
});

const ImageStitch = defineNode({
  type: 'ImageStitch',
  display: 'Image Stitch',
  category,
  description:
    'Places image2 beside image1, with optional spacing. Without image2, image1 is unchanged.',
  inputs: {
    image1: socket('IMAGE'),
    direction: combo(STITCH_DIRECTIONS, { default: 'right' }),
    match_image_size: boolean({ default: true }),
    spacing_width: int({ default: 0, min: 0, max: 1024, step: 2 }),
    spacing_color: combo(Object.keys(STITCH_COLOURS) as StitchColour[], { default: 'white' }),
    image2: socket('IMAGE', { optional: true }),
  },
  outputs: [output('IMAGE')],
  run: ({ image1, image2, direction, match_image_size, spacing_width, spacing_color }) =>
    outputs(
      image2
        ? stitchImages(image1, image2, {
            direction,
            match: match_image_size,
            spacing: spacing_width,
            colour: spacing_color,
          })
        : image1,
    ),
});

const ResizeAndPadImage = defineNode({
  type: 'ResizeAndPadImage',
  display: 'ResizeAndPadImage',
  category,
  inputs: {
    image: socket('IMAGE'),
    target_width: side(),
    target_height: side(),
    padding_color: combo(['white', 'black']),
    interpolation: combo(['area', 'bicubic', 'nearest-exact', 'bilinear', 'lanczos']),
  },
  outputs: [output('IMAGE')],
  run({ image, target_width, target_height, padding_color, interpolation }) {
    const [count, h, w, channels] = image.shape;
    const scale = Math.min(target_width / w, target_height / h);
    // torch fails on sides of less than one pixel; here one pixel remains
    const [width, height] = [
      Math.max(1, Math.trunc(w * scale)),
      Math.max(1, Math.trunc(h * scale)),
    ];
    const canvas = full(
      [count, target_height, target_width, channels],
      padding_color === 'white' ? 1 : 0,
    );
    const resized = upscaleImage(image, { width, height }, interpolation, 'disabled');
    return outputs(
      pasteOpaque(canvas, resized, {
        left: (target_width - width) >> 1,
        top: (target_height - height) >> 1,
      }),
    );
  },
});

const ImageScaleToMaxDimension = defineNode({
  type: 'ImageScaleToMaxDimension',
  display: 'ImageScaleToMaxDimension',
  category: 'image/upscaling',
  inputs: {
    image: socket('IMAGE'),
    upscale_method: combo(['area', 'lanczos', 'bilinear', 'nearest-exact', 'bilinear', 'bicubic']),
    largest_size: int({ default: 512, min: 0, max: MAX_RESOLUTION, step: 1 }),
  },
  outputs: [output('IMAGE')],
  run({ image, upscale_method, largest_size }) {
    const [, h, w] = image.shape;
    const scaledSide = (side: number, otherSide: number): number =>
      side < otherSide ? roundHalfEven((side / otherSide) * largest_size) : largest_size;
    return outputs(
      upscaleImage(
        image,
        { width: Math.max(1, scaledSide(w, h)), height: Math.max(1, scaledSide(h, w)) },
        upscale_method,
        'disabled',
      ),
    );
  },
});

const ImageScaleToTotalPixels = defineNode({
  type: 'ImageScaleToTotalPixels',
  display: 'Scale Image to Total Pixels',
  category: 'image/upscaling',
  inputs: {
    image: socket('IMAGE'),
    upscale_method: combo(IMAGE_UPSCALE_METHODS),
    megapixels: float({ default: 1, min: 0.01, max: 16, step: 0.01 }),
    resolution_steps: int({ default: 1, min: 1, max: 256 }),
  },
  outputs: [output('IMAGE')],
  run({ image, upscale_method, megapixels, resolution_steps: multiple = 1 }, { behaviour }) {
    const [, h, w] = image.shape;
    const pixels = megapixels * 1024 * 1024;
    const scale = Math.sqrt((behaviour.wholePixelsInTotal ? Math.trunc(pixels) : pixels) / (w * h));
    return outputs(
      upscaleImage(
        image,
        {
          width: roundHalfEven((w * scale) / multiple) * multiple,
          height: roundHalfEven((h * scale) / multiple) * multiple,
        },
        upscale_method,
        'disabled',
      ),
    );
  },
});

export const IMAGE_TRANSFORM_NODES: readonly NodeDeclaration[] = [
  ImageCrop,
  ImageFlip,
  ImageRotate,
  ImageStitch,
  ResizeAndPadImage,
  ImageScaleToMaxDimension,
  ImageScaleToTotalPixels,
];
