// Loads upscale models, which enlarge images in overlapping tiles. Source: ComfyUI's
// ImageUpscaleWithModel.
import { DarkroomError } from '../../errors.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sliceBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Tiles } from '../tiling.ts';
import { tileCount, tiledScale } from '../tiling.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { clamp, upscalerNetwork } from './network.ts';
import { upscalerArchitecture } from './upscaler-kinds.ts';

export interface UpscaleOptions {
  readonly signal?: AbortSignal;
  /** Called after each tile. */
  readonly onTile?: (done: number, total: number) => void;
  /** Tiles in pixels of the source; 512 with an overlap of 32 by default. */
  readonly tiles?: Tiles;
}

export interface UpscaleModel {
  readonly architecture: string;
  /** Side of the result over side of the source. */
  readonly scale: number;
  /**
   * Enlarges images [N,H,W,3] in 0..1 to [N, scale H, scale W, 3] in 0..1. When memory is short,
   * tiles are halved, down to 128. Throws DR_SHAPE_MISMATCH for images with another number of
   * channels.
   */
  upscale(images: Tensor, options?: UpscaleOptions): Promise<Tensor>;
}

const DEFAULT_TILES: Tiles = { tile: 512, overlap: 32 };
const SMALLEST_TILE = 128;

/** Loads an upscale model file. Throws DR_MODEL_UNSUPPORTED for other files. */
export async function loadUpscaler(file: string, runtime: Runtime): Promise<UpscaleModel> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  return createUpscaler((prefix) => weightsOf(file, tensors, prefix), runtime);
}

/**
 * Returns the upscale model among tensors from any source; `weightsBelow` returns those below a
 * prefix.
 * Throws DR_MODEL_UNSUPPORTED.
 */
export function createUpscaler(
  weightsBelow: (prefix: string) => Weights,
  runtime: Runtime,
): UpscaleModel {
  const architecture = upscalerArchitecture(weightsBelow);
  const evaluate = upscalerNetwork(architecture, weightsBelow('').file, runtime);
  const { name, scale } = architecture;
  return {
    architecture: name,
    scale,
    async upscale(images, { signal, onTile, tiles = DEFAULT_TILES } = {}) {
      checkChannels(images);
      for (let { tile } = tiles; ; tile = Math.floor(tile / 2)) {
        try {
          return await upscaleInTiles(
            images,
            (x) => evaluate(x, signal),
            scale,
            { ...tiles, tile },
            onTile,
          );
        } catch (error) {
          const isShortOfMemory =
            error instanceof DarkroomError && error.code === 'DR_OUT_OF_MEMORY';
          if (!isShortOfMemory || Math.floor(tile / 2) < SMALLEST_TILE) throw error;
        }
      }
    },
  };
}

function checkChannels({ shape }: Tensor): void {
  if (shape[3] === 3) return;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `the image has ${shape[3]} channels, upscale models take 3`,
    hint: 'Connect a colour image without an alpha channel.',
    input: 'image',
  });
}

/** Enlarges a batch with `f`, image by image and tile by tile. */
async function upscaleInTiles(
  images: Tensor,
  f: (part: Tensor) => Promise<Tensor>,
  scale: number,
  { tile, overlap }: Tiles,
  onTile?: (done: number, total: number) => void,
): Promise<Tensor> {
  const [count, height, width] = images.shape;
  const tiling = { tileWidth: tile, tileHeight: tile, overlap, scale, channels: 3 };
  const total = count * tileCount(width, height, tiling);
  let done = 0;
  const upscaleTile = async (part: Tensor): Promise<Tensor> => {
    const result = await f(part);
    done += 1;
    onTile?.(done, total);
    return result;
  };
  const out = zeros([count, height * scale, width * scale, 3]);
  for (let n = 0; n < count; n++) {
    const item = toNHWC(
      await tiledScale(toNCHW(sliceBatch(images, n, n + 1)), upscaleTile, tiling),
    );
    out.data.set(item.data, n * item.data.length);
  }
  return clamp(out);
}
