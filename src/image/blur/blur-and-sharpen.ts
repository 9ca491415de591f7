// Blurs and sharpens with mirrored edges and a Gaussian kernel that spans -1..1 at every radius, as
// ComfyUI does (comfy_extras/nodes_post_processing.py, nodes_latent.py). The kernel is a product of
// a row and a column, so rows are summed first, then columns, in double precision, and rounded
// once.

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { mirrorIndex } from '../mirror-index.ts';

/** The 2 radius + 1 weights along one side, which sum to 1. */
function gaussianRow(radius: number, sigma: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i / radius - 1) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Throws DR_INPUT_INVALID when the mirrored edges would be wider than the image. */
function checkRadius(radius: number, height: number, width: number, input: string): void {
  if (radius < Math.min(height, width)) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${input} ${radius} is too large for a side of ${Math.min(height, width)}`,
    hint: `Use a smaller ${input}, or a larger image.`,
    input,
  });
}

/** A plane in an array: neighbours in a row are `step` apart, those in a column `stride`. */
interface Plane {
  readonly data: Float32Array;
  readonly start: number;
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly step: number;
}

/** The Gaussian mean at each pixel of a plane, row by row. */
function blurPlane(
  { data, start, height, width, stride, step }: Plane,
  row: Float64Array,
): Float64Array {
  const radius = row.length >> 1;
  const across = new Float64Array(height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < row.length; k++)
        sum += row[k] * data[start + y * stride + mirrorIndex(x + k - radius, width) * step];
      across[y * width + x] = sum;
    }
  const out = new Float64Array(height * width);
  for (let y = 0; y < height; y++)
    for (let k = 0; k < row.length; k++) {
      const from = mirrorIndex(y + k - radius, height) * width;
      for (let x = 0; x < width; x++) out[y * width + x] += row[k] * across[from + x];
    }
  return out;
}

type Layout = 'NHWC' | 'NCHW';

interface FilterOptions {
  readonly layout: Layout;
  readonly radius: number;
  readonly sigma: number;
  /** Factors of the plane and of its blur. */
  readonly original: number;
  readonly blurred: number;
  /** The node input that the error for a too large radius names. */
  readonly input: string;
}

/** Mixes every plane with its blur. Throws DR_INPUT_INVALID. */
function filter(
  x: Tensor,
  { layout, radius, sigma, original, blurred, input }: FilterOptions,
): Tensor {
  const [n, a, b, c] = x.shape;
  const [height, width, channels] = layout === 'NHWC' ? [a, b, c] : [b, c, a];
  checkRadius(radius, height, width, input);
  const row = gaussianRow(radius, sigma);
  const step = layout === 'NHWC' ? channels : 1;
  const out = allocate(x.data.length);
  for (let plane = 0; plane < n * channels; plane++) {
    const [item, channel] = [Math.floor(plane / channels), plane % channels];
    const start =
      layout === 'NHWC' ? item * height * width * channels + channel : plane * height * width;
    const mean = blurPlane({ data: x.data, start, height, width, stride: width * step, step }, row);
    for (let i = 0; i < mean.length; i++)
      out[start + i * step] = original * x.data[start + i * step] + blurred * mean[i];
  }
  return { shape: [...x.shape], data: out };
}

/** ImageBlur of an NHWC image. Throws DR_INPUT_INVALID for a radius larger than the image. */
export const blurImage = (image: Tensor, radius: number, sigma: number): Tensor =>
  filter(image, {
    layout: 'NHWC',
    radius,
    sigma,
    original: 0,
    blurred: 1,
    input: 'blur_radius',
  });

function sharpen(x: Tensor, layout: Layout, radius: number, sigma: number, alpha: number): Tensor {
  // the two factors sum to 1, so that flat areas are unchanged
  const gain = Math.fround(alpha * 10);
  const factors = { original: 1 + gain, blurred: -gain };
  return filter(x, { layout, radius, sigma, ...factors, input: 'sharpen_radius' });
}

/** ImageSharpen of an NHWC image, clamped to 0..1. Throws DR_INPUT_INVALID as blurImage does. */
export function sharpenImage(image: Tensor, radius: number, sigma: number, alpha: number): Tensor {
  const sharpened = sharpen(image, 'NHWC', radius, sigma, alpha);
  return map(sharpened, (value) => Math.min(Math.max(value, 0), 1));
}

/** The same without the clamp, for an NCHW tensor. Throws DR_INPUT_INVALID as blurImage does. */
export const sharpenPlanes = (x: Tensor, radius: number, sigma: number, alpha: number): Tensor =>
  sharpen(x, 'NCHW', radius, sigma, alpha);
