// The graph of SD3 and SD3.5 (arXiv 2403.03206): patches of the latent and the prompt's features
// pass through joint blocks. Token features are [B, N, hidden].
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions } from '../dit/architecture.ts';
import {
  blockSkipper,
  jointAttention,
  type MlpLayers,
  plainLayerNorm,
  tokenLinear,
  vectorMlp,
} from '../dit/blocks.ts';
import { placedPositions } from '../dit/position-table.ts';
import { add, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import type { MMDiTConfig, MMDiTModelConfig } from './config.ts';
import {
  type BlockContext,
  type JointBlockOptions,
  jointBlock,
  mlp,
  modulatedNorm,
  modulationOf,
  queryKeyValue,
  type Streams,
} from './joint-block.ts';

/** Width of the sinusoidal embedding of timesteps. */
export const TIME_WIDTH = 256;

/** The extra that adds the residuals of ControlNets. */
export const CONTROLLED = 'control';

/** The name of the input with the residual after a block, [1 or B, 1 or N, 1 or hidden]. */
export const residualInput = (block: number): string => `residual${block}`;

/**
 * Builds the graph. Inputs: those of imageTokens, contextTokens and conditionVector, `skipped` (one
 * number per block), and with the extra CONTROLLED `residual0` …; output `out` [B, N, K].
 */
export function mmditGraph(
  weights: Weights,
  config: MMDiTModelConfig,
  { int8, extras = [], observe }: DitGraphOptions,
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const see: Observer = (name, value) => observe?.(g, name, value);
  const block = blockContext(net, config, conditionVector(net));
  const skip = blockSkipper(net, config.blocks);
  let streams: Streams = { context: contextTokens(net, config), x: imageTokens(net, config) };
  for (let i = 0; i < config.blocks; i++) {
    const after = jointBlock(block, streams, `joint_blocks.${i}`, blockOptions(config, i));
    see(`joint_blocks.${i}_0`, after.context);
    see(`joint_blocks.${i}_1`, after.x);
    streams = {
      context: skip(i, streams.context, after.context),
      x: skip(i, streams.x, after.x),
    };
    if (extras.includes(CONTROLLED))
      streams = { ...streams, x: add(net, streams.x, g.input(residualInput(i), RESIDUAL)) };
  }
  const width = weights.shape('final_layer.linear.weight')[0];
  g.output('out', finalLayer(block, streams.x), ['B', 'N', width]);
  return g;
}

type Observer = (name: string, value: Value) => void;

const RESIDUAL = ['residualB', 'residualN', 'residualC'];

const blockOptions = (
  { blocks, selfAttention }: MMDiTConfig,
  index: number,
): JointBlockOptions => ({
  selfAttention: selfAttention.has(index),
  last: index === blocks - 1,
});

/** Returns what the blocks of a graph share. */
export const blockContext = (
  net: Net,
  config: BlockContext['config'],
  vector: Value,
): BlockContext => ({
  net,
  config,
  modulation: silu(net, vector),
});

/** The tokens of patches, from the input `x` [B, N, K]. */
export const patchTokens = (
  net: Net,
  { inChannels, patch }: Pick<MMDiTConfig, 'inChannels' | 'patch'>,
): Value =>
  tokenLinear(net, net.g.input('x', ['B', 'N', inChannels * patch ** 2]), 'x_embedder.proj');

/**
 * The tokens of patches with their positions. Inputs: that of patchTokens; with a table `places`
 * [N], the rows of the table, else `positions` [N, hidden].
 */
export function imageTokens(
  net: Net,
  config: Pick<MMDiTConfig, 'inChannels' | 'patch' | 'hidden' | 'tableSide'>,
): Value {
  const { hidden, tableSide } = config;
  const embedded = patchTokens(net, config);
  if (tableSide === undefined) return add(net, embedded, net.g.input('positions', ['N', hidden]));
  return add(net, embedded, placedPositions(net, TABLE));
}

const TABLE = 'pos_embed';

/** The prompt's tokens, from the input `context` [B, T, contextDim]. */
export function contextTokens(net: Net, config: MMDiTConfig): Value {
  const { contextDim, contextLayers } = config;
  let context = net.g.input('context', ['B', 'T', contextDim]);
  if (contextLayers > 0) context = processedContext(net, context, config);
  return net.w.has('context_embedder.weight')
    ? tokenLinear(net, context, 'context_embedder')
    : context;
}

/** Heads of the layers before the joint blocks. */
const CONTEXT_HEADS = 8;

/** Transformer layers without modulation on the prompt's features. */
function processedContext(net: Net, context: Value, config: MMDiTConfig): Value {
  const { contextDim, contextLayers } = config;
  const heads = { heads: CONTEXT_HEADS, depth: contextDim / CONTEXT_HEADS };
  let h = context;
  for (let i = 0; i < contextLayers; i++) {
    const name = `context_processor.layers.${i}`;
    const [q, k, v] = queryKeyValue(net, plainLayerNorm(net, h, contextDim), `${name}.attn`);
    const result = jointAttention(net, q, k, v, heads);
    h = add(net, h, tokenLinear(net, result, `${name}.attn.proj`));
    h = add(net, h, mlp(net, plainLayerNorm(net, h, contextDim), `${name}.mlp`));
  }
  return plainLayerNorm(net, h, contextDim);
}

/**
 * The embedding of timestep and pooled prompt, [B, hidden], from the inputs `time` [B, 256], the
 * sinusoidal embedding, and `y` [B, K], which passes through `embedders` in turn.
 */
export function conditionVector(
  net: Net,
  embedders: readonly MlpLayers[] = net.w.has(`${Y_EMBEDDER[0]}.weight`) ? [Y_EMBEDDER] : [],
): Value {
  const time = vectorMlp(net, net.g.input('time', ['B', TIME_WIDTH]), mlpLayers('t_embedder'));
  if (embedders.length === 0) return time;
  const width = net.w.shape(`${embedders[0][0]}.weight`)[1];
  const y = embedders.reduce(
    (vector: Value, layers) => vectorMlp(net, vector, layers),
    net.g.input('y', ['B', width]),
  );
  return add(net, time, y);
}

/** The layers of an embedder. */
export const mlpLayers = (name: string): MlpLayers => [`${name}.mlp.0`, `${name}.mlp.2`];

const Y_EMBEDDER = mlpLayers('y_embedder');

function finalLayer(block: BlockContext, x: Value): Value {
  const [shift, scale] = modulationOf(block, 'final_layer.adaLN_modulation', 2);
  return tokenLinear(block.net, modulatedNorm(block, x, shift, scale), 'final_layer.linear');
}
