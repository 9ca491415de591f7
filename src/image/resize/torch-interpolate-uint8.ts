// torch.nn.functional.interpolate of uint8 planes, bilinear: 16-bit weights, one axis after the
// other with rounding to integers after each, as in Pillow's resize.
import { allocateBytes } from '../../tensor/allocate.ts';
import type { Size } from '../geometry.ts';

/** The two source positions of an output position, with their weights. */
interface Tap {
  readonly low: number;
  readonly high: number;
  readonly weights: readonly [number, number];
}

const MAX_BITS = 22;
const WEIGHT_LIMIT = 2 ** 15;

/** The taps, and the number of bits after the binary point of their weights. */
function tapsOf(from: number, to: number): { taps: Tap[]; bits: number } {
  const inside = (i: number): number => Math.min(Math.max(i, 0), from - 1);
  const parts = Array.from({ length: to }, (_, i) => {
    const at = (i + 0.5) * (from / to) - 0.5;
    const low = Math.floor(at);
    const part = inside(low) === inside(low + 1) ? 0 : at - low;
    return { low: inside(low), high: inside(low + 1), part };
  });
  const largest = parts.reduce((most, { part }) => Math.max(most, part, 1 - part), 0);
  let bits = 0;
  while (bits < MAX_BITS && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < WEIGHT_LIMIT) bits++;
  const whole = (w: number): number => Math.trunc(0.5 + w * 2 ** bits);
  return {
    taps: parts.map(({ low, high, part }) => ({
      low,
      high,
      weights: [whole(1 - part), whole(part)],
    })),
    bits,
  };
}

function resizeRows(plane: Uint8Array, width: number, to: number): Uint8Array {
  if (width === to) return plane;
  const { taps, bits } = tapsOf(width, to);
  const rows = plane.length / width;
  const result = allocateBytes(rows * to);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < to; x++) {
      const { low, high, weights } = taps[x];
      const sum =
        plane[y * width + low] * weights[0] +
        plane[y * width + high] * weights[1] +
        2 ** (bits - 1);
      result[y * to + x] = Math.min(255, sum >> bits);
    }
  return result;
}

function transpose(plane: Uint8Array, width: number): Uint8Array {
  const height = plane.length / width;
  const result = allocateBytes(plane.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) result[x * height + y] = plane[y * width + x];
  return result;
}

/** Resizes a plane [from.height, from.width]. */
export function interpolateBytes(plane: Uint8Array, from: Size, to: Size): Uint8Array {
  const columns = transpose(resizeRows(plane, from.width, to.width), to.width);
  return transpose(resizeRows(columns, from.height, to.height), to.height);
}
