// The CLIP text transformer (Radford et al. 2021): from token embeddings to the hidden state after
// every block, with and without the final norm, and the pooled features. The token table is
// not part of the graph: the caller reads the few rows that it needs.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { batchOf, layerNorm, type Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { clipBlock } from './block.ts';
import type { ClipConfig } from './config.ts';

/** Returns the name of the output with the state after block `layer`. */
export const hiddenName = (layer: number, finalNorm: boolean): string =>
  `${finalNorm ? 'normed' : 'hidden'}_${layer}`;

/**
 * Builds the encoder's graph. Inputs `embeddings` [B, T, width] and `pool` [B, 1, T] (1 at the
 * position to pool, else 0). Outputs hidden_i and normed_i [B, T, width] for each block, `pooled`
 * [B, 1, width], `projected` [B, 1, projected] where the encoder has a projection.
 */
export function clipGraph(weights: Weights, config: ClipConfig): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const { layout, width, layers, length } = config;
  const embeddings = g.input('embeddings', ['B', length, width]);
  const pool = g.input('pool', ['B', 1, length]);
  const batch = batchOf(net, embeddings);
  const toBatch = (x: Value): Value => g.op('Reshape', [x, g.ints([-1, length, width])]);

  let x = g.op('Reshape', [
    g.op('Add', [embeddings, weights.value(g, layout.positions)]),
    g.ints([-1, width]),
  ]);
  let normed = x;
  for (let i = 0; i < layers; i++) {
    x = clipBlock(net, x, layout.block(i), batch, { ...config, causal: true });
    normed = toBatch(layerNorm(net, x, layout.finalNorm));
    g.output(hiddenName(i, false), toBatch(x), ['B', length, width]);
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

/** Returns the names of clipGraph's outputs. */
export function clipOutputs({ layers, projected }: ClipConfig): string[] {
  const hidden = Array.from({ length: layers }, (_, i) => [
    hiddenName(i, false),
    hiddenName(i, true),
  ]).flat();
  return [...hidden, 'pooled', ...(projected > 0 ? ['projected'] : [])];
}
