// Nodes that filter images and convert colour spaces.
// Source: ComfyUI comfy_extras/nodes_post_processing.py, nodes_morphology.py.

import { DarkroomError } from '../../../../errors.ts';
import { blurImage, sharpenImage } from '../../../../image/blur/blur-and-sharpen.ts';
import { DITHERS, quantize } from '../../../../image/colour/quantize.ts';
import { rgbToYcbcr, spreadChannel, ycbcrToRgb } from '../../../../image/colour/ycbcr.ts';
import { MORPHOLOGY } from '../../../../image/mask/kornia-morphology.ts';
import { allocate } from '../../../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const category = 'image/postprocessing';
const radius = () => int({ default: 1, min: 1, max: 31, step: 1 });

const ImageBlur = defineNode({
  type: 'ImageBlur',
  display: 'Image Blur',
  category,
  inputs: {
    image: socket('IMAGE'),
    blur_radius: radius(),
    sigma: float({ default: 1, min: 0.1, max: 10, step: 0.1 }),
  },
  outputs: [output('IMAGE')],
  run: ({ image, blur_radius, sigma }) => outputs(blurImage(image, blur_radius, sigma)),
});

const ImageSharpen = defineNode({
  type: 'ImageSharpen',
  display: 'Image Sharpen',
  category,
  inputs: {
    image: socket('IMAGE'),
    sharpen_radius: radius(),
    sigma: float({ default: 1, min: 0.1, max: 10, step: 0.01 }),
    alpha: float({ default: 1, min: 0, max: 5, step: 0.01 }),
  },
  outputs: [output('IMAGE')],
  run: ({ image, sharpen_radius, sigma, alpha }) =>
    outputs(sharpenImage(image, sharpen_radius, sigma, alpha)),
});

const ImageQuantize = defineNode({
  type: 'ImageQuantize',
  display: 'Image Quantize',
  category,
  inputs: {
    image: socket('IMAGE'),
    colors: int({ default: 256, min: 1, max: 256, step: 1 }),
    dither: combo(DITHERS),
  },
  outputs: [output('IMAGE')],
  run({ image, colors, dither }) {
    const channels = image.shape[3];
    if (channels !== 3)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `ImageQuantize takes images of 3 channels, these have ${channels}`,
        hint: 'Remove the alpha channel first, with SplitImageWithAlpha for example.',
        input: 'image',
      });
    return outputs(quantize(image, colors, dither));
  },
});

const Morphology = defineNode({
  type: 'Morphology',
  display: 'ImageMorphology',
  category,
  inputs: {
    image: socket('IMAGE'),
    operation: combo(Object.keys(MORPHOLOGY) as (keyof typeof MORPHOLOGY)[]),
    kernel_size: int({ default: 3, min: 3, max: 999, step: 1 }),
  },
  outputs: [output('IMAGE')],
  run: ({ image, operation, kernel_size }) => outputs(MORPHOLOGY[operation](image, kernel_size)),
});

/** The image, if it has three channels. Throws DR_SHAPE_MISMATCH. */
function requireRgb(image: Tensor): Tensor {
  if (image.shape[3] === 3) return image;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `the image has ${image.shape[3]} channels, not 3`,
    hint: 'Use a colour image without transparency (SplitImageWithAlpha).',
    input: 'image',
  });
}

const ImageRGBToYUV = defineNode({
  type: 'ImageRGBToYUV',
  display: 'ImageRGBToYUV',
  category: 'image/batch',
  inputs: { image: socket('IMAGE') },
  outputs: [output('IMAGE', 'Y'), output('IMAGE', 'U'), output('IMAGE', 'V')],
  run({ image }) {
    const converted = rgbToYcbcr(requireRgb(image));
    return outputs(
      spreadChannel(converted, 0),
      spreadChannel(converted, 1),
      spreadChannel(converted, 2),
    );
  },
});

/** The mean of the channels of each pixel. */
function channelMeans({ shape: [n, h, w, channels], data }: Tensor): Float32Array {
  const out = allocate(n * h * w);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum = Math.fround(sum + data[i * channels + c]);
    out[i] = sum / channels;
  }
  return out;
}

const ImageYUVToRGB = defineNode({
  type: 'ImageYUVToRGB',
  display: 'ImageYUVToRGB',
  category: 'image/batch',
  inputs: { Y: socket('IMAGE'), U: socket('IMAGE'), V: socket('IMAGE') },
  outputs: [output('IMAGE')],
  run({ Y, U, V }) {
    const planes = [Y, U, V].map(channelMeans);
    const size = Y.shape.slice(0, 3);
    const different = [U, V].find((image) => `${image.shape.slice(0, 3)}` !== `${size}`);
    if (different)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: 'Y, U and V are images of different sizes',
        hint: 'Scale them to the same size first.',
        input: different === U ? 'U' : 'V',
      });
    const data = allocate(planes[0].length * 3);
    for (let i = 0; i < data.length; i++) data[i] = planes[i % 3][Math.floor(i / 3)];
    return outputs(ycbcrToRgb(tensor([...size, 3], data)));
  },
});

export const IMAGE_FILTER_NODES: readonly NodeDeclaration[] = [
  ImageBlur,
  ImageSharpen,
  ImageQuantize,
  Morphology,
  ImageRGBToYUV,
  ImageYUVToRGB,
];
