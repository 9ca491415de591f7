// Masks with a ragged edge for tiles (Impact Pack, core.random_mask and adaptive_mask_paste): a
// filled square with random circles along its edges. The original draws them in 16 threads from
// numpy's global generator; here they are drawn in sequence.
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { reshape, type Tensor, zeros } from '../../tensor/tensor.ts';
import { fillMaskRegion } from '../crop-region.ts';

/** numpy.random.randint: an integer from `low` to below `high`. */
export type RandomInteger = (low: number, high: number) => number;

/** The original's number of threads, each of which draws a section of every edge. */
const SECTIONS = 16;
const MIN_RADIUS = 5;

/** Pixels between the square and the border of its mask: the largest radius of the circles. */
export const irregularMaskMargin = (size: number, irregularity: number): number =>
  Math.max(6, Math.trunc((size * irregularity) / 4));

function drawCircle({ shape, data }: Tensor, row: number, column: number, radius: number): void {
  for (let y = row - radius; y < row + radius; y++)
    for (let x = column - radius; x < column + radius; x++)
      if ((y - row) ** 2 + (x - column) ** 2 <= radius ** 2) data[y * shape[1] + x] = 1;
}

/** Calls `draw` for circles of random radius along an edge from `start` to `end`. */
function drawEdge(
  start: number,
  end: number,
  maxRadius: number,
  random: RandomInteger,
  draw: (position: number, radius: number) => void,
): void {
  const length = Math.floor((end - start) / SECTIONS);
  for (let section = start; section < end; section += length)
    for (let position = section; position < Math.min(section + length, end); ) {
      const radius = random(MIN_RADIUS, maxRadius);
      draw(position, radius);
      position += radius;
    }
}

/** A ragged square as a mask [size,size]; `irregularity` is above 0, at most 1. */
export function irregularMask(size: number, irregularity: number, random: RandomInteger): Tensor {
  const mask = zeros([size, size]);
  const near = irregularMaskMargin(size, irregularity);
  const far = size - near;
  drawEdge(near, far, near, random, (at, radius) => drawCircle(mask, at, near, radius));
  drawEdge(near, far, near, random, (at, radius) => drawCircle(mask, at, far, radius));
  drawEdge(near, far, near, random, (at, radius) => drawCircle(mask, near, at, radius));
  drawEdge(near, far, near, random, (at, radius) => drawCircle(mask, far, at, radius));
  fillMaskRegion(mask, [near, near, far, far]);
  return mask;
}

/** Resizes a square mask to [height,width], bilinearly. */
export function stretchMask(mask: Tensor, width: number, height: number): Tensor {
  const [h, w] = mask.shape;
  return {
    shape: [height, width],
    data: interpolate(reshape(mask, [1, 1, h, w]), { height, width }, 'bilinear').data,
  };
}
