// The CLIP text transformer (Radford et al. 2021): token embeddings in; the state after every block, with and without the final
// norm, and the pooled features out. The token table stays outside: its few rows are looked up by the caller.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import {
  add,
  attention,
  batchOf,
  gelu,
  layerNorm,
  linear,
  type Net,
  quickGelu,
} from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import type { ClipBlock, ClipConfig } from './config.ts';

export const hiddenName = (layer: number, finalNorm: boolean): string =>
  `${finalNorm ? 'normed' : 'hidden'}_${layer}`;

/**
 * Inputs `embeddings` [B, T, width] and `pool` [B, 1, T] (1 at the position to pool, else 0).
 * Outputs hidden_i and normed_i [B, T, width] for each block, `pooled` [B, 1, width], `projected` [B, 1, projected] where there is one.
 */
export function clipGraph(weights: Weights, config: ClipConfig): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const { layout, width, layers, length } = config;
  const embeddings = g.input('embeddings', ['B', length, width]);
  const pool = g.input('pool', ['B', 1, length]);
  const batch = batchOf(net, embeddings);
  const wide = (x: Value): Value => g.op('Reshape', [x, g.ints([-1, length, width])]);

  let x = g.op('Reshape', [
    g.op('Add', [embeddings, weights.value(g, layout.positions)]),
    g.ints([-1, width]),
  ]);
  let normed = x;
  for (let i = 0; i < layers; i++) {
    x = block(net, x, layout.block(i), batch, config);
    normed = wide(layerNorm(net, x, layout.finalNorm));
    g.output(hiddenName(i, false), wide(x), ['B', length, width]);
    g.output(hiddenName(i, true), normed, ['B', length, width]);
  }
  const pooled = g.op('MatMul', [pool, normed]);
  g.output('pooled', pooled, ['B', 1, width]);
  if (config.projected > 0) {
    const flat = g.op('Reshape', [pooled, g.ints([-1, width])]);
    const y = g.op('Gemm', [flat, weights.value(g, layout.projection)], {
      transB: layout.projectionTransposed ? 0 : 1,
    });
    g.output('projected', g.op('Reshape', [y, g.ints([-1, 1, config.projected])]), [
      'B',
      1,
      config.projected,
    ]);
  }
  return g;
}

/** The outputs of clipGraph. */
export function clipOutputs({ layers, projected }: ClipConfig): string[] {
  const hidden = Array.from({ length: layers }, (_, i) => [
    hiddenName(i, false),
    hiddenName(i, true),
  ]).flat();
  return [...hidden, 'pooled', ...(projected > 0 ? ['projected'] : [])];
}

function block(
  net: Net,
  x: Value,
  names: ClipBlock,
  batch: Value,
  { width, heads, activation }: ClipConfig,
): Value {
  const [q, k, v] = projections(net, layerNorm(net, x, names.norm1), names.qkv, width);
  const attended = attention(net, q, k, v, { batch, channels: width, heads, causal: true });
  const y = add(net, x, linear(net, attended, names.out));
  const up = linear(net, layerNorm(net, y, names.norm2), names.up);
  const act = activation === 'gelu' ? gelu(net, up) : quickGelu(net, up);
  return add(net, y, linear(net, act, names.down));
}

function projections(net: Net, x: Value, qkv: ClipBlock['qkv'], width: number): Value[] {
  const { g, w } = net;
  if (!('weight' in qkv)) return qkv.map((name) => linear(net, x, name));
  return [0, 1, 2].map((i) => {
    const rows = [i * width, (i + 1) * width] as const;
    return g.op(
      'Gemm',
      [x, w.value(g, qkv.weight, { rows, after: x }), w.value(g, qkv.bias, { rows })],
      { transB: 1 },
    );
  });
}
