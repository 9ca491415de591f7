// The windows of the vision tower of Qwen2.5-VL, squares of patches that most blocks attend within.
import { MAX_FLOAT32 } from '../../tensor/float32/limits.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { GROUP, type GroupGrid } from './image-patches.ts';

/** The side of a window in groups of patches. */
const SIDE = 4;
/** The patches of a whole window; those at the edges are padded to as many. */
export const WINDOW = (SIDE * GROUP) ** 2;

export interface Windows {
  /** The patch in each place of each window, [W * WINDOW]; 0 for padding. */
  readonly windows: Tensor;
  /** The place of each patch in the windows, [N]. */
  readonly places: Tensor;
  /** Hides padding, [W, 1, WINDOW, WINDOW]. */
  readonly windowBias: Tensor;
}

/** Returns the windows of patches that are in the order of imagePatches. */
export function windowsOf({ rows, columns }: GroupGrid): Windows {
  const parts = GROUP ** 2;
  const [down, across] = [Math.ceil(rows / SIDE), Math.ceil(columns / SIDE)];
  const windows = zeros([down * across * WINDOW]);
  const places = zeros([rows * columns * parts]);
  const windowBias = zeros([down * across, 1, WINDOW, WINDOW]);
  for (let w = 0; w < down * across; w++) {
    const [top, left] = [SIDE * Math.floor(w / across), SIDE * (w % across)];
    let count = 0;
    for (let row = top; row < Math.min(top + SIDE, rows); row++)
      for (let column = left; column < Math.min(left + SIDE, columns); column++)
        for (let part = 0; part < parts; part++) {
          const patch = (row * columns + column) * parts + part;
          windows.data[w * WINDOW + count] = patch;
          places.data[patch] = w * WINDOW + count++;
        }
    for (let i = 0; i < WINDOW ** 2; i++)
      if (i % WINDOW >= count) windowBias.data[w * WINDOW ** 2 + i] = -MAX_FLOAT32;
  }
  return { windows, places, windowBias };
}

/** The row and the column of each patch, in the order of imagePatches. */
export const patchPositions = ({ rows, columns }: GroupGrid): readonly (readonly number[])[] =>
  Array.from({ length: rows * columns * GROUP ** 2 }, (_, i) => {
    const [group, part] = [Math.floor(i / GROUP ** 2), i % GROUP ** 2];
    return [
      Math.floor(group / columns) * GROUP + Math.floor(part / GROUP),
      (group % columns) * GROUP + (part % GROUP),
    ];
  });
