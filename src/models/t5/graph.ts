// T5's encoder, version 1.1 (Raffel et al. 2020; Shazeer 2020): blocks of x + attention(norm(x)),
// then x + (gelu(wi_0 x) * wi_1 x) wo, with RMSNorm and without biases. Attention is not scaled; a
// bias of relative positions is added to its products.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { type LayerOutput, outputStates } from '../clip/sequence-encoder.ts';
import { geluTanh, jointAttention, rmsNorm, tokenLinear } from '../dit/blocks.ts';
import type { Net } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { type T5Config, t5Bias, t5Block } from './config.ts';

const EPSILON = 1e-6;

/**
 * Builds the encoder up to an output. Inputs `embeddings` [B, T, width], `buckets` [1, T, T] and
 * `hiding` [C, 1, 1, T] (hidingBias of buckets.ts); output `hidden` [B, T, width].
 */
export function t5Graph(weights: Weights, config: T5Config, output: LayerOutput): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  let x = g.input('embeddings', ['B', 'T', config.width]);
  const buckets = g.op('Cast', [g.input('buckets', [1, 'T', 'T'])], { to: INT64 });
  const hiding = g.input('hiding', ['C', 1, 1, 'T']);
  let bias: Value = '';
  const states: Value[] = [];
  for (let i = 0; i <= Math.max(...output.indexes); i++) {
    if (weights.has(t5Bias(i))) bias = positionBias(net, t5Bias(i), buckets, hiding);
    x = block(net, x, t5Block(i), bias, config);
    states.push(x);
  }
  const state = (index: number, isNormed: boolean): Value =>
    isNormed
      ? rmsNorm(net, states[index], 'encoder.final_layer_norm.weight', EPSILON)
      : states[index];
  outputStates(g, output, state, config);
  return g;
}

/** ONNX's number of int64. */
const INT64 = 7;

/** [1, T, T] buckets -> [1 or B, heads, T, T] biases. */
function positionBias({ g, w }: Net, name: string, buckets: Value, hiding: Value): Value {
  const rows = g.op('Gather', [w.value(g, name), buckets], { axis: 0 });
  const bias = g.op('Transpose', [rows], { perm: [0, 3, 1, 2] });
  return g.op('Add', [hiding, bias]);
}

function block(net: Net, x: Value, name: string, bias: Value, { heads, depth }: T5Config): Value {
  const { g } = net;
  const attention = `${name}.layer.0.SelfAttention`;
  const normed = rmsNorm(net, x, `${name}.layer.0.layer_norm.weight`, EPSILON);
  const [q, k, v] = ['q', 'k', 'v'].map((part) => tokenLinear(net, normed, `${attention}.${part}`));
  const attended = jointAttention(net, q, k, v, { heads, depth, bias, scale: 1 });
  const y = g.op('Add', [x, tokenLinear(net, attended, `${attention}.o`)]);
  const dense = `${name}.layer.1.DenseReluDense`;
  const wide = rmsNorm(net, y, `${name}.layer.1.layer_norm.weight`, EPSILON);
  const gate = geluTanh(net, tokenLinear(net, wide, `${dense}.wi_0`));
  const gated = g.op('Mul', [gate, tokenLinear(net, wide, `${dense}.wi_1`)]);
  return g.op('Add', [y, tokenLinear(net, gated, `${dense}.wo`)]);
}
