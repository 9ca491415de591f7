// Mask operations of ComfyUI's core nodes: combine, feather, grow, crop, threshold, and conversions. Masks are NHW.
import { DarkroomError } from '../../errors.ts';
import { clone, map, repeatToBatch, reshape, type Tensor } from '../../tensor/tensor.ts';
import { interpolate } from '../resize/torch-interpolate.ts';

const f = Math.fround;

/** Any mask ([H,W], [N,H,W], [N,1,H,W]) as [N,H,W], not copied. */
export function toNHW(mask: Tensor): Tensor {
  const [h, w] = mask.shape.slice(-2);
  return reshape(mask, [mask.data.length / (h * w), h, w]);
}

/** Noise mask for a latent of `shape` [N,C,H,W]: bilinear to its size, the same for all channels, never rounded. */
export function prepareMask(mask: Tensor, [n, channels, height, width]: readonly number[]): Tensor {
  const masks = toNHW(mask);
  const [count, h, w] = masks.shape;
  const resized = interpolate(reshape(masks, [count, 1, h, w]), height, width, 'bilinear');
  const plane = height * width;
  const data = new Float32Array(count * channels * plane);
  for (let i = 0; i < count * channels; i++) {
    const item = Math.floor(i / channels);
    data.set(resized.data.subarray(item * plane, (item + 1) * plane), i * plane);
  }
  return repeatToBatch({ shape: [count, channels, height, width], data }, n);
}

/** True where torch's round (halves to even) is not zero. */
const isSet = (v: number): boolean => Math.abs(v) > 0.5;

/** MaskComposite's operations on one destination and one source value. */
export const MASK_OPERATIONS = {
  multiply: (a, b) => a * b,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  and: (a, b) => Number(isSet(a) && isSet(b)),
  or: (a, b) => Number(isSet(a) || isSet(b)),
  xor: (a, b) => Number(isSet(a) !== isSet(b)),
} satisfies Record<string, (destination: number, source: number) => number>;

export type MaskOperation = keyof typeof MASK_OPERATIONS;

/** Applies an operation where `source`, its corner at `x`, `y` >= 0, overlaps `destination`; everything is clamped to 0..1. */
export function compositeMasks(
  destination: Tensor,
  source: Tensor,
  x: number,
  y: number,
  operation: MaskOperation,
): Tensor {
  const result = clone(toNHW(destination));
  const [n, height, width] = result.shape;
  const { shape, data } = toNHW(source);
  const [count, h, w] = shape;
  if (count !== n && count !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `cannot combine a batch of ${count} masks with ${n}`,
      hint: 'use batches of the same size, or a single mask as the source',
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

export interface Margins {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * FeatherMask: fades the mask towards its edges. As in the original the far ramps count from -0: their weakest
 * step falls on the first column or row, and the last column or row gets the second.
 */
export function featherMask(mask: Tensor, margins: Margins): Tensor {
  const result = clone(toNHW(mask));
  const [, height, width] = result.shape;
  const columns = (x: number, rate: number) => scaleLine(result, x, width, height, rate);
  const rows = (y: number, rate: number) => scaleLine(result, y * width, 1, width, rate);
  ramp(Math.min(margins.left, width), (i) => i, columns);
  ramp(Math.min(margins.right, width), (i) => (width - i) % width, columns);
  ramp(Math.min(margins.top, height), (i) => i, rows);
  ramp(Math.min(margins.bottom, height), (i) => (height - i) % height, rows);
  return result;
}

function ramp(
  size: number,
  position: (i: number) => number,
  scale: (line: number, rate: number) => void,
): void {
  for (let i = 0; i < size; i++) scale(position(i), f((i + 1) / size));
}

/** Multiplies a row or column of every mask: `count` values from `start`, `step` apart. */
function scaleLine(
  { shape, data }: Tensor,
  start: number,
  step: number,
  count: number,
  rate: number,
): void {
  const plane = shape[1] * shape[2];
  for (let base = start; base < data.length; base += plane)
    for (let i = 0; i < count; i++) data[base + i * step] *= rate;
}

/** GrowMask: `expand` grey dilations (negative: erosions) by a 3x3 square, or by a cross when the corners are tapered. */
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

type Pick = (a: number, b: number) => number;

function horizontal({ shape, data }: Tensor, pick: Pick, result: Float32Array): void {
  const width = shape[2];
  for (let row = 0; row < data.length; row += width)
    for (let x = 0; x < width; x++) {
      let v = data[row + x];
      if (x > 0) v = pick(v, data[row + x - 1]);
      if (x + 1 < width) v = pick(v, data[row + x + 1]);
      result[row + x] = v;
    }
}

/** Mixes each value of `source`'s upper and lower neighbours into `result`. */
function vertical({ shape }: Tensor, source: Float32Array, pick: Pick, result: Float32Array): void {
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

function cross(mask: Tensor, pick: Pick): Tensor {
  const data = new Float32Array(mask.data.length);
  horizontal(mask, pick, data);
  vertical(mask, mask.data, pick, data);
  return { shape: mask.shape, data };
}

function square(mask: Tensor, pick: Pick): Tensor {
  const rows = new Float32Array(mask.data.length);
  horizontal(mask, pick, rows);
  const data = rows.slice();
  vertical(mask, rows, pick, data);
  return { shape: mask.shape, data };
}

/** CropMask: up to `width` x `height` from `x`, `y`, both moved inside the mask. */
export function cropMask(
  mask: Tensor,
  x: number,
  y: number,
  width: number,
  height: number,
): Tensor {
  const { shape, data } = toNHW(mask);
  const [n, h, w] = shape;
  const left = Math.min(x, w - 1);
  const top = Math.min(y, h - 1);
  const columns = Math.min(width, w - left);
  const rows = Math.min(height, h - top);
  const result = new Float32Array(n * rows * columns);
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

/** A grey NHWC image of three equal channels. */
export function maskToImage(mask: Tensor): Tensor {
  const { shape, data } = toNHW(mask);
  const result = new Float32Array(3 * data.length);
  for (let i = 0; i < data.length; i++) result.fill(data[i], 3 * i, 3 * i + 3);
  return { shape: [...shape, 3], data: result };
}

export const CHANNELS = ['red', 'green', 'blue', 'alpha'] as const;

export type Channel = (typeof CHANNELS)[number];

/** One channel of an NHWC image as a mask. */
export function imageToMask(image: Tensor, channel: Channel): Tensor {
  const [n, h, w, channels] = image.shape;
  const c = CHANNELS.indexOf(channel);
  if (c >= channels)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the image has no ${channel} channel`,
      hint: 'choose red, green or blue',
      input: 'channel',
    });
  const data = new Float32Array(n * h * w);
  for (let i = 0; i < data.length; i++) data[i] = image.data[i * channels + c];
  return { shape: [n, h, w], data };
}

/** ImageColorToMask: 1 where the pixel, rounded to 8 bits, is the colour 0xRRGGBB. */
export function colorToMask(image: Tensor, color: number): Tensor {
  const [n, h, w, channels] = image.shape;
  const level = (v: number): number => {
    const scaled = f(Math.min(Math.max(v, 0), 1) * 255);
    const low = Math.floor(scaled);
    return scaled - low === 0.5 ? low + (low % 2) : Math.round(scaled);
  };
  const data = new Float32Array(n * h * w);
  for (let i = 0; i < data.length; i++) {
    const [r, g, b] = image.data.subarray(i * channels, i * channels + 3);
    data[i] = Number(((level(r) << 16) | (level(g) << 8) | level(b)) === color);
  }
  return { shape: [n, h, w], data };
}

/** Whether a mask has values that are neither 0 nor 1. */
export const isSoftMask = ({ data }: Tensor): boolean =>
  data.some((value) => value > 0 && value < 1);
