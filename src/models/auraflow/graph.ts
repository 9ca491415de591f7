// The graph of AuraFlow (comfy/ldm/aura/mmdit.py): embeddings, blocks, the final layer.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions, Observe } from '../dit/architecture.ts';
import {
  blockSkipper,
  joinTokens,
  modulate,
  modulationChunks,
  tokenLinear,
  tokensAfter,
  vectorMlp,
} from '../dit/blocks.ts';
import { blendedPositions, placedPositions } from '../dit/position-table.ts';
import { add, linear, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { doubleBlock, singleBlock } from './blocks.ts';
import { type AuraFlowConfig, PATCH, POSITIONS } from './config.ts';

/** The width of the embedding of time. */
export const EMBEDDING = 256;

/** What graphs have beside the plain one: a table of positions that is resized. */
export const RESIZED = 'resized';

/**
 * Builds the graph. Inputs: `x` [B, N, K], `context` [B, T, contextDim], `time` [B, EMBEDDING],
 * those of placedPositions, or with RESIZED of blendedPositions, and `skipped`; output `out` [B, N, K].
 */
export function auraFlowGraph(
  weights: Weights,
  config: AuraFlowConfig,
  { extras = [], int8, observe = () => undefined }: DitGraphOptions,
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const { width, doubleBlocks, singleBlocks } = config;
  const embeddedTime = vectorMlp(net, g.input('time', ['B', EMBEDDING]), TIME_MLP);
  observe(g, 't_embedder_0', embeddedTime);
  const at = { ...config, net, time: silu(net, embeddedTime) };
  let image = imageTokens(net, config, extras, observe);
  let prompt = promptTokens(net, config, observe);
  const skip = blockSkipper(net, doubleBlocks + singleBlocks);
  for (let i = 0; i < doubleBlocks; i++) {
    const after = doubleBlock(at, `double_layers.${i}`, [prompt, image]);
    prompt = skip(i, prompt, after[0]);
    image = skip(i, image, after[1]);
    observe(g, `double_layers.${i}_0`, prompt);
    observe(g, `double_layers.${i}_1`, image);
  }
  let tokens = joinTokens(net, [prompt, image]);
  for (let i = 0; i < singleBlocks; i++) {
    const after = singleBlock(at, `single_layers.${i}`, tokens);
    tokens = skip(doubleBlocks + i, tokens, after);
    observe(g, `single_layers.${i}_0`, tokens);
  }
  const modulation = linear(net, at.time, 'modF.1');
  observe(g, 'modF_0', modulation);
  const [shift, scale] = modulationChunks(net, modulation, 2, width);
  const last = modulate(net, tokensAfter(net, tokens, prompt), scale, shift);
  const out = tokenLinear(net, last, 'final_linear');
  observe(g, 'final_linear_0', out);
  g.output('out', out, ['B', 'N', config.outChannels * PATCH ** 2]);
  return g;
}

const TIME_MLP = ['t_embedder.mlp.0', 't_embedder.mlp.2'] as const;

/** The tokens of the latent, at their positions. */
function imageTokens(
  net: Net,
  { inChannels }: AuraFlowConfig,
  extras: readonly string[],
  observe: Observe,
): Value {
  const { g } = net;
  const patches = g.input('x', ['B', 'N', inChannels * PATCH ** 2]);
  const embedded = tokenLinear(net, patches, 'init_x_linear');
  observe(g, 'init_x_linear_0', embedded);
  const positions = extras.includes(RESIZED) ? blendedPositions : placedPositions;
  return add(net, embedded, positions(net, POSITIONS));
}

/** The tokens of the prompt, behind those of the registers. */
function promptTokens(net: Net, { contextDim, width }: AuraFlowConfig, observe: Observe): Value {
  const { g, w } = net;
  const context = tokenLinear(net, g.input('context', ['B', 'T', contextDim]), 'cond_seq_linear');
  observe(g, 'cond_seq_linear_0', context);
  const batch = g.op('Shape', [context], { start: 0, end: 1 });
  const size = g.op('Concat', [batch, g.ints([1, width])], { axis: 0 });
  const registers = g.op('Expand', [w.value(g, 'register_tokens'), size]);
  return joinTokens(net, [registers, context]);
}
