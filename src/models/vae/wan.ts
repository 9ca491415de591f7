// Wan 2.1's autoencoder: the pictures of a batch are the frames of one video, as in ComfyUI, and
// latents have an axis of frames.
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import type { Graph } from '../../onnx/builder.ts';
import type { Network } from '../../runtime/network.ts';
import { framesOf, stackFrames } from '../../tensor/frames.ts';
import { batchItems, concatBatch, reshape, type Tensor } from '../../tensor/tensor.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { type Tiles, tiledScale } from '../tiling.ts';
import type { Weights } from '../weights/tensors.ts';
import type { Autoencoder } from './autoencoder.ts';
import { type CoderNetwork, coderNetwork } from './coder-network.ts';
import { cropToMultiples, fromSigned, toSigned, withChannels } from './pixels.ts';
import {
  FRAMES,
  wanDecoderGraph,
  wanEncoderGraph,
  wanFactor,
  wanImageChannels,
  wanLatentChannels,
} from './wan-graph.ts';

/** Creates an autoencoder. Throws DR_MODEL_UNSUPPORTED when tensors are missing. */
export function createWan(runtime: ModelRuntime, weights: Weights): Autoencoder {
  const [latentChannels, factor] = [wanLatentChannels(weights), wanFactor(weights)];
  const imageChannels = wanImageChannels(weights);
  const encode = coder(runtime, weights, {
    part: 'encoder',
    graph: wanEncoderGraph,
    frames: (count) => 1 + (count - 1) / FRAMES,
    channels: latentChannels,
    pixels: 1,
    scale: 1 / factor,
  });
  const decode = coder(runtime, weights, {
    part: 'decoder',
    graph: wanDecoderGraph,
    frames: (count) => 1 + (count - 1) * FRAMES,
    channels: weights.shape('decoder.head.2.weight')[0],
    pixels: factor ** 2,
    scale: factor,
  });
  return {
    kind: 'wan',
    latentChannels,
    factor,
    imageChannels,
    weights: { '': weights },
    encode: (pixels, tiles) => {
      const planes = withChannels(cropToMultiples(toNCHW(pixels), factor), imageChannels);
      const [count] = planes.shape;
      // the frames that ComfyUI encodes
      const frames = batchItems(planes).slice(0, count - ((count - 1) % FRAMES));
      return encode(toSigned(stackFrames(frames)), tiles);
    },
    async decode(latents, tiles) {
      const pictures: Tensor[] = [];
      for (const item of batchItems(latents)) {
        const video = await decode(stackFrames(framesOf(item)), tiles);
        pictures.push(...framesOf(video));
      }
      return toNHWC(fromSigned(concatBatch(pictures)));
    },
  };
}

/** Encodes or decodes a video [1, C, T, H, W]. */
type Coder = (video: Tensor, tiles?: Tiles) => Promise<Tensor>;

interface Coding extends Pick<CoderNetwork, 'part' | 'pixels'> {
  graph(weights: Weights, isVideo: boolean): Graph;
  /** The frames of the result. */
  frames(count: number): number;
  /** The channels of the result. */
  readonly channels: number;
  /** The size of the result over that of the input. */
  readonly scale: number;
}

function coder(runtime: ModelRuntime, weights: Weights, coding: Coding): Coder {
  const { part, graph, channels, pixels, scale } = coding;
  const networkFor = (isVideo: boolean): Network =>
    runtime.network(
      coderNetwork({
        file: weights.file,
        part,
        ...(isVideo && { variant: 'video' }),
        pixels,
        build: () => graph(weights, isVideo),
      }),
    );
  const ofPictures = networkFor(false);
  let ofVideos: Network | undefined;
  const whole: Coder = async (video) => {
    const [, count, frames, height, width] = video.shape;
    if (frames === 1)
      return stackFrames([
        (await ofPictures.run({ x: reshape(video, [1, count, height, width]) })).out,
      ]);
    ofVideos ??= networkFor(true);
    return (await ofVideos.run({ x: video })).out;
  };
  return (video, tiles) =>
    tiles
      ? inTiles(video, whole, { ...tiles, channels, scale, frames: coding.frames(video.shape[2]) })
      : whole(video);
}

/** Computes a video in tiles of all frames, which are blended in one tiling, as in ComfyUI. */
async function inTiles(
  video: Tensor,
  whole: Coder,
  {
    tile,
    overlap,
    channels,
    scale,
    frames,
  }: Tiles & Pick<Coding, 'channels' | 'scale'> & { readonly frames: number },
): Promise<Tensor> {
  const [, count, given, height, width] = video.shape;
  // frames are planes like channels
  const planes = reshape(video, [1, count * given, height, width]);
  const result = await tiledScale(
    planes,
    async (part) => {
      const [, , h, w] = part.shape;
      const done = await whole(reshape(part, [1, count, given, h, w]));
      return reshape(done, [1, channels * frames, ...done.shape.slice(-2)]);
    },
    { tileWidth: tile, tileHeight: tile, overlap, scale, channels: channels * frames },
  );
  return reshape(result, [1, channels, frames, ...result.shape.slice(-2)]);
}
