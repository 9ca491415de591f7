// Masks with a ragged edge for tiles (Impact Pack, core.random_mask and adaptive_mask_paste): a filled square whose edge is hung with
// random circles. The original draws them in 16 threads from numpy's global generator; here they are drawn one after the other.
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { reshape, type Tensor, zeros } from '../../tensor/tensor.ts';

/** numpy.random.randint: a whole number from `low`, below `high`. */
export type RandomInteger = (low: number, high: number) => number;

function drawCircle({ shape, data }: Tensor, row: number, column: number, radius: number): void {
  for (let y = row - radius; y < row + radius; y++)
    for (let x = column - radius; x < column + radius; x++)
      if ((y - row) ** 2 + (x - column) ** 2 <= radius ** 2) data[y * shape[1] + x] = 1;
}

/** Circles along an edge from `start` to `end`, in stretches of a sixteenth that each begin anew. */
function drawEdge(
  start: number,
  end: number,
  factor: number,
  random: RandomInteger,
  draw: (at: number, radius: number) => void,
): void {
  const step = Math.floor((end - start) / 16);
  for (let from = start; from < end; from += step)
    for (let at = from; at < Math.min(from + step, end); ) {
      const radius = random(5, factor);
      draw(at, radius);
      at += radius;
    }
}

/** A ragged square mask [size,size] for an irregularity above 0, up to 1. */
export function irregularMask(size: number, irregularity: number, random: RandomInteger): Tensor {
  const mask = zeros([size, size]);
  const factor = Math.max(6, Math.trunc((size * irregularity) / 4));
  const near = factor;
  const far = size - factor;
  drawEdge(near, far, factor, random, (at, radius) => drawCircle(mask, at, near, radius));
  drawEdge(near, far, factor, random, (at, radius) => drawCircle(mask, at, far, radius));
  drawEdge(near, far, factor, random, (at, radius) => drawCircle(mask, near, at, radius));
  drawEdge(near, far, factor, random, (at, radius) => drawCircle(mask, far, at, radius));
  for (let y = near; y < far; y++) mask.data.fill(1, y * size + near, y * size + far);
  return mask;
}

/** A square mask stretched to `width` x `height`, [height,width]. */
export function stretchMask(mask: Tensor, width: number, height: number): Tensor {
  const [h, w] = mask.shape;
  return {
    shape: [height, width],
    data: interpolate(reshape(mask, [1, 1, h, w]), height, width, 'bilinear').data,
  };
}
