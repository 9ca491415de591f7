// Crop regions of images and masks (Impact Pack, utils.py), and cropping with the semantics of
// Python's slices.
import { allocate } from '../tensor/allocate.ts';
import { roundHalfEven } from '../tensor/round-half-even.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Region } from './segs.ts';

/** Python's int() of a float: truncated, without a negative zero. */
const int = (value: number): number => Math.trunc(value) + 0;

/** normalize_region: an interval of `size` from `start`, moved into 0..limit and truncated. */
export function normalizeRegion(
  limit: number,
  start: number,
  size: number,
): [from: number, to: number] {
  if (start < 0) return [0, int(Math.min(limit, size))];
  if (start + size > limit) return [int(Math.max(0, limit - size)), int(limit)];
  return [int(start), int(Math.min(limit, start + size))];
}

/**
 * make_crop_region: `bbox` scaled by `cropFactor` around its centre, each side at least
 * `cropMinSize`, inside an image of `width` x `height`.
 */
export function makeCropRegion(
  width: number,
  height: number,
  bbox: Region,
  cropFactor: number,
  cropMinSize?: number,
): Region {
  const [x1, y1, x2, y2] = bbox;
  const minSize = cropMinSize ?? Number.NEGATIVE_INFINITY;
  const scaledInterval = (limit: number, start: number, length: number) => {
    const size = Math.max(minSize, length * cropFactor);
    return normalizeRegion(limit, int(start + length / 2 - size / 2), size);
  };
  const [left, right] = scaledInterval(width, x1, x2 - x1);
  const [top, bottom] = scaledInterval(height, y1, y2 - y1);
  return [left, top, right, bottom];
}

/**
 * Resolves Python's slice(from, to) for a sequence of `length`: negative positions count from the
 * end, and both are clamped to 0..length.
 */
export function pythonSlice(from: number, to: number, length: number): [from: number, to: number] {
  const resolve = (position: number): number =>
    Math.min(Math.max(position < 0 ? position + length : position, 0), length);
  const start = resolve(from);
  return [start, Math.max(start, resolve(to))];
}

/** Fills a mask [H,W] with 1, in place, as numpy's `mask[y1:y2, x1:x2] = 1` does. */
export function fillMaskRegion({ shape, data }: Tensor, [x1, y1, x2, y2]: Region): void {
  const [height, width] = shape;
  const [left, right] = pythonSlice(x1, x2, width);
  const [top, bottom] = pythonSlice(y1, y2, height);
  for (let y = top; y < bottom; y++) data.fill(1, y * width + left, y * width + right);
}

/** Crops `region` from planes whose pixels have `channels` values. */
function cropPlanes(
  data: Float32Array,
  planes: number,
  height: number,
  width: number,
  channels: number,
  region: Region,
) {
  const [left, right] = pythonSlice(region[0], region[2], width);
  const [top, bottom] = pythonSlice(region[1], region[3], height);
  const rowLength = (right - left) * channels;
  const result = allocate(planes * (bottom - top) * rowLength);
  let to = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let y = top; y < bottom; y++, to += rowLength) {
      const from = ((plane * height + y) * width + left) * channels;
      result.set(data.subarray(from, from + rowLength), to);
    }
  return { data: result, height: bottom - top, width: right - left };
}

/** Crops a mask [H,W] or [N,H,W]; the result is smaller where the region exceeds the mask. */
export function cropMaskRegion(mask: Tensor, region: Region): Tensor {
  const [h, w] = mask.shape.slice(-2);
  const batch = mask.shape.slice(0, -2);
  const planes = batch.reduce((product, size) => product * size, 1);
  const { data, height, width } = cropPlanes(mask.data, planes, h, w, 1, region);
  return { shape: [...batch, height, width], data };
}

/** Crops an NHWC image; the result is smaller where the region exceeds the image. */
export function cropImageRegion(image: Tensor, region: Region): Tensor {
  const [n, h, w, channels] = image.shape;
  const { data, height, width } = cropPlanes(image.data, n, h, w, channels, region);
  return { shape: [n, height, width, channels], data };
}

/**
 * crop_condition_mask: crops a conditioning's mask [N,h,w] to a region of `image`. As in the
 * original, x is scaled by the ratio of the heights and y by that of the widths.
 */
export function cropConditionMask(mask: Tensor, image: Tensor, [x1, y1, x2, y2]: Region): Tensor {
  const heightRatio = mask.shape[1] / image.shape[1];
  const widthRatio = mask.shape[2] / image.shape[2];
  return cropMaskRegion(mask, [
    roundHalfEven(x1 * heightRatio),
    roundHalfEven(y1 * widthRatio),
    roundHalfEven(x2 * heightRatio),
    roundHalfEven(y2 * widthRatio),
  ]);
}
