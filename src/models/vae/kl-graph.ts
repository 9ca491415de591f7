// The KL autoencoder of latent diffusion (Rombach et al. 2022), as graphs with free batch and size
// over tensors in the original layout. That of FLUX.2 joins 2 x 2 cells of its latents to one, and
// normalises their channels by statistics in the file.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import {
  add,
  attention,
  batchOf,
  conv,
  fromTokens,
  groupNorm,
  linear,
  type Net,
  silu,
  toTokens,
  upsampleConv,
} from '../layers/blocks.ts';
import { im2colTables } from '../layers/im2col.ts';
import type { Weights } from '../weights/tensors.ts';
import { joinCells, joinedCells, LATENT_MEANS, splitCells } from './joined-cells.ts';

const EPSILON = 1e-6;

export interface KlOptions {
  /**
   * Computes 3x3 convolutions of the small, wide levels by Winograd, where their kernels are
   * prepacked. In the large levels the tiles would take gigabytes.
   */
  readonly winograd?: boolean;
}

/** Number of levels, counted from the smallest, that use Winograd. */
const WINOGRAD_LEVELS = 2;

/** Returns the net for feature maps of the size of x, at a level counted from the smallest. */
const netAtLevel = (net: Net, x: Value, level: number, { winograd }: KlOptions): Net =>
  winograd && level < WINOGRAD_LEVELS
    ? { ...net, im2col: im2colTables(net.g, x), winograd: 4 }
    : net;

const VARIANCES = 'bn.running_var';
const BATCH_NORM_EPSILON = 1e-4;

/** The channels of the decoder's input. */
const decoderChannels = (weights: Weights): number => weights.shape('decoder.conv_in.weight')[1];

/** Returns the number of latent channels. */
export const klLatentChannels = (weights: Weights): number =>
  decoderChannels(weights) * joinedCells(weights) ** 2;

/**
 * Returns the pixels per latent cell and side: every level of the decoder but one doubles the size.
 */
export const klFactor = (weights: Weights): number =>
  joinedCells(weights) *
  2 ** (countTensors(weights, (i) => `decoder.up.${i}.block.0.norm1.weight`) - 1);

/**
 * Builds the encoder. Input `x` [B, 3, H, W] in -1..1, sides multiples of the factor f; output
 * `out` [B, latentChannels, H/f, W/f], the mean.
 */
export function klEncoderGraph(weights: Weights, options: KlOptions = {}): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  let h = conv(
    net,
    g.input('x', ['B', weights.shape('encoder.conv_in.weight')[1], 'H', 'W']),
    'encoder.conv_in',
  );
  const levels = countTensors(weights, (i) => `encoder.down.${i}.block.0.norm1.weight`);
  for (let level = 0; level < levels; level++) {
    const name = `encoder.down.${level}`;
    h = residuals(netAtLevel(net, h, levels - 1 - level, options), h, name);
    // padded at the right and the bottom only
    if (weights.has(`${name}.downsample.conv.weight`))
      h = conv(net, h, `${name}.downsample.conv`, { stride: 2, pads: [0, 0, 1, 1] });
  }
  h = middle(netAtLevel(net, h, 0, options), h, 'encoder.mid');
  h = conv(net, silu(net, groupNorm(net, h, 'encoder.norm_out', EPSILON)), 'encoder.conv_out');
  h = quantConv(net, h, 'encoder', 'quant_conv');
  const mean = g.op('Slice', [h, g.ints([0]), g.ints([decoderChannels(weights)]), g.ints([1])]);
  g.output('out', toLatent(net, mean), ['B', klLatentChannels(weights), 'h', 'w']);
  return g;
}

/** The convolution between features and latents, where there is one, at either of its names. */
function quantConv(net: Net, x: Value, part: 'encoder' | 'decoder', name: string): Value {
  const found = [name, `${part}.${name}`].find((one) => net.w.has(`${one}.weight`));
  return found ? conv(net, x, found) : x;
}

/** Joins cells where the latents of the file are joined, and normalises their channels. */
function toLatent(net: Net, x: Value): Value {
  const { g, w } = net;
  const side = joinedCells(w);
  if (side === 1) return x;
  const { mean, deviation } = latentStatistics(net);
  const joined = joinCells(g, x, decoderChannels(w), side);
  return g.op('Div', [g.op('Sub', [joined, mean]), deviation]);
}

/** The inverse of toLatent. */
function fromLatent(net: Net, x: Value): Value {
  const { g, w } = net;
  const side = joinedCells(w);
  if (side === 1) return x;
  const { mean, deviation } = latentStatistics(net);
  return splitCells(g, g.op('Add', [g.op('Mul', [x, deviation]), mean]), side);
}

/** Means and deviations of the channels of latents, [1, C, 1, 1]. */
function latentStatistics({ g, w }: Net): { readonly mean: Value; readonly deviation: Value } {
  const dims = [1, klLatentChannels(w), 1, 1];
  const variance = w.value(g, VARIANCES, { dims });
  return {
    mean: w.value(g, LATENT_MEANS, { dims }),
    deviation: g.op('Sqrt', [g.op('Add', [variance, g.floats([BATCH_NORM_EPSILON])])]),
  };
}

/**
 * Builds the decoder. Input `x` [B, latentChannels, H, W]; output `out` [B, 3, fH, fW], roughly in
 * -1..1.
 */
export function klDecoderGraph(weights: Weights, options: KlOptions = {}): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  let h = g.input('x', ['B', klLatentChannels(weights), 'H', 'W']);
  h = quantConv(net, fromLatent(net, h), 'decoder', 'post_quant_conv');
  h = conv(net, h, 'decoder.conv_in');
  h = middle(netAtLevel(net, h, 0, options), h, 'decoder.mid');
  const levels = countTensors(weights, (i) => `decoder.up.${i}.block.0.norm1.weight`);
  for (let level = levels - 1; level >= 0; level--) {
    const name = `decoder.up.${level}`;
    h = residuals(netAtLevel(net, h, levels - 1 - level, options), h, name);
    if (weights.has(`${name}.upsample.conv.weight`))
      h = upsampleConv(net, h, `${name}.upsample.conv`);
  }
  h = conv(net, silu(net, groupNorm(net, h, 'decoder.norm_out', EPSILON)), 'decoder.conv_out');
  g.output('out', h, ['B', weights.shape('decoder.conv_out.weight')[0], 'h', 'w']);
  return g;
}

/** Counts consecutively numbered tensors. */
function countTensors(weights: Weights, name: (index: number) => string): number {
  let n = 0;
  while (weights.has(name(n))) n++;
  return n;
}

/** The residual blocks of a level. */
function residuals(net: Net, x: Value, level: string): Value {
  let h = x;
  const blocks = countTensors(net.w, (i) => `${level}.block.${i}.norm1.weight`);
  for (let i = 0; i < blocks; i++) h = residual(net, h, `${level}.block.${i}`);
  return h;
}

function residual(net: Net, x: Value, name: string): Value {
  let h = x;
  for (const i of [1, 2])
    h = conv(net, silu(net, groupNorm(net, h, `${name}.norm${i}`, EPSILON)), `${name}.conv${i}`);
  return add(
    net,
    net.w.has(`${name}.nin_shortcut.weight`) ? conv(net, x, `${name}.nin_shortcut`) : x,
    h,
  );
}

function middle(net: Net, x: Value, name: string): Value {
  return residual(
    net,
    selfAttention(net, residual(net, x, `${name}.block_1`), `${name}.attn_1`),
    `${name}.block_2`,
  );
}

/** Self-attention with one head over all cells. */
function selfAttention(net: Net, x: Value, name: string): Value {
  const channels = net.w.shape(`${name}.norm.weight`)[0];
  const tokens = toTokens(net, groupNorm(net, x, `${name}.norm`, EPSILON), channels);
  const [q, k, v] = ['q', 'k', 'v'].map((part) => linear(net, tokens, `${name}.${part}`));
  const y = attention(net, q, k, v, { batch: batchOf(net, x), channels, heads: 1 });
  return add(net, x, fromTokens(net, linear(net, y, `${name}.proj_out`), channels, x));
}
