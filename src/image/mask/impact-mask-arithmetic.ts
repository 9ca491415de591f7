// The Impact Pack's arithmetic of masks (utils.py): sums and differences on the scale 0..255,
// bitwise operations on bytes or on the bits of floats, and thresholds. For masks of unequal shapes
// the result is the first one, unchanged.
import { allocate, allocateBytes } from '../../tensor/allocate.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { toNHW } from './mask-shape.ts';

const f = Math.fround;

const sameShape = (a: Tensor, b: Tensor): boolean => a.shape.join() === b.shape.join();

/** `(mask * 255).astype(uint8)`: truncated to an integer, then to its lowest byte. */
export const byteOf = (value: number): number => Math.trunc(f(value * 255)) & 255;

/** The bytes of all values. */
export function bytesOf(values: Float32Array): Uint8Array {
  const bytes = allocateBytes(values.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = byteOf(values[i]);
  return bytes;
}

const combine =
  (apply: (a: number, b: number) => number) =>
  (mask1: Tensor, mask2: Tensor): Tensor =>
    sameShape(mask1, mask2)
      ? map(mask1, (v, i) =>
          Math.min(Math.max(f(apply(f(v * 255), f(mask2.data[i] * 255))) / 255, 0), 1),
        )
      : mask1;

/** add_masks: the sum, at most 1. */
export const addMasks = combine((a, b) => a + b);

/** subtract_masks: the difference, at least 0. */
export const subtractMasks = combine((a, b) => a - b);

const words = (mask: Tensor): Int32Array =>
  new Int32Array(mask.data.buffer, mask.data.byteOffset, mask.data.length);

/**
 * bitwise_and_masks: OpenCV's bitwise_and of the bits of floats, sensible only for values of 0 and
 * 1.
 */
export function bitwiseAndMasks(mask1: Tensor, mask2: Tensor): Tensor {
  if (!sameShape(mask1, mask2)) return mask1;
  const other = words(mask2);
  const bits = words(mask1).map((v, i) => v & other[i]);
  return { shape: mask1.shape, data: new Float32Array(bits.buffer) };
}

/** to_binary_mask: 1 above the threshold, else 0, as [N,H,W]. */
export function toBinaryMask(mask: Tensor, threshold = 0): Tensor {
  const limit = f(threshold);
  return map(toNHW(mask), (v) => Number((v > limit ? 1 : v) > limit));
}

/**
 * flatten_mask: the bitwise or of all masks of a batch as bytes; returns [H,W] with values 0..255.
 */
export function flattenMask(masks: Tensor): Tensor {
  const { shape, data } = toNHW(masks);
  const [, h, w] = shape;
  const result = allocate(h * w);
  for (let i = 0; i < data.length; i++) result[i % result.length] |= byteOf(data[i]);
  return { shape: [h, w], data: result };
}
