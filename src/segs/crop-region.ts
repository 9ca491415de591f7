// Regions of pictures and masks (Impact Pack, utils.py): where to cut, and cutting as Python's slices do.
import type { Tensor } from '../tensor/tensor.ts';
import type { Region } from './segs.ts';

/** Python's int() of a float: cut to whole numbers, without a negative zero. */
const int = (v: number): number => Math.trunc(v) + 0;

/** normalize_region: a stretch of `size` from `start`, moved inside 0..limit and cut to whole numbers. */
export function normalizeRegion(
  limit: number,
  start: number,
  size: number,
): [from: number, to: number] {
  if (start < 0) return [0, int(Math.min(limit, size))];
  if (start + size > limit) return [int(Math.max(0, limit - size)), int(limit)];
  return [int(start), int(Math.min(limit, start + size))];
}

/** make_crop_region: `bbox` times `cropFactor` around its middle, each side at least `cropMinSize`, inside `width` x `height`. */
export function makeCropRegion(
  width: number,
  height: number,
  bbox: Region,
  cropFactor: number,
  cropMinSize?: number,
): Region {
  const [x1, y1, x2, y2] = bbox;
  const least = cropMinSize ?? Number.NEGATIVE_INFINITY;
  const span = (limit: number, start: number, length: number) => {
    const size = Math.max(least, length * cropFactor);
    return normalizeRegion(limit, int(start + length / 2 - size / 2), size);
  };
  const [left, right] = span(width, x1, x2 - x1);
  const [top, bottom] = span(height, y1, y2 - y1);
  return [left, top, right, bottom];
}

/** Python's slice(from, to) of a length: negative positions count from the end, all are cut to it. */
export function pythonSlice(from: number, to: number, length: number): [from: number, to: number] {
  const place = (v: number): number => Math.min(Math.max(v < 0 ? v + length : v, 0), length);
  const start = place(from);
  return [start, Math.max(start, place(to))];
}

/** Cuts `region` out of planes whose pixels are `pixel` values wide. */
function cut(
  data: Float32Array,
  planes: number,
  height: number,
  width: number,
  pixel: number,
  region: Region,
) {
  const [left, right] = pythonSlice(region[0], region[2], width);
  const [top, bottom] = pythonSlice(region[1], region[3], height);
  const length = (right - left) * pixel;
  const result = new Float32Array(planes * (bottom - top) * length);
  let to = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let y = top; y < bottom; y++, to += length) {
      const from = ((plane * height + y) * width + left) * pixel;
      result.set(data.subarray(from, from + length), to);
    }
  return { data: result, height: bottom - top, width: right - left };
}

/** The part of a mask [H,W] or [N,H,W] inside the region; less where the region leaves the mask. */
export function cropMaskRegion(mask: Tensor, region: Region): Tensor {
  const [h, w] = mask.shape.slice(-2);
  const planes = mask.shape.slice(0, -2);
  const { data, height, width } = cut(
    mask.data,
    planes.reduce((n, d) => n * d, 1),
    h,
    w,
    1,
    region,
  );
  return { shape: [...planes, height, width], data };
}

/** The part of an NHWC image inside the region; less where the region leaves the image. */
export function cropImageRegion(image: Tensor, region: Region): Tensor {
  const [n, h, w, channels] = image.shape;
  const { data, height, width } = cut(image.data, n, h, w, channels, region);
  return { shape: [n, height, width, channels], data };
}
