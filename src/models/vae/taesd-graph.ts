// TAESD (github.com/madebyollin/taesd): a small autoencoder whose modules are numbered in a
// sequence: convolutions, blocks of three convolutions with a shortcut, and, where a number has no
// tensors, an activation or an upsampling. That of FLUX.2 adds wide 1x1 convolutions to the blocks
// at the size of its latents, and joins 2 x 2 cells of these to one.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { add, conv, groupNorm, type Net, upsampleNearest2x } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { joinCells, joinedCells, splitCells } from './joined-cells.ts';

/**
 * Relation of the latents: network's = (VAE's - shift) x scale. Some files contain both numbers as
 * tensors.
 */
export interface TaesdScale {
  readonly scale: number;
  readonly shift: number;
}

/** Of the convolutions that FLUX.2's blocks have beside those of others. */
const POOL_GROUPS = 4;
const POOL_EPSILON = 1e-5;

/** Returns the number of latent channels. */
export const taesdLatentChannels = (decoder: Weights): number =>
  decoder.shape('1.weight')[1] * joinedCells(decoder) ** 2;

/**
 * Builds the encoder. Input `x` [B, 3, H, W] in -1..1, sides multiples of the factor f (8, of
 * FLUX.2 16); output `out` [B, latentChannels, H/f, W/f]. `weights`: the sequence.
 */
export function taesdEncoderGraph(weights: Weights, { scale, shift }: TaesdScale): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const x = g.input('x', ['B', 3, 'H', 'W']);
  let h = g.op('Add', [g.op('Mul', [x, g.floats([0.5])]), g.floats([0.5])]);
  let last = 0;
  for (let i = 0; weights.hasPrefix(`${i}.`); i++) {
    // convolutions without bias halve the size
    const downsamples = weights.has(`${i}.weight`) && !weights.has(`${i}.bias`);
    h = layer(net, h, `${i}`, downsamples ? 2 : 1);
    last = i;
  }
  const [channels] = weights.shape(`${last}.weight`);
  const side = joinedCells(weights);
  if (side > 1) h = joinCells(g, h, channels, side);
  h = g.op('Add', [g.op('Div', [h, g.floats([scale])]), g.floats([shift])]);
  g.output('out', h, ['B', channels * side ** 2, 'h', 'w']);
  return g;
}

/**
 * Builds the decoder. Input `x` [B, latentChannels, H, W]; output `out` [B, 3, fH, fW], roughly in
 * -1..1. `weights`: the sequence.
 */
export function taesdDecoderGraph(weights: Weights, { scale, shift }: TaesdScale): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const x = g.input('x', ['B', taesdLatentChannels(weights), 'H', 'W']);
  const side = joinedCells(weights);
  const cells = side > 1 ? splitCells(g, x, side) : x;
  const scaled = g.op('Mul', [g.op('Sub', [cells, g.floats([shift])]), g.floats([scale])]);
  const clamped = g.op('Mul', [
    g.op('Tanh', [g.op('Div', [scaled, g.floats([3])])]),
    g.floats([3]),
  ]);
  let h = g.op('Relu', [conv(net, clamped, '1')]);
  for (let i = 3; hasModule(weights, i); i++)
    h = weights.hasPrefix(`${i}.`) ? layer(net, h, `${i}`, 1) : upsampleNearest2x(net, h);
  const out = g.op('Mul', [g.op('Sub', [h, g.floats([0.5])]), g.floats([2])]);
  g.output('out', out, ['B', 3, 'h', 'w']);
  return g;
}

/**
 * Whether module i exists: it has tensors, or it is an upsampling (no tensors) followed by a
 * convolution.
 */
const hasModule = (weights: Weights, i: number): boolean =>
  weights.hasPrefix(`${i}.`) || weights.hasPrefix(`${i + 1}.`);

function layer(net: Net, x: Value, name: string, stride: number): Value {
  if (net.w.has(`${name}.weight`)) return conv(net, x, name, { stride });
  const relu = (value: Value): Value => net.g.op('Relu', [value]);
  const pool = `${name}.pool`;
  const wide = (): Value =>
    relu(groupNorm(net, conv(net, x, `${pool}.0`), `${pool}.1`, POOL_EPSILON, POOL_GROUPS));
  const h = net.w.has(`${pool}.0.weight`) ? add(net, x, conv(net, wide(), `${pool}.3`)) : x;
  const inner = relu(conv(net, relu(conv(net, h, `${name}.conv.0`)), `${name}.conv.2`));
  const shortcut = net.w.has(`${name}.skip.weight`) ? conv(net, h, `${name}.skip`) : h;
  return relu(add(net, conv(net, inner, `${name}.conv.4`), shortcut));
}
