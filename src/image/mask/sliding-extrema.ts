// The minimum or maximum under a window that slides along one axis.
import { allocate } from '../../tensor/allocate.ts';

/** Minimum or maximum, with the value that changes no result. */
export interface Extremum {
  readonly pick: (a: number, b: number) => number;
  readonly neutral: number;
}

export const MAXIMUM: Extremum = { pick: Math.max, neutral: Number.NEGATIVE_INFINITY };
export const MINIMUM: Extremum = { pick: Math.min, neutral: Number.POSITIVE_INFINITY };

/** An axis of an array: `length` positions whose values are `step` apart. */
export interface Axis {
  readonly length: number;
  readonly step: number;
}

/**
 * The extremum of `size` values, from size >> 1 before each position on, along an axis (van Herk
 * 1992: running extrema from both ends of blocks of `size`). Values outside the array do not count.
 */
export function slidingExtrema(
  data: Float32Array,
  { length, step }: Axis,
  size: number,
  { pick, neutral }: Extremum,
): Float32Array {
  const result = allocate(data.length);
  const before = size >> 1;
  const forward = allocate(length + size - 1);
  const backward = allocate(forward.length);
  for (let block = 0; block < data.length; block += length * step)
    for (let start = block; start < block + step; start++) {
      forward.fill(neutral);
      for (let i = 0; i < length; i++) forward[before + i] = data[start + i * step];
      backward.set(forward);
      for (let i = 1; i < forward.length; i++)
        if (i % size) forward[i] = pick(forward[i - 1], forward[i]);
      for (let i = forward.length - 2; i >= 0; i--)
        if ((i + 1) % size) backward[i] = pick(backward[i + 1], backward[i]);
      for (let i = 0; i < length; i++)
        result[start + i * step] = pick(backward[i], forward[i + size - 1]);
    }
  return result;
}
