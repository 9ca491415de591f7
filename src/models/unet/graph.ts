// The UNet of Stable Diffusion 1, 2 and XL (Rombach et al. 2022, Podell et al. 2023) as a graph of free batch, height, width and tokens.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import {
  add,
  attention,
  batchOf,
  conv,
  fromTokens,
  gelu,
  groupNorm,
  layerNorm,
  linear,
  type Net,
  silu,
  toTokens,
  upsampleTo,
} from '../blocks.ts';
import type { Weights } from '../weights.ts';
import type { UNetConfig, UNetLayer } from './config.ts';

/** What all layers of one evaluation see. */
interface Conditions {
  readonly batch: Value;
  /** Activated time (and ADM) embedding, [B, E]. */
  readonly embedding: Value;
  /** Token features, [B*T, contextDim]. */
  readonly context: Value;
}

/**
 * Inputs `x` [B, inChannels, H, W], `time` [B, modelChannels] (timestepEmbedding), `context` [B, T, contextDim] and, with ADM,
 * `y` [B, admChannels]; output `out` [B, outChannels, H, W].
 */
export function unetGraph(weights: Weights, config: UNetConfig): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const x = g.input('x', ['B', config.inChannels, 'H', 'W']);
  const conditions: Conditions = {
    batch: batchOf(net, x),
    embedding: embedding(net, config),
    context: g.op('Reshape', [g.input('context', ['B', 'T', config.contextDim]), g.ints([-1, config.contextDim])]),
  };

  let h = x;
  const skips: Value[] = [];
  for (const block of config.input) {
    h = run(net, block, h, conditions);
    skips.push(h);
  }
  h = run(net, config.middle, h, conditions);
  for (const block of config.output) {
    h = g.op('Concat', [h, skips.pop()!], { axis: 1 });
    h = run(net, block, h, conditions, skips.at(-1));
  }
  h = conv(net, silu(net, groupNorm(net, h, 'out.0', 1e-5)), 'out.2');
  g.output('out', h, ['B', config.outChannels, 'H', 'W']);
  return g;
}

function embedding(net: Net, config: UNetConfig): Value {
  const { g } = net;
  const twoLayers = (x: Value, first: string, second: string): Value => linear(net, silu(net, linear(net, x, first)), second);
  const time = twoLayers(g.input('time', ['B', config.modelChannels]), 'time_embed.0', 'time_embed.2');
  if (config.admChannels === 0) return silu(net, time);
  return silu(net, add(net, time, twoLayers(g.input('y', ['B', config.admChannels]), 'label_emb.0.0', 'label_emb.0.2')));
}

/** The layers of a block one after another; enlarging goes to the size of `next`, the skip that is joined after it. */
function run(net: Net, block: readonly UNetLayer[], x: Value, conditions: Conditions, next = ''): Value {
  let h = x;
  for (const layer of block) {
    switch (layer.kind) {
      case 'conv':
        h = conv(net, h, layer.name);
        break;
      case 'residual':
        h = residual(net, h, layer.name, conditions.embedding);
        break;
      case 'transformer':
        h = transformer(net, h, layer, conditions);
        break;
      case 'down':
        h = conv(net, h, `${layer.name}.op`, { stride: 2 });
        break;
      case 'up':
        h = conv(net, upsampleTo(net, h, next), `${layer.name}.conv`);
        break;
    }
  }
  return h;
}

function residual(net: Net, x: Value, name: string, embedded: Value): Value {
  const { g } = net;
  const h = conv(net, silu(net, groupNorm(net, x, `${name}.in_layers.0`, 1e-5)), `${name}.in_layers.2`);
  const shift = g.op('Unsqueeze', [linear(net, embedded, `${name}.emb_layers.1`), g.ints([2, 3])]);
  const normed = silu(net, groupNorm(net, add(net, h, shift), `${name}.out_layers.0`, 1e-5));
  const skip = net.w.has(`${name}.skip_connection.weight`) ? conv(net, x, `${name}.skip_connection`) : x;
  return add(net, skip, conv(net, normed, `${name}.out_layers.3`));
}

type Transformer = Extract<UNetLayer, { kind: 'transformer' }>;

/** Projections before and after the blocks are linears over tokens, which a 1x1 convolution is too. */
function transformer(net: Net, x: Value, layer: Transformer, conditions: Conditions): Value {
  const { name, channels, depth } = layer;
  let h = linear(net, toTokens(net, groupNorm(net, x, `${name}.norm`, 1e-6), channels), `${name}.proj_in`);
  for (let i = 0; i < depth; i++) h = transformerBlock(net, h, `${name}.transformer_blocks.${i}`, layer, conditions);
  return add(net, x, fromTokens(net, linear(net, h, `${name}.proj_out`), channels, x));
}

function transformerBlock(net: Net, x: Value, name: string, { channels, heads }: Transformer, { batch, context }: Conditions): Value {
  const attend = (queries: Value, keys: Value, at: string): Value => {
    const [q, k, v] = [linear(net, queries, `${at}.to_q`), linear(net, keys, `${at}.to_k`), linear(net, keys, `${at}.to_v`)];
    return linear(net, attention(net, q, k, v, { batch, channels, heads }), `${at}.to_out.0`);
  };
  const own = layerNorm(net, x, `${name}.norm1`);
  const h = add(net, x, attend(own, own, `${name}.attn1`));
  const h2 = add(net, h, attend(layerNorm(net, h, `${name}.norm2`), context, `${name}.attn2`));
  return add(net, h2, feedForward(net, layerNorm(net, h2, `${name}.norm3`), `${name}.ff.net`));
}

/** GEGLU (Shazeer 2020): the first half of the projection's rows is the value, the second the gate. */
function feedForward(net: Net, x: Value, name: string): Value {
  const projection = `${name}.0.proj`;
  const both = net.w.shape(`${projection}.weight`)[0];
  const value = linear(net, x, projection, [0, both / 2]);
  const gate = gelu(net, linear(net, x, projection, [both / 2, both]));
  return linear(net, net.g.op('Mul', [value, gate]), `${name}.2`);
}
