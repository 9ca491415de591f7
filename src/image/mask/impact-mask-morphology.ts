// Growing and shrinking of masks as the Impact Pack has it: dilate_mask (OpenCV's dilate and erode by a square of ones) and core's
// erosion_mask, which grows; and of pictures as kornia's morphology has it.

import { DarkroomError } from '../../errors.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { map, reshape, type Tensor } from '../../tensor/tensor.ts';
import { interpolate } from '../resize/torch-interpolate.ts';

/** Impact's make_2d_mask: a leading batch and channel axis of 1 dropped, a real batch kept. */
export function squeezeMask(mask: Tensor): Tensor {
  const { shape } = mask;
  const drop =
    shape.length > 2 && shape[0] === 1 ? (shape.length > 3 && shape[1] === 1 ? 2 : 1) : 0;
  return drop ? reshape(mask, shape.slice(drop)) : mask;
}

type Pick = (a: number, b: number) => number;

/**
 * Extrema of `size` values, from size >> 1 ahead of each position, along an axis of `length` whose values lie `step` apart (van Herk 1992:
 * running extrema from both ends of blocks of `size`); outside the picture nothing counts.
 */
function slide(
  data: Float32Array,
  length: number,
  step: number,
  size: number,
  pick: Pick,
  neutral: number,
): Float32Array {
  const result = new Float32Array(data.length);
  const before = size >> 1;
  const forward = new Float32Array(length + size - 1);
  const backward = new Float32Array(forward.length);
  for (let block = 0; block < data.length; block += length * step)
    for (let start = block; start < block + step; start++) {
      forward.fill(neutral);
      for (let i = 0; i < length; i++) forward[before + i] = data[start + i * step];
      backward.set(forward);
      for (let i = 1; i < forward.length; i++)
        if (i % size) forward[i] = pick(forward[i - 1], forward[i]);
      for (let i = forward.length - 2; i >= 0; i--)
        if ((i + 1) % size) backward[i] = pick(backward[i + 1], backward[i]);
      for (let i = 0; i < length; i++)
        result[start + i * step] = pick(backward[i], forward[i + size - 1]);
    }
  return result;
}

/**
 * dilate_mask: the maximum under a square of `factor` pixels (its middle at factor >> 1), the minimum for a negative factor. A single
 * mask comes back as [H,W]. As in the original a batch [N,H,W] is taken for one picture of N x H with W channels, at most 512.
 */
export function dilateMask(mask: Tensor, factor: number): Tensor {
  const flat = squeezeMask(mask);
  if (factor === 0 || flat.data.length === 0) return flat;
  const [rows, columns, channels = 1] = flat.shape;
  if (channels > 512)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `a batch of ${rows} masks of width ${channels} cannot be dilated; the original takes the width for channels, at most 512`,
      hint: 'dilate the masks one by one (MasksToMaskList)',
      input: 'mask',
    });
  const size = Math.abs(factor);
  const [pick, neutral] =
    factor > 0 ? [Math.max, Number.NEGATIVE_INFINITY] : [Math.min, Number.POSITIVE_INFINITY];
  const across = slide(flat.data, columns, channels, size, pick, neutral);
  return { shape: flat.shape, data: slide(across, rows, columns * channels, size, pick, neutral) };
}

/** Extrema under a square. */
const underSquare = (image: Tensor, size: number, pick: Pick, neutral: number): Tensor => {
  const [, height, width, channels] = image.shape;
  const rows = slide(image.data, width, channels, size, pick, neutral);
  return { shape: image.shape, data: slide(rows, height, width * channels, size, pick, neutral) };
};

/** Grey dilation and erosion of an NHWC picture by a square of `size` pixels (kornia's: its middle at size >> 1). */
export const dilateImage = (image: Tensor, size: number): Tensor =>
  underSquare(image, size, Math.max, Number.NEGATIVE_INFINITY);
export const erodeImage = (image: Tensor, size: number): Tensor =>
  underSquare(image, size, Math.min, Number.POSITIVE_INFINITY);

const difference = (a: Tensor, b: Tensor): Tensor => map(a, (value, i) => value - b.data[i]);
const opened = (image: Tensor, size: number): Tensor => dilateImage(erodeImage(image, size), size);
const closed = (image: Tensor, size: number): Tensor => erodeImage(dilateImage(image, size), size);

/** The operations of the Morphology node, in its order. */
export const MORPHOLOGY = {
  erode: erodeImage,
  dilate: dilateImage,
  open: opened,
  close: closed,
  gradient: (image, size) => difference(dilateImage(image, size), erodeImage(image, size)),
  bottom_hat: (image, size) => difference(closed(image, size), image),
  top_hat: (image, size) => difference(image, opened(image, size)),
} as const satisfies Record<string, (image: Tensor, size: number) => Tensor>;

/** Sums of `size` values from `before` ahead of each of `count` positions; zeros outside. */
function windowSums(
  data: Float32Array,
  length: number,
  step: number,
  size: number,
  before: number,
  count: number,
): Float32Array {
  const blocks = data.length / (length * step);
  const result = new Float32Array(blocks * count * step);
  const sums = new Float64Array(length + 1);
  for (let block = 0; block < blocks; block++)
    for (let lane = 0; lane < step; lane++) {
      for (let i = 0; i < length; i++)
        sums[i + 1] = sums[i] + data[(block * length + i) * step + lane];
      for (let i = 0; i < count; i++) {
        const from = Math.max(0, Math.min(length, i - before));
        const to = Math.max(0, Math.min(length, i - before + size));
        result[(block * count + i) * step + lane] = sums[to] - sums[from];
      }
    }
  return result;
}

/**
 * core.erosion_mask: rounds and GROWS a mask by a square of `grow` pixels. As in the original the sides are exchanged first: an H x W mask
 * is stretched to W high and H wide. Result [1,W,H].
 */
export function erosionMask(mask: Tensor, grow: number): Tensor {
  const flat = squeezeMask(mask);
  const [h, w] = flat.shape;
  const [planeH, planeW] = flat.shape.slice(-2);
  const n = flat.data.length / (planeH * planeW);
  const stretched = interpolate(reshape(flat, [n, 1, planeH, planeW]), w, h, 'bilinear');
  const rounded = map({ shape: [n, w, h], data: stretched.data }, roundHalfEven);
  if (grow === 0) return rounded;
  const before = Math.ceil((grow - 1) / 2);
  const across = windowSums(rounded.data, h, 1, grow, before, h);
  const sums = windowSums(across, w, h, grow, before, w);
  return { shape: [n, w, h], data: sums.map((v) => roundHalfEven(Math.min(Math.max(v, 0), 1))) };
}
