// Mask operations of ComfyUI's core nodes: combine, feather, grow, crop and threshold. Masks are
// NHW.

import { DarkroomError } from '../../errors.ts';
import { allocate, copyOf } from '../../tensor/allocate.ts';
import { clone, map, repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { Region } from '../geometry.ts';
import { interpolate } from '../resize/torch-interpolate.ts';
import { toN1HW, toNHW } from './mask-shape.ts';

const f = Math.fround;

/**
 * The noise mask for a latent of `shape` [N,C,H,W] or [N,C,T,H,W]: resized to it linearly without
 * rounding, the same for all channels. For a latent with frames, several masks are frames too.
 */
export function prepareMask(mask: Tensor, shape: readonly number[]): Tensor {
  const [n, channels, ...size] = shape;
  const [height, width] = size.slice(-2);
  const resized = interpolate(toN1HW(mask), { height, width }, 'bilinear');
  if (size.length > 2) return maskOfFrames(resized, shape);
  const [count] = resized.shape;
  const plane = height * width;
  const data = allocate(count * channels * plane);
  for (let i = 0; i < count * channels; i++) {
    const item = Math.floor(i / channels);
    data.set(resized.data.subarray(item * plane, (item + 1) * plane), i * plane);
  }
  return repeatToBatch({ shape: [count, channels, height, width], data }, n);
}

/** The masks [M,1,H,W] as T frames, the same for all channels and items: [N,C,T,H,W]. */
function maskOfFrames(
  masks: Tensor,
  [n, channels, frames, height, width]: readonly number[],
): Tensor {
  const [count] = masks.shape;
  const plane = height * width;
  const own = allocate(frames * plane);
  for (let t = 0; t < frames; t++) {
    const at = Math.max(0, ((t + 0.5) * count) / frames - 0.5);
    const [first, part] = [Math.floor(at), f(at % 1)];
    const next = Math.min(first + 1, count - 1);
    for (let i = 0; i < plane; i++)
      own[t * plane + i] =
        f(f(1 - part) * masks.data[first * plane + i]) + f(part * masks.data[next * plane + i]);
  }
  const data = allocate(channels * own.length);
  for (let c = 0; c < channels; c++) data.set(own, c * own.length);
  return repeatToBatch({ shape: [1, channels, frames, height, width], data }, n);
}

/** Whether torch's round (ties to even) of a value is not zero. */
const isSet = (v: number): boolean => Math.abs(v) > 0.5;

/** MaskComposite's operations on one destination value and one source value. */
export const MASK_OPERATIONS = {
  multiply: (a, b) => a * b,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  and: (a, b) => Number(isSet(a) && isSet(b)),
  or: (a, b) => Number(isSet(a) || isSet(b)),
  xor: (a, b) => Number(isSet(a) !== isSet(b)),
} satisfies Record<string, (destination: number, source: number) => number>;

export type MaskOperation = keyof typeof MASK_OPERATIONS;

/**
 * MaskComposite: applies an operation where `source`, with its corner at `x`, `y` >= 0, overlaps
 * `destination`; the result is clamped to 0..1. Throws DR_SHAPE_MISMATCH for unequal batches.
 */
export function compositeMasks(
  destination: Tensor,
  source: Tensor,
  { x, y }: { readonly x: number; readonly y: number },
  operation: MaskOperation,
): Tensor {
  const result = clone(toNHW(destination));
  const [n, height, width] = result.shape;
  const { shape, data } = toNHW(source);
  const [count, h, w] = shape;
  if (count !== n && count !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `cannot combine a batch of ${count} masks with ${n}`,
      hint: 'Use batches of the same size, or a single mask as the source.',
    });
  const apply: (a: number, b: number) => number = MASK_OPERATIONS[operation];
  for (let item = 0; item < n; item++)
    for (let row = 0; row < Math.min(h, height - y); row++) {
      const to = (item * height + y + row) * width + x;
      const from = ((item % count) * h + row) * w;
      for (let i = 0; i < Math.min(w, width - x); i++)
        result.data[to + i] = apply(result.data[to + i], data[from + i]);
    }
  return map(result, (v) => Math.min(Math.max(v, 0), 1));
}

/** Widths in pixels at the four sides. */
export interface Margins {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * FeatherMask: fades the mask towards its edges. Without `startsAtEdge`, the ramps of the far edges
 * count from -0, as they did in the original: their weakest step falls on the first column or row,
 * and the last column or row gets the second step.
 */
export function featherMask(mask: Tensor, margins: Margins, startsAtEdge: boolean): Tensor {
  const result = clone(toNHW(mask));
  const [, height, width] = result.shape;
  const columns = (x: number, rate: number) =>
    scaleLine(result, { start: x, step: width, count: height }, rate);
  const rows = (y: number, rate: number) =>
    scaleLine(result, { start: y * width, step: 1, count: width }, rate);
  ramp(Math.min(margins.left, width), (i) => i, columns);
  const offset = startsAtEdge ? 1 : 0;
  ramp(Math.min(margins.right, width), (i) => (width - i - offset) % width, columns);
  ramp(Math.min(margins.top, height), (i) => i, rows);
  ramp(Math.min(margins.bottom, height), (i) => (height - i - offset) % height, rows);
  return result;
}

function ramp(
  size: number,
  position: (i: number) => number,
  scale: (line: number, rate: number) => void,
): void {
  for (let i = 0; i < size; i++) scale(position(i), f((i + 1) / size));
}

/** A row or column of a plane: `count` values from `start`, `step` apart. */
interface Line {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Multiplies a line of every mask by `rate`, in place. */
function scaleLine({ shape, data }: Tensor, { start, step, count }: Line, rate: number): void {
  const plane = shape[1] * shape[2];
  for (let base = start; base < data.length; base += plane)
    for (let i = 0; i < count; i++) data[base + i * step] *= rate;
}

/**
 * GrowMask: `expand` grey dilations (erosions where it is negative) by a 3x3 square, or by a cross
 * with tapered corners.
 */
export function growMask(mask: Tensor, expand: number, taperedCorners: boolean): Tensor {
  const pick = expand < 0 ? Math.min : Math.max;
  let current = toNHW(mask);
  for (let i = 0; i < Math.abs(expand); i++) {
    const next = taperedCorners ? cross(current, pick) : square(current, pick);
    if (next.data.every((v, k) => v === current.data[k])) break;
    current = next;
  }
  return current;
}

/** Minimum or maximum. */
type Extremum = (a: number, b: number) => number;

/** Writes the extremum of each value and its left and right neighbours to `result`. */
function horizontal({ shape, data }: Tensor, pick: Extremum, result: Float32Array): void {
  const width = shape[2];
  for (let row = 0; row < data.length; row += width)
    for (let x = 0; x < width; x++) {
      let v = data[row + x];
      if (x > 0) v = pick(v, data[row + x - 1]);
      if (x + 1 < width) v = pick(v, data[row + x + 1]);
      result[row + x] = v;
    }
}

/** Combines each value of `result` with its upper and lower neighbours in `source`. */
function vertical(
  { shape }: Tensor,
  source: Float32Array,
  pick: Extremum,
  result: Float32Array,
): void {
  const [n, height, width] = shape;
  for (let line = 0; line < n * height; line++) {
    const y = line % height;
    for (let i = line * width; i < (line + 1) * width; i++) {
      let v = result[i];
      if (y > 0) v = pick(v, source[i - width]);
      if (y + 1 < height) v = pick(v, source[i + width]);
      result[i] = v;
    }
  }
}

function cross(mask: Tensor, pick: Extremum): Tensor {
  const data = allocate(mask.data.length);
  horizontal(mask, pick, data);
  vertical(mask, mask.data, pick, data);
  return { shape: mask.shape, data };
}

function square(mask: Tensor, pick: Extremum): Tensor {
  const rows = allocate(mask.data.length);
  horizontal(mask, pick, rows);
  const data = copyOf(rows);
  vertical(mask, rows, pick, data);
  return { shape: mask.shape, data };
}

/** CropMask: the part of the mask in `region`, whose corner is moved inside the mask. */
export function cropMask(mask: Tensor, region: Region): Tensor {
  const { shape, data } = toNHW(mask);
  const [n, h, w] = shape;
  const left = Math.min(region.left, w - 1);
  const top = Math.min(region.top, h - 1);
  const columns = Math.min(region.width, w - left);
  const rows = Math.min(region.height, h - top);
  const result = allocate(n * rows * columns);
  for (let item = 0; item < n; item++)
    for (let row = 0; row < rows; row++) {
      const from = (item * h + top + row) * w + left;
      result.set(data.subarray(from, from + columns), (item * rows + row) * columns);
    }
  return { shape: [n, rows, columns], data: result };
}

/** 1 - x, for masks and images. */
export const invert = (x: Tensor): Tensor => map(x, (v) => 1 - v);

/** 1 where the mask is above `value`, else 0. */
export function thresholdMask(mask: Tensor, value: number): Tensor {
  const limit = f(value);
  return map(mask, (v) => Number(v > limit));
}

/** Whether a mask has values between 0 and 1. */
export const isSoftMask = ({ data }: Tensor): boolean =>
  data.some((value) => value > 0 && value < 1);
