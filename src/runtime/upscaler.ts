// Upscale models over their networks, in overlapping tiles. Source: ComfyUI's ImageUpscaleWithModel and spandrel's padding.
import { checkAborted, DarkroomError } from '../errors.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { toNCHW, toNHWC } from '../image/layout.ts';
import { cropPlanes } from '../image/upscale.ts';
import type { UpscalerArchitecture } from '../models/upscaler/architecture.ts';
import { upscalerArchitecture } from '../models/upscaler/kinds.ts';
import { type Weights, weightsOf } from '../models/weights.ts';
import { sliceBatch, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Runtime } from './runtime.ts';
import { tileCount, tiledScale } from './tiled.ts';
import type { Tiles } from './types.ts';

export interface UpscaleOptions {
  readonly signal?: AbortSignal;
  /** Called after each tile. */
  readonly onTile?: (done: number, total: number) => void;
  /** In pixels of the source; 512 with 32 shared unless given. */
  readonly tiles?: Tiles;
}

export interface UpscaleModel {
  readonly architecture: string;
  /** Side of the result over side of the source. */
  readonly scale: number;
  /** Images [N,H,W,3] in 0..1 -> [N, scale H, scale W, 3] in 0..1. Tiles are halved while memory is short, down to 128. */
  upscale(images: Tensor, options?: UpscaleOptions): Promise<Tensor>;
}

const TILES: Tiles = { tile: 512, overlap: 32 };
const SMALLEST_TILE = 128;

/** An upscale model file. Throws DR_MODEL_UNSUPPORTED. */
export async function loadUpscaler(file: string, runtime: Runtime): Promise<UpscaleModel> {
  const { tensors, close } = await openSafetensors(file);
  await close();
  return upscalerOf((prefix) => weightsOf(file, tensors, prefix), runtime);
}

/** The upscale model among tensors, wherever they come from; `under` gives those below a prefix. Throws DR_MODEL_UNSUPPORTED. */
export function upscalerOf(under: (prefix: string) => Weights, runtime: Runtime): UpscaleModel {
  const architecture = upscalerArchitecture(under);
  const { name, scale } = architecture;
  const network = runtime.network({ file: under('').file, part: 'upscaler', outputs: ['out'], build: () => architecture.graph() });
  const evaluate = async (x: Tensor): Promise<Tensor> => (await network.run({ x })).out;
  return {
    architecture: name,
    scale,
    async upscale(images, { signal, onTile, tiles = TILES } = {}) {
      let { tile } = tiles;
      for (;;) {
        try {
          return await inTiles(
            images,
            (x) => whole(x, architecture, evaluate),
            scale,
            { tile, overlap: tiles.overlap },
            { signal, onTile },
          );
        } catch (error) {
          const short = error instanceof DarkroomError && error.code === 'DR_OUT_OF_MEMORY';
          tile = Math.floor(tile / 2);
          if (!short || tile < SMALLEST_TILE) throw error;
        }
      }
    },
  };
}

async function inTiles(
  images: Tensor,
  f: (part: Tensor) => Promise<Tensor>,
  scale: number,
  { tile, overlap }: Tiles,
  { signal, onTile }: UpscaleOptions,
): Promise<Tensor> {
  const [count, height, width] = images.shape;
  const tiling = { tileWidth: tile, tileHeight: tile, overlap, scale, channels: 3 };
  const total = count * tileCount(width, height, tiling);
  let done = 0;
  const one = async (part: Tensor): Promise<Tensor> => {
    checkAborted(signal);
    const result = await f(part);
    done += 1;
    onTile?.(done, total);
    return result;
  };
  const out = zeros([count, height * scale, width * scale, 3]);
  for (let n = 0; n < count; n++) {
    const item = toNHWC(await tiledScale(toNCHW(sliceBatch(images, n, n + 1)), one, tiling));
    out.data.set(item.data, n * item.data.length);
  }
  return clamp(out);
}

/** One evaluation: padded to sides that the network takes, clamped, cut. */
async function whole(x: Tensor, { sides, scale }: UpscalerArchitecture, evaluate: (x: Tensor) => Promise<Tensor>): Promise<Tensor> {
  const [, , height, width] = x.shape;
  const raise = (side: number): number => Math.ceil(Math.max(side, sides.minimum) / sides.multiple) * sides.multiple;
  const out = await evaluate(extend(x, raise(width), raise(height)));
  return clamp(cropPlanes(out, 0, 0, width * scale, height * scale));
}

/** NCHW planes extended at the right and the bottom: mirrored as far as there are pixels, then the last of these repeated. */
function extend(x: Tensor, width: number, height: number): Tensor {
  const [n, c, h, w] = x.shape;
  if (width === w && height === h) return x;
  const source = (at: number, size: number): number => {
    const mirrored = Math.min(at, 2 * size - 2);
    return mirrored < size ? mirrored : 2 * size - 2 - mirrored;
  };
  const out = zeros([n, c, height, width]);
  let to = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (let y = 0; y < height; y++) {
      const row = (plane * h + source(y, h)) * w;
      for (let i = 0; i < width; i++) out.data[to++] = x.data[row + source(i, w)];
    }
  return out;
}

/** Brings the values of a tensor of our own to 0..1, in place. */
function clamp(x: Tensor): Tensor {
  for (let i = 0; i < x.data.length; i++) x.data[i] = Math.min(1, Math.max(0, x.data[i]));
  return x;
}
