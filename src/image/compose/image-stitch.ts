// Puts two NHWC images side by side (ImageStitch in comfy_extras/nodes_images.py, after
// ComfyUI-KJNodes).
import { allocate } from '../../tensor/allocate.ts';
import { concatAxis } from '../../tensor/axes.ts';
import { concatBatch, full, repeatToBatch, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { upscaleImage } from '../resize/common-upscale.ts';
import { matchChannels } from './composite.ts';
import { pasteOpaque } from './paste.ts';

export const STITCH_DIRECTIONS = ['right', 'down', 'left', 'up'] as const;

/** Colours of the space between the images. */
export const STITCH_COLOURS = {
  white: [1, 1, 1],
  black: [0, 0, 0],
  red: [1, 0, 0],
  green: [0, 1, 0],
  blue: [0, 0, 1],
} as const;

export type StitchColour = keyof typeof STITCH_COLOURS;

export interface StitchOptions {
  readonly direction: (typeof STITCH_DIRECTIONS)[number];
  /**
   * Scales the second image to the height (or width) of the first; otherwise the smaller is padded.
   */
  readonly match: boolean;
  /** Pixels between the images; odd numbers are raised to the next even one. */
  readonly spacing: number;
  readonly colour: StitchColour;
}

/**
 * Puts `second` beside `first`. The shorter batch is filled up with its last image; where only one
 * image has an alpha channel, the other gets an opaque one.
 */
export function stitchImages(
  first: Tensor,
  second: Tensor,
  { direction, match, spacing, colour }: StitchOptions,
): Tensor {
  const axis = direction === 'left' || direction === 'right' ? 2 : 1;
  const count = Math.max(first.shape[0], second.shape[0]);
  const images = [fillBatch(first, count), fillBatch(second, count)] as const;
  const [a, b] = match
    ? [images[0], scaleToMatch(images[0], images[1], axis)]
    : // padding is black or white only, as in the original
      padToMatch(images[0], images[1], {
        axis: axis === 2 ? 1 : 2,
        value: colour === 'white' ? 1 : 0,
      });
  const channels = Math.max(a.shape[3], b.shape[3]);
  const pair = [a, b].map((image) =>
    matchChannels({ shape: [1, 1, 1, channels], data: allocate(channels) }, image),
  );
  const ordered = direction === 'left' || direction === 'up' ? [pair[1], pair[0]] : pair;
  if (spacing === 0) return concatAxis(ordered, axis);
  const width = spacing + (spacing % 2);
  const shape = ordered[0].shape.map((size, i) =>
    i === axis ? width : i === 0 || i === 3 ? size : Math.max(size, ordered[1].shape[i]),
  );
  return concatAxis([ordered[0], filled(shape, STITCH_COLOURS[colour]), ordered[1]], axis);
}

/** Repeats the last image until there are `count`. */
const fillBatch = (images: Tensor, count: number): Tensor => {
  const n = images.shape[0];
  return n === count
    ? images
    : concatBatch([images, repeatToBatch(sliceBatch(images, n - 1, n), count - n)]);
};

/** Scales `image` to the height (stitching along axis 2) or width of the first image. */
function scaleToMatch({ shape: [, h, w] }: Tensor, image: Tensor, axis: number): Tensor {
  const aspect = image.shape[2] / image.shape[1];
  const [width, height] = axis === 2 ? [Math.trunc(h * aspect), h] : [w, Math.trunc(w / aspect)];
  return upscaleImage(
    image,
    { width: Math.max(1, width), height: Math.max(1, height) },
    'lanczos',
    'disabled',
  );
}

/** Centres both images on canvases of the longer one's size along `axis`. */
function padToMatch(
  a: Tensor,
  b: Tensor,
  { axis, value }: { readonly axis: number; readonly value: number },
): [Tensor, Tensor] {
  const target = Math.max(a.shape[axis], b.shape[axis]);
  const pad = (image: Tensor): Tensor => {
    const missing = target - image.shape[axis];
    if (missing === 0) return image;
    const canvas = full(
      image.shape.map((size, i) => (i === axis ? target : size)),
      value,
    );
    return pasteOpaque(canvas, image, {
      left: axis === 2 ? missing >> 1 : 0,
      top: axis === 1 ? missing >> 1 : 0,
    });
  };
  return [pad(a), pad(b)];
}

/** Returns an image of one colour, opaque where it has an alpha channel. */
function filled(shape: readonly number[], colour: readonly number[]): Tensor {
  const image = full(shape, 1);
  const channels = shape[3];
  for (let i = 0; i < image.data.length; i++)
    if (i % channels < 3) image.data[i] = colour[i % channels];
  return image;
}
