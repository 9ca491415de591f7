// Nodes that scale, invert, blend and pad images.
// Source: ComfyUI nodes.py, comfy_extras/nodes_post_processing.py.

import { BLEND_MODES, type BlendMode, blendImages } from '../../../../image/compose/image-blend.ts';
import { padForOutpaint } from '../../../../image/compose/outpaint-padding.ts';
import { invert } from '../../../../image/mask/core-masks.ts';
import { scaleImage, upscaleImage } from '../../../../image/resize/common-upscale.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import { combo, defineNode, float, int, output, outputs, socket } from '../../../declare.ts';
import {
  CROP_METHODS,
  IMAGE_UPSCALE_METHODS,
  MAX_RESOLUTION,
} from '../../../shared/image-limits.ts';

const ImageScale = defineNode({
  type: 'ImageScale',
  display: 'Upscale Image',
  category: 'image/upscaling',
  inputs: {
    image: socket('IMAGE'),
    upscale_method: combo(IMAGE_UPSCALE_METHODS),
    width: int({ default: 512, min: 0, max: MAX_RESOLUTION, step: 1 }),
    height: int({ default: 512, min: 0, max: MAX_RESOLUTION, step: 1 }),
    crop: combo(CROP_METHODS),
  },
  outputs: [output('IMAGE')],
  run: ({ image, upscale_method, width, height, crop }) =>
    outputs(scaleImage(image, { width, height }, upscale_method, crop)),
});

const ImageScaleBy = defineNode({
  type: 'ImageScaleBy',
  display: 'Upscale Image By',
  category: 'image/upscaling',
  inputs: {
    image: socket('IMAGE'),
    upscale_method: combo(IMAGE_UPSCALE_METHODS),
    scale_by: float({ default: 1, min: 0.01, max: 8, step: 0.01 }),
  },
  outputs: [output('IMAGE')],
  run({ image, upscale_method, scale_by }) {
    const [, h, w] = image.shape;
    const size = (pixels: number): number => Math.max(1, roundHalfEven(pixels * scale_by));
    return outputs(
      upscaleImage(image, { width: size(w), height: size(h) }, upscale_method, 'disabled'),
    );
  },
});

const ImageInvert = defineNode({
  type: 'ImageInvert',
  display: 'Invert Image',
  category: 'image',
  inputs: { image: socket('IMAGE') },
  outputs: [output('IMAGE')],
  run: ({ image }) => outputs(invert(image)),
});

const ImageBlend = defineNode({
  type: 'ImageBlend',
  display: 'Image Blend',
  category: 'image/postprocessing',
  inputs: {
    image1: socket('IMAGE'),
    image2: socket('IMAGE'),
    blend_factor: float({ default: 0.5, min: 0, max: 1, step: 0.01 }),
    blend_mode: combo(Object.keys(BLEND_MODES) as BlendMode[]),
  },
  outputs: [output('IMAGE')],
  run: ({ image1, image2, blend_factor, blend_mode }) =>
    outputs(blendImages(image1, image2, blend_factor, blend_mode)),
});

const margin = () => int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 });

const ImagePadForOutpaint = defineNode({
  type: 'ImagePadForOutpaint',
  display: 'Pad Image for Outpainting',
  category: 'image',
  inputs: {
    image: socket('IMAGE'),
    left: margin(),
    top: margin(),
    right: margin(),
    bottom: margin(),
    feathering: int({ default: 40, min: 0, max: MAX_RESOLUTION, step: 1 }),
  },
  outputs: [output('IMAGE'), output('MASK')],
  run({ image, feathering, ...margins }) {
    const padded = padForOutpaint(image, margins, feathering);
    return outputs(padded.image, padded.mask);
  },
});

export const IMAGE_NODES = [ImageScale, ImageScaleBy, ImageInvert, ImageBlend, ImagePadForOutpaint];
