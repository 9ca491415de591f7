// The decoder of Llama (Touvron et al. 2023) with the variations of Qwen3, Gemma 2 and Mistral:
// blocks of x + attention(norm(x)), then x + MLP(norm(x)), with RMSNorm, grouped queries (Ainslie
// et al. 2023), rotary positions and a gated MLP.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { type LayerOutput, outputStates } from '../clip/sequence-encoder.ts';
import {
  geluTanh,
  headRmsNorm,
  jointAttention,
  type Rotations,
  rmsNorm,
  rmsNormBy,
  rotateHalves,
  rotationInputs,
  tokenLinear,
} from '../dit/blocks.ts';
import { add, type Net, silu } from '../layers/blocks.ts';
import { deepstackName } from '../qwenvl/qwen3-graph.ts';
import type { Weights } from '../weights/tensors.ts';
import { LLM_NORM, type LlmConfig, llmLayer } from './config.ts';

/** What all layers attend with. */
interface Positions {
  readonly rotations: Rotations;
  readonly bias: Value;
}

/**
 * Builds the model up to an output. Inputs `embeddings` [B, T, width], `textCos` and `textSin` [T,
 * depth / 2], `bias` [B or 1, 1, T, T], and for the first layers deepstackName(…) [1, T or 1,
 * width], which is added to their results; output `hidden` [B, T, width], wider with several
 * states.
 */
export function llmGraph(weights: Weights, config: LlmConfig, output: LayerOutput): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  let x = g.input('embeddings', ['B', 'T', config.width]);
  const positions = {
    rotations: rotationInputs(net, 'text', config.depth / 2),
    bias: g.input('bias', ['C', 1, 'T', 'T']),
  };
  const states: Value[] = [];
  for (let i = 0; i <= Math.max(...output.indexes); i++) {
    x = layer(net, x, llmLayer(i), positions, config);
    if (i < (config.deepstack ?? 0))
      x = add(net, x, g.input(deepstackName(i), [1, 'S', config.width]));
    states.push(x);
  }
  const state = (index: number, isNormed: boolean): Value =>
    isNormed ? norm(net, states[index], LLM_NORM, config) : states[index];
  outputStates(g, output, state, config);
  return g;
}

/** RMSNorm; 1 + weight is rounded to the type that the file stores weights in. */
function norm(net: Net, x: Value, name: string, { addsOne, epsilon }: LlmConfig): Value {
  const { g, w } = net;
  const weight = `${name}.weight`;
  if (!addsOne) return rmsNorm(net, x, weight, epsilon);
  const sum = g.op('Add', [w.value(g, weight), g.floats([1])]);
  const type = w.typeOf(weight);
  const factor = type === 'f32' || type === 'f64' ? sum : g.round(sum, type);
  return rmsNormBy(net, x, factor, epsilon);
}

function layer(net: Net, x: Value, name: string, positions: Positions, config: LlmConfig): Value {
  const { g } = net;
  const result = (y: Value, after: string): Value =>
    config.normsResults ? norm(net, y, `${name}.${after}`, config) : y;
  const attended = attend(
    net,
    norm(net, x, `${name}.input_layernorm`, config),
    name,
    positions,
    config,
  );
  const y = g.op('Add', [x, result(attended, 'post_attention_layernorm')]);
  const before = config.normsResults ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
  const wide = mlp(net, norm(net, y, `${name}.${before}`, config), `${name}.mlp`, config);
  return g.op('Add', [y, result(wide, 'post_feedforward_layernorm')]);
}

function attend(
  net: Net,
  x: Value,
  name: string,
  { rotations, bias }: Positions,
  { heads, kvHeads, depth, normsHeads, epsilon }: LlmConfig,
): Value {
  const at = `${name}.self_attn`;
  const rotated = (part: 'q' | 'k', count: number): Value => {
    const y = tokenLinear(net, x, `${at}.${part}_proj`);
    const normed = normsHeads
      ? headRmsNorm(net, y, `${at}.${part}_norm.weight`, count, epsilon)
      : y;
    return rotateHalves(net, normed, rotations);
  };
  const v = tokenLinear(net, x, `${at}.v_proj`);
  const mixed = jointAttention(net, rotated('q', heads), rotated('k', kvHeads), v, {
    heads,
    kvHeads,
    depth,
    bias,
  });
  return tokenLinear(net, mixed, `${at}.o_proj`);
}

function mlp(net: Net, x: Value, name: string, { activation }: LlmConfig): Value {
  const gate = tokenLinear(net, x, `${name}.gate_proj`);
  const activated = activation === 'silu' ? silu(net, gate) : geluTanh(net, gate);
  const gated = net.g.op('Mul', [activated, tokenLinear(net, x, `${name}.up_proj`)]);
  return tokenLinear(net, gated, `${name}.down_proj`);
}
