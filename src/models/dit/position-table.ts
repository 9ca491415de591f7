// Positions of an image's patches from a learned table, [1, side * side, C]: the middle of the
// table, or all of it resized where an image is larger.
import { DarkroomError } from '../../errors.ts';
import type { Value } from '../../onnx/builder.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Net } from '../layers/blocks.ts';
import { toIndices } from '../unet/number-tables.ts';
import { tableRows } from './blocks.ts';
import type { PatchGrid } from './patches.ts';

/**
 * Returns the rows, [rows * columns], of a table of `side` x `side` positions for patches in its
 * middle. Throws DR_INPUT_INVALID for a grid that is larger than the table; `name` and `patch`, the
 * side of a patch in pixels, are for the message.
 */
export function tablePlaces(
  { rows, columns }: PatchGrid,
  side: number,
  { name, patch }: { readonly name: string; readonly patch: number },
): Tensor {
  if (rows > side || columns > side)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message:
        `${name} supports images of up to ${side * patch} pixels a side, ` +
        `got ${columns * patch} x ${rows * patch}`,
      hint: 'Use a smaller latent.',
      input: 'latent_image',
    });
  const top = Math.floor((side - rows) / 2);
  const left = Math.floor((side - columns) / 2);
  const places = allocate(rows * columns);
  for (let i = 0; i < places.length; i++)
    places[i] = (top + Math.floor(i / columns)) * side + left + (i % columns);
  return tensor([places.length], places);
}

/** The four neighbours of a position between those of a table. */
const NEIGHBOURS = 4;

/**
 * Returns the inputs of blendedPositions for patches in the middle of a table that is resized to
 * the longer side of the grid (torch's bilinear interpolation, half-pixel centres).
 */
export function resizedPlaces(
  { rows, columns }: PatchGrid,
  side: number,
): { readonly places: Tensor; readonly shares: Tensor } {
  const longer = Math.max(rows, columns);
  const along = (count: number) => {
    const start = Math.floor((longer - count) / 2);
    return Array.from({ length: count }, (_, i) => between(start + i, side, longer));
  };
  const [ys, xs] = [along(rows), along(columns)];
  const neighbours = ys.flatMap((y) =>
    xs.flatMap((x) => y.flatMap((v) => x.map((h) => [v[0] * side + h[0], v[1] * h[1]]))),
  );
  const column = (which: 0 | 1): Float32Array =>
    Float32Array.from(neighbours, (neighbour) => neighbour[which]);
  return {
    places: tensor([neighbours.length], column(0)),
    shares: tensor([rows * columns, NEIGHBOURS, 1], column(1)),
  };
}

type Share = readonly [place: number, share: number];

/** The two positions of `side` that one of `resized` positions is between, in float32. */
function between(index: number, side: number, resized: number): readonly [Share, Share] {
  const scale = Math.fround(side / resized);
  const at = Math.max(0, Math.fround(Math.fround(scale * Math.fround(index + 0.5)) - 0.5));
  const first = Math.floor(at);
  const share = Math.fround(at - first);
  return [
    [first, Math.fround(1 - share)],
    [Math.min(first + 1, side - 1), share],
  ];
}

/** Positions [N, C] at the input `places` [N] (tablePlaces). */
export const placedPositions = (net: Net, table: string): Value =>
  tableRows(net, table, toIndices(net.g, net.g.input('places', ['N'])));

/** Positions [N, C] from the inputs of resizedPlaces: `places` [4 N] and `shares` [N, 4, 1]. */
export function blendedPositions(net: Net, table: string): Value {
  const { g, w } = net;
  const neighbours = tableRows(net, table, toIndices(g, g.input('places', ['P'])));
  const [, , width] = w.shape(table);
  const rows = g.op('Reshape', [neighbours, g.ints([-1, NEIGHBOURS, width])]);
  const shared = g.op('Mul', [rows, g.input('shares', ['N', NEIGHBOURS, 1])]);
  return g.op('ReduceSum', [shared, g.ints([1])], { keepdims: 0 });
}
