// Computes large images in overlapping tiles that are blended with linear ramps (ComfyUI's
// tiled_scale), and the autoencoder's mean of three tilings of different shape.

import { DarkroomError } from '../errors.ts';
import { cropPlanes } from '../image/resize/common-upscale.ts';
import { allocate } from '../tensor/allocate.ts';
import { roundHalfEven as round } from '../tensor/round-half-even.ts';
import { map, sliceBatch, type Tensor, zeros } from '../tensor/tensor.ts';

/**
 * The side of the square tiles that something is computed in, and the width that neighbours share.
 */
export interface Tiles {
  readonly tile: number;
  readonly overlap: number;
}

export interface Tiling {
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly overlap: number;
  /** Size of the result over the size of the source. */
  readonly scale: number;
  readonly channels: number;
}

/**
 * Applies `f` to tiles of x [N, C, H, W], one item at a time, and blends the results into
 * [N, channels, H*scale, W*scale]. An item no larger than a tile is computed in one piece. Throws
 * DR_INPUT_INVALID when the overlap is as large as a tile.
 */
export async function tiledScale(
  x: Tensor,
  f: (part: Tensor) => Promise<Tensor>,
  tiling: Tiling,
): Promise<Tensor> {
  const { tileWidth, tileHeight, overlap, scale, channels } = tiling;
  const [batch, , height, width] = x.shape;
  const out = zeros([batch, channels, round(height * scale), round(width * scale)]);
  const each = out.data.length / batch;
  for (let n = 0; n < batch; n++) {
    const item = sliceBatch(x, n, n + 1);
    const whole = height <= tileHeight && width <= tileWidth;
    const result = whole
      ? await f(item)
      : await blendTiles(item, f, out.shape, tiling, [
          starts(height, tileHeight, overlap),
          starts(width, tileWidth, overlap),
        ]);
    out.data.set(result.data, n * each);
  }
  return out;
}

/** Returns the number of tiles that `tiledScale` computes for one item of this size. */
export const tileCount = (
  width: number,
  height: number,
  { tileWidth, tileHeight, overlap }: Tiling,
): number => starts(width, tileWidth, overlap).length * starts(height, tileHeight, overlap).length;

/** Returns the first positions of the tiles along one side. */
function starts(size: number, tile: number, overlap: number): number[] {
  if (size <= tile) return [0];
  if (tile <= overlap)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `tiles of ${tile} can't overlap by ${overlap}`,
      hint:
        'Choose a smaller overlap or a larger tile_size; the smallest tiles are half the ' +
        'tile_size.',
    });
  const positions: number[] = [];
  for (let at = 0; at < size - overlap; at += tile - overlap) positions.push(at);
  return positions;
}

async function blendTiles(
  item: Tensor,
  f: (part: Tensor) => Promise<Tensor>,
  [, channels, outHeight, outWidth]: readonly number[],
  { tileWidth, tileHeight, overlap, scale }: Tiling,
  [tops, lefts]: readonly number[][],
): Promise<Tensor> {
  const [, , height, width] = item.shape;
  const sum = zeros([1, channels, outHeight, outWidth]);
  const weight = allocate(outHeight * outWidth);
  for (const top of tops)
    for (const left of lefts) {
      const part = cropPlanes(item, {
        left,
        top,
        width: Math.min(tileWidth, width - left),
        height: Math.min(tileHeight, height - top),
      });
      const done = await f(part);
      const [, , h, w] = done.shape;
      const feather = round(overlap * scale);
      const [down, across] = [ramp(h, feather), ramp(w, feather)];
      const [y0, x0] = [round(top * scale), round(left * scale)];
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const m = Math.fround(down[y] * across[x]);
          const at = (y0 + y) * outWidth + x0 + x;
          weight[at] += m;
          for (let c = 0; c < channels; c++)
            sum.data[c * outHeight * outWidth + at] += Math.fround(
              done.data[(c * h + y) * w + x] * m,
            );
        }
    }
  return map(sum, (v, i) => v / weight[i % weight.length]);
}

/**
 * Returns the weights of a tile's rows or columns: rising to 1 over `feather` at both ends, all 1
 * for smaller tiles.
 */
function ramp(size: number, feather: number): Float32Array {
  const weights = allocate(size).fill(1);
  if (feather >= size) return weights;
  for (let t = 0; t < feather; t++) {
    weights[t] *= (t + 1) / feather;
    weights[size - 1 - t] *= (t + 1) / feather;
  }
  return weights;
}

/** The shapes of the three tilings for tiles of side t. */
const SHAPES = {
  upright: (t: number) => ({ tileWidth: Math.floor(t / 2), tileHeight: t * 2 }),
  lying: (t: number) => ({ tileWidth: t * 2, tileHeight: Math.floor(t / 2) }),
  square: (t: number) => ({ tileWidth: t, tileHeight: t }),
};

/** The orders in which the original adds its tilings. */
export const DECODE_ORDER = ['upright', 'lying', 'square'] as const;
export const ENCODE_ORDER = ['square', 'lying', 'upright'] as const;

/** Returns the mean of three tilings, which are added in the given order. */
export async function threeTilings(
  x: Tensor,
  f: (part: Tensor) => Promise<Tensor>,
  order: readonly (keyof typeof SHAPES)[],
  { tile, overlap }: Tiles,
  to: { readonly scale: number; readonly channels: number },
): Promise<Tensor> {
  const parts: Tensor[] = [];
  for (const shape of order)
    parts.push(await tiledScale(x, f, { ...SHAPES[shape](tile), overlap, ...to }));
  const [a, b, c] = parts.map((part) => part.data);
  return map(parts[0], (_, i) => Math.fround(Math.fround(a[i] + b[i]) + c[i]) / 3);
}
