// Grows and shrinks masks as the Impact Pack does: dilate_mask (OpenCV's dilate and erode
// by a square of ones), and core's erosion_mask, which in fact grows the mask.

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { interpolate } from '../resize/torch-interpolate.ts';
import { squeezeMask, toN1HW } from './mask-shape.ts';
import { type Axis, MAXIMUM, MINIMUM, slidingExtrema } from './sliding-extrema.ts';

/**
 * dilate_mask: the maximum under a square of `factor` pixels (its centre at factor >> 1), or the
 * minimum where `factor` is negative. A single mask is returned as [H,W]. As in the original, a
 * batch [N,H,W] is treated as one image of N x H pixels with W channels, of which at most 512 are
 * allowed. Throws DR_INPUT_INVALID.
 */
export function dilateMask(mask: Tensor, factor: number): Tensor {
  const flat = squeezeMask(mask);
  if (factor === 0 || flat.data.length === 0) return flat;
  const [rows, columns, channels = 1] = flat.shape;
  if (channels > 512)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `a batch of ${rows} masks of width ${channels} cannot be dilated: ` +
        'the original treats the width as channels, of which at most 512 are allowed',
      hint: 'Dilate the masks one by one (MasksToMaskList).',
      input: 'mask',
    });
  const size = Math.abs(factor);
  const extremum = factor > 0 ? MAXIMUM : MINIMUM;
  const across = slidingExtrema(flat.data, { length: columns, step: channels }, size, extremum);
  const down = slidingExtrema(across, { length: rows, step: columns * channels }, size, extremum);
  return { shape: flat.shape, data: down };
}

interface Window {
  readonly size: number;
  /** The number of its values before the position. */
  readonly before: number;
  /** The number of positions. */
  readonly count: number;
}

/** Sums of the values under a window that slides along an axis; zeros outside. */
function windowSums(
  data: Float32Array,
  { length, step }: Axis,
  { size, before, count }: Window,
): Float32Array {
  const blocks = data.length / (length * step);
  const result = allocate(blocks * count * step);
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
 * core.erosion_mask: rounds a mask and grows it by a square of `grow` pixels. As in the original,
 * the sides are swapped first: an H x W mask is stretched to a height of W and a width of H.
 * Returns [N,W,H].
 */
export function erosionMask(mask: Tensor, grow: number): Tensor {
  const flat = squeezeMask(mask);
  const [h, w] = flat.shape;
  const stretched = interpolate(toN1HW(flat), { height: w, width: h }, 'bilinear');
  const [n] = stretched.shape;
  const rounded = map({ shape: [n, w, h], data: stretched.data }, roundHalfEven);
  if (grow === 0) return rounded;
  const before = Math.ceil((grow - 1) / 2);
  const across = windowSums(rounded.data, { length: h, step: 1 }, { size: grow, before, count: h });
  const sums = windowSums(across, { length: w, step: h }, { size: grow, before, count: w });
  return { shape: [n, w, h], data: sums.map((v) => roundHalfEven(Math.min(Math.max(v, 0), 1))) };
}
