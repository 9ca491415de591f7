// The shortcuts beside the levels of Wan 2.2's autoencoder (comfy/ldm/wan/vae2_2.py AvgDown3D and
// DupUp3D), without weights, for pictures: squares of cells become channels, and back.
import type { Graph, Value } from '../../onnx/builder.ts';
import { joinCells, splitCells } from './joined-cells.ts';

export interface Shortcut {
  /** The channels before and behind. */
  readonly from: number;
  readonly to: number;
  /** The side of the squares. */
  readonly side: number;
  /** How many frames of a video are joined too, of which a picture is the last. */
  readonly frames: number;
}

/** Joins squares of cells [B, from, H, W], and averages as many channels as give `to`. */
export function averagedCells(g: Graph, x: Value, { from, to, side, frames }: Shortcut): Value {
  const joined = side === 1 ? x : joinCells(g, x, from, side);
  const each = (from * frames * side ** 2) / to;
  if (each === 1) return joined;
  const [height, width] = [2, 3].map((axis) =>
    g.op('Shape', [joined], { start: axis, end: axis + 1 }),
  );
  const shaped = (value: Value, ...channels: readonly number[]): Value =>
    g.op('Reshape', [
      value,
      g.op('Concat', [g.ints([0, ...channels]), height, width], { axis: 0 }),
    ]);
  const cells = shaped(joined, from, side ** 2);
  // the frames before a picture are empty
  const all = g.op('Pad', [
    cells,
    g.ints([0, 0, (frames - 1) * side ** 2, ...new Array(7).fill(0)]),
  ]);
  return g.op('ReduceMean', [shaped(all, to, each), g.ints([2])], { keepdims: 0 });
}

/** Repeats the channels of [B, from, H, W] and splits them to squares of cells. */
export function repeatedCells(g: Graph, x: Value, { from, to, side, frames }: Shortcut): Value {
  const each = (to * frames * side ** 2) / from;
  // the channels of the last frame: channel, row, column
  const places = Array.from({ length: to * side ** 2 }, (_, i) => {
    const [channel, cell] = [Math.floor(i / side ** 2), i % side ** 2];
    return Math.floor(((channel * frames + frames - 1) * side ** 2 + cell) / each);
  });
  return splitCells(g, g.op('Gather', [x, g.ints(places)], { axis: 1 }), side);
}
