// Splitting an image into overlapping tiles, and joining them with sine weights.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_images.py (SplitImageToTileList, ImageMergeTileList).
import { allocate } from '../../tensor/allocate.ts';
import { linspace } from '../../tensor/float32/linspace.ts';
import { sin } from '../../tensor/float32/trigonometry.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import type { Region, Size } from '../geometry.ts';

const f32 = Math.fround;

/** The starts of tiles along a side; the last tile ends at the side's end. */
function startsOf(length: number, tile: number, overlap: number): number[] {
  const stride = roundHalfEven(Math.max(tile * 0.25, tile - overlap));
  const starts: number[] = [];
  for (let at = 0; at < length; at += stride) {
    const end = Math.min(at + tile, length);
    starts.push(Math.max(0, end - tile));
    if (end >= length) break;
  }
  return starts;
}

/** The regions of the tiles of an image, row by row; tiles overlap by three quarters at most. */
export function tileGrid(image: Size, tile: Size, overlap: number): Region[] {
  const width = Math.min(tile.width, image.width);
  const height = Math.min(tile.height, image.height);
  return startsOf(image.height, tile.height, overlap).flatMap((top) =>
    startsOf(image.width, tile.width, overlap).map((left) => ({ left, top, width, height })),
  );
}

/** sin(pi x) over torch.linspace(0, 1, n), at least 1e-5. */
function sineWeights(count: number): Float32Array {
  return linspace(0, 1, count).map((x) => Math.max(1e-5, sin(f32(f32(Math.PI) * x))));
}

/**
 * Joins tiles [N,h,w,C], in the order of `tileGrid`, into images of `size`: where they overlap, the
 * mean weighted by sines; without `overlap`, the plain mean. The first tile's size is that of all;
 * missing tiles leave black.
 */
export function mergeTiles(tiles: readonly Tensor[], size: Size, overlap: number): Tensor {
  const [batch, tileHeight, tileWidth, channels] = tiles[0].shape;
  const grid = tileGrid(size, { width: tileWidth, height: tileHeight }, overlap);
  const rows = overlap > 0 ? sineWeights(tileHeight) : allocate(tileHeight).fill(1);
  const columns = overlap > 0 ? sineWeights(tileWidth) : allocate(tileWidth).fill(1);
  const merged = zeros([batch, size.height, size.width, channels]);
  const weights = allocate(size.height * size.width);
  for (const [i, region] of grid.slice(0, tiles.length).entries()) {
    const tile = tiles[i];
    const height = Math.min(region.height, tile.shape[1]);
    const width = Math.min(region.width, tile.shape[2]);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const weight = f32(rows[y] * columns[x]);
        const cell = (region.top + y) * size.width + region.left + x;
        weights[cell] += weight;
        for (let item = 0; item < batch; item++)
          for (let c = 0; c < channels; c++)
            merged.data[(item * weights.length + cell) * channels + c] += f32(
              tile.data[((item * tile.shape[1] + y) * tile.shape[2] + x) * channels + c] * weight,
            );
      }
  }
  return tensor(
    merged.shape,
    merged.data.map((value, i) => {
      const weight = weights[Math.floor(i / channels) % weights.length];
      return weight === 0 ? value : value / weight;
    }),
  );
}
