// The learned positions of the patches of an image, between those of a table for squares
// (comfy/text_encoders/qwen35.py, fast_pos_embed_interpolate).
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { GROUP, type GroupGrid } from './image-patches.ts';
import { patchPositions } from './windows.ts';

const f = Math.fround;

/** Where a coordinate is: the positions on both sides, and its share of the second. */
interface Between {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/** Spreads `count` coordinates evenly over 0..last, in float32 as torch.linspace. */
function spread(count: number, last: number): Between[] {
  const step = f(last / Math.max(1, count - 1));
  return Array.from({ length: count }, (_, i) => {
    const isFirstHalf = i < Math.floor(count / 2) || count === 1;
    const at = isFirstHalf ? f(step * i) : f(last - f(step * (count - 1 - i)));
    const first = Math.floor(at);
    return { first, second: Math.min(first + 1, last), share: f(at - first) };
  });
}

/**
 * Returns the four entries of a table of `side` x `side` positions that are around each patch,
 * `corners` [4, N], and their `shares` [4, N, 1]; patches in the order of imagePatches.
 */
export function learnedPositions(
  grid: GroupGrid,
  side: number,
): { readonly corners: Tensor; readonly shares: Tensor } {
  const [rows, columns] = [grid.rows, grid.columns].map((count) => spread(count * GROUP, side - 1));
  const places = patchPositions(grid);
  const count = places.length;
  const [corners, shares] = [zeros([4, count]), zeros([4, count, 1])];
  for (const [i, [row, column]] of places.entries()) {
    const [y, x] = [rows[row], columns[column]];
    for (const [corner, [isBelow, isRight]] of CORNERS.entries()) {
      const entry = (isBelow ? y.second : y.first) * side + (isRight ? x.second : x.first);
      corners.data[corner * count + i] = entry;
      shares.data[corner * count + i] =
        (isBelow ? y.share : f(1 - y.share)) * (isRight ? x.share : f(1 - x.share));
    }
  }
  return { corners, shares };
}

const CORNERS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;
