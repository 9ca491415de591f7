// The autoencoder of Wan 2.1 (arXiv 2503.20314; comfy/ldm/wan/vae.py), which Qwen-Image has too, as
// graphs with free sizes: convolutions over time see earlier frames only, so that a picture is a
// video of one frame, for which they reduce to their last slice. That of Qwen-Image 2.1 is of
// pictures alone, and has the layout of Wan 2.2: levels of layers, with shortcuts beside them
// (comfy/ldm/wan/vae2_2.py).
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import {
  add,
  attention,
  batchOf,
  conv,
  fromTokens,
  linear,
  type Net,
  silu,
  toTokens,
  upsampleConv,
} from '../layers/blocks.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';
import { averagedCells, repeatedCells, type Shortcut } from './wan-shortcuts.ts';

/** Frames of a video after the first are this many to a frame of its latent. */
export const FRAMES = 4;

/** A layer of [B, C, H, W] pictures or of a video [1, C, T, H, W]. */
interface Context {
  readonly net: Net;
  readonly isVideo: boolean;
}

/** Returns the number of latent channels. */
export const wanLatentChannels = (weights: Weights): number => weights.shape('conv2.weight')[1];

/** Returns the channels of pictures: 3, or 4 with alpha. */
export const wanImageChannels = (weights: Weights): number =>
  weights.shape('encoder.conv1.weight')[1];

/** Returns the pixels per latent cell and side. */
export const wanFactor = (weights: Weights): number =>
  2 **
  layersOf(weights, 'decoder.upsamples')
    .flatMap((name) => [name, ...layersOf(weights, `${name}.upsamples`)])
    .filter((name) => isResample(weights, name)).length;

/**
 * Builds the encoder. Input `x` [B, channels, H, W] in -1..1, sides multiples of the factor f, or a
 * video [1, channels, 4T - 3, H, W]; output `out` [B, latentChannels, H/f, W/f], the mean, or
 * [1, latentChannels, T, H/f, W/f].
 */
export function wanEncoderGraph(weights: Weights, isVideo: boolean): Graph {
  const at = contextOf(weights, isVideo);
  const { net } = at;
  const { g } = net;
  let h = causalConv(
    at,
    g.input('x', inputDims(wanImageChannels(weights), isVideo)),
    'encoder.conv1',
  );
  for (const name of layersOf(weights, 'encoder.downsamples')) h = levelDown(at, h, name);
  h = head(at, middle(at, h, 'encoder.middle'), 'encoder.head');
  h = causalConv(at, h, 'conv1');
  const channels = wanLatentChannels(weights);
  const mean = g.op('Slice', [h, g.ints([0]), g.ints([channels]), g.ints([1])]);
  g.output('out', mean, outputDims(channels, isVideo));
  return g;
}

/**
 * Builds the decoder. Input `x` [B, latentChannels, H, W], or of a video [1, latentChannels, T, H,
 * W]; output `out` [B, channels, fH, fW], or [1, channels, 4T - 3, fH, fW], roughly in -1..1.
 */
export function wanDecoderGraph(weights: Weights, isVideo: boolean): Graph {
  const at = contextOf(weights, isVideo);
  const { g } = at.net;
  let h = causalConv(at, g.input('x', inputDims(wanLatentChannels(weights), isVideo)), 'conv2');
  h = middle(at, causalConv(at, h, 'decoder.conv1'), 'decoder.middle');
  for (const name of layersOf(weights, 'decoder.upsamples')) h = levelUp(at, h, name);
  h = head(at, h, 'decoder.head');
  g.output('out', h, outputDims(weights.shape('decoder.head.2.weight')[0], isVideo));
  return g;
}

const contextOf = (weights: Weights, isVideo: boolean): Context => ({
  net: { g: createGraph(), w: isVideo ? weights : lastSlices(weights) },
  isVideo,
});

const inputDims = (channels: number, isVideo: boolean): (string | number)[] =>
  isVideo ? [1, channels, 'T', 'H', 'W'] : ['B', channels, 'H', 'W'];
const outputDims = (channels: number, isVideo: boolean): (string | number)[] =>
  isVideo ? [1, channels, 't', 'h', 'w'] : ['B', channels, 'h', 'w'];

/** The weights with the last slice of kernels over time, [N, C, k, k]. */
function lastSlices(weights: Weights): Weights {
  const isOverTime = (name: string): boolean => weights.shape(name).length === 5;
  return {
    ...weights,
    shape: (name) => {
      const [out, width, , ...sides] = weights.shape(name);
      return isOverTime(name) ? [out, width, ...sides] : weights.shape(name);
    },
    value: (g, name, view) => {
      if (!isOverTime(name)) return weights.value(g, name, view);
      const last = g.op('Slice', [
        weights.value(g, name),
        ...[-1, 2 ** 31 - 1, 2].map((number) => g.ints([number])),
      ]);
      return g.op('Squeeze', [last, g.ints([2])]);
    },
  };
}

/** The numbered layers of a list. */
const layersOf = (weights: Weights, list: string): string[] =>
  Array.from({ length: countLayers(weights, list) }, (_, i) => `${list}.${i}`);

const isResample = (weights: Weights, name: string): boolean =>
  weights.has(`${name}.resample.1.weight`);

/** A layer of the encoder, or a level of them. */
function levelDown(at: Context, x: Value, name: string): Value {
  const { net } = at;
  const inner = layersOf(net.w, `${name}.downsamples`);
  if (inner.length === 0)
    return isResample(net.w, name) ? downsample(at, x, name) : residual(at, x, name);
  const y = inner.reduce((h, layer) => levelDown(at, h, layer), x);
  return add(net, y, averagedCells(net.g, x, shortcutOf(net.w, inner)));
}

/** A layer of the decoder, or a level of them. */
function levelUp(at: Context, x: Value, name: string): Value {
  const { net } = at;
  const inner = layersOf(net.w, `${name}.upsamples`);
  if (inner.length === 0)
    return isResample(net.w, name) ? upsample(at, x, name) : residual(at, x, name);
  const y = inner.reduce((h, layer) => levelUp(at, h, layer), x);
  const shortcut = shortcutOf(net.w, inner);
  return shortcut.side === 1 ? y : add(net, y, repeatedCells(net.g, x, shortcut));
}

/** What the shortcut beside these layers is between. */
function shortcutOf(w: Weights, layers: readonly string[]): Shortcut {
  const resample = layers.find((name) => isResample(w, name));
  const [to, from] = w.shape(`${layers[0]}.residual.2.weight`);
  return {
    from,
    to,
    side: resample ? 2 : 1,
    frames: resample && w.has(`${resample}.time_conv.weight`) ? 2 : 1,
  };
}

/** A convolution that sees earlier frames only, with zeros before the first. */
function causalConv({ net, isVideo }: Context, x: Value, name: string): Value {
  if (!isVideo) return conv(net, x, name);
  const [, , time, side] = net.w.shape(`${name}.weight`);
  const half = side >> 1;
  return convOverTime(net, x, name, { pads: [time - 1, half, half, 0, half, half] });
}

/** `pads`: frames, rows and columns before, then behind. */
function convOverTime(
  { g, w }: Net,
  x: Value,
  name: string,
  { pads = [0, 0, 0, 0, 0, 0], stride = 1 }: { pads?: readonly number[]; stride?: number },
): Value {
  const inputs = [x, w.value(g, `${name}.weight`), w.value(g, `${name}.bias`)];
  const kernel_shape = w.shape(`${name}.weight`).slice(2);
  return g.op('Conv', inputs, { kernel_shape, pads, strides: [stride, 1, 1] });
}

/** x / |x| sqrt(C) gamma, over the channels. */
function norm({ net, isVideo }: Context, x: Value, name: string): Value {
  const { g, w } = net;
  const [channels] = w.shape(`${name}.gamma`);
  const length = g.op('ReduceL2', [x, g.ints([1])], { keepdims: 1 });
  const unit = g.op('Div', [x, g.op('Max', [length, g.floats([1e-12])])]);
  const dims = isVideo ? [channels, 1, 1, 1] : [channels, 1, 1];
  const gamma = w.value(g, `${name}.gamma`, { dims });
  return g.op('Mul', [g.op('Mul', [unit, g.floats([Math.sqrt(channels)])]), gamma]);
}

function residual(at: Context, x: Value, name: string): Value {
  const { net } = at;
  let h = causalConv(at, silu(net, norm(at, x, `${name}.residual.0`)), `${name}.residual.2`);
  h = causalConv(at, silu(net, norm(at, h, `${name}.residual.3`)), `${name}.residual.6`);
  const isSame = !net.w.has(`${name}.shortcut.weight`);
  return add(net, h, isSame ? x : causalConv(at, x, `${name}.shortcut`));
}

const middle = (at: Context, x: Value, name: string): Value =>
  residual(at, selfAttention(at, residual(at, x, `${name}.0`), `${name}.1`), `${name}.2`);

const head = (at: Context, x: Value, name: string): Value =>
  causalConv(at, silu(at.net, norm(at, x, `${name}.0`)), `${name}.2`);

/** Self-attention with one head over the cells of each frame. */
const selfAttention = (at: Context, x: Value, name: string): Value =>
  add(
    at.net,
    x,
    onFrames(at, x, (frames) => {
      const { net } = at;
      const [channels] = net.w.shape(`${name}.norm.gamma`);
      const normed = norm({ net, isVideo: false }, frames, `${name}.norm`);
      const tokens = toTokens(net, normed, channels);
      const [q, k, v] = [0, 1, 2].map((part) =>
        linear(net, tokens, `${name}.to_qkv`, [part * channels, (part + 1) * channels]),
      );
      const y = attention(net, q, k, v, { batch: batchOf(net, frames), channels, heads: 1 });
      return fromTokens(net, linear(net, y, `${name}.proj`), channels, frames);
    }),
  );

/** Halves the size; of a video some levels also halve the frames after the first. */
function downsample(at: Context, x: Value, name: string): Value {
  const { net, isVideo } = at;
  // padded at the right and the bottom only
  const small = onFrames(at, x, (frames) =>
    conv(net, frames, `${name}.resample.1`, { stride: 2, pads: [0, 0, 1, 1] }),
  );
  if (!isVideo || !net.w.has(`${name}.time_conv.weight`)) return small;
  const rest = convOverTime(net, small, `${name}.time_conv`, { stride: 2 });
  return net.g.op('Concat', [framesFrom(net, small, 0, 1), rest], { axis: 2 });
}

/** Doubles the size; of a video some levels also double the frames after the first. */
function upsample(at: Context, x: Value, name: string): Value {
  const { net, isVideo } = at;
  const all = isVideo && net.w.has(`${name}.time_conv.weight`) ? moreFrames(at, x, name) : x;
  return onFrames(at, all, (frames) => upsampleConv(net, frames, `${name}.resample.1`));
}

/** Two frames for each one after the first; the first is not seen. */
function moreFrames(at: Context, x: Value, name: string): Value {
  const { net } = at;
  const { g, w } = net;
  const channels = w.shape(`${name}.time_conv.weight`)[1];
  const rest = framesFrom(net, x, 1);
  const [count, height, width] = [2, 3, 4].map((axis) =>
    g.op('Shape', [rest], { start: axis, end: axis + 1 }),
  );
  const pairs = causalConv(at, rest, `${name}.time_conv`);
  const join = (...parts: Value[]): Value => g.op('Concat', parts, { axis: 0 });
  const split = g.op('Reshape', [pairs, join(g.ints([2, channels]), count, height, width)]);
  const inTurn = g.op('Transpose', [split], { perm: [1, 2, 0, 3, 4] });
  const frames = g.op('Reshape', [inTurn, join(g.ints([1, channels, -1]), height, width)]);
  return g.op('Concat', [framesFrom(net, x, 0, 1), frames], { axis: 2 });
}

const framesFrom = ({ g }: Net, x: Value, from: number, to = 2 ** 31 - 1): Value =>
  g.op('Slice', [x, g.ints([from]), g.ints([to]), g.ints([2])]);

/** Applies `f` to frames as a batch of pictures. */
function onFrames({ net, isVideo }: Context, x: Value, f: (frames: Value) => Value): Value {
  if (!isVideo) return f(x);
  const { g } = net;
  const swap = (value: Value): Value => g.op('Transpose', [value], { perm: [1, 0, 2, 3] });
  // [1, C, T, H, W] to [T, C, H, W] and back
  const pictures = f(swap(g.op('Squeeze', [x, g.ints([0])])));
  return g.op('Unsqueeze', [swap(pictures), g.ints([0])]);
}
