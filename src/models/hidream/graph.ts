// The graph of HiDream-I1 (comfy/ldm/hidream/model.py): embeddings, blocks, the final layer. Each
// block sees the state of the language model of its own number beside the prompt's tokens.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions } from '../dit/architecture.ts';
import {
  joinTokens,
  modulatedNorm,
  modulationChunks,
  ropeRotations,
  tokenLinear,
  tokensLike,
  vectorMlp,
} from '../dit/blocks.ts';
import { add, linear, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { type BlockContext, doubleBlock, singleBlock } from './blocks.ts';
import { captionLayer, type HiDreamConfig, PATCH } from './config.ts';

/** The width of the embedding of time. */
export const EMBEDDING = 256;

const TIME = embedderLayers('t_embedder.timestep_embedder');
const POOLED = embedderLayers('p_embedder.pooled_embedder');

/**
 * Builds the graph. Inputs: `x` [B, N, K], `context` [B, T, contextDim], `layers` [B, S, L *
 * layerDim], `y` [B, pooledDim], `time` [B, EMBEDDING], the rotations `rope` of the image, of the
 * prompt and of one state of `layers`; output `out` [B, N, K].
 */
export function hiDreamGraph(
  weights: Weights,
  config: HiDreamConfig,
  { int8, observe = () => undefined }: DitGraphOptions,
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const { doubleBlocks, singleBlocks, inChannels, outChannels, width, rope } = config;
  const at: BlockContext = {
    ...config,
    net,
    condition: silu(net, conditionVector(net, config)),
    rotations: ropeRotations(net, rope),
  };
  const stateFor = layerStates(net, config);
  let image = tokenLinear(
    net,
    g.input('x', ['B', 'N', inChannels * PATCH ** 2]),
    'x_embedder.proj',
  );
  const patches = image;
  const context = g.input('context', ['B', 'T', config.contextDim]);
  const blocks = doubleBlocks + singleBlocks;
  let prompt = joinTokens(net, [
    tokenLinear(net, context, captionLayer(blocks)),
    stateFor(blocks - 1),
  ]);
  for (let i = 0; i < doubleBlocks; i++) {
    const before = joinTokens(net, [prompt, stateFor(i)]);
    const after = doubleBlock(at, `double_stream_blocks.${i}.block`, [image, before]);
    image = after[0];
    observe(g, `double_stream_blocks.${i}_0`, image);
    observe(g, `double_stream_blocks.${i}_1`, after[1]);
    prompt = tokensLike(net, after[1], prompt);
  }
  let tokens = joinTokens(net, [image, prompt]);
  for (let i = 0; i < singleBlocks; i++) {
    const before = joinTokens(net, [tokens, stateFor(doubleBlocks + i)]);
    const after = singleBlock(at, `single_stream_blocks.${i}.block`, before);
    observe(g, `single_stream_blocks.${i}_0`, after);
    tokens = tokensLike(net, after, tokens);
  }
  const modulation = linear(net, at.condition, 'final_layer.adaLN_modulation.1');
  const [shift, scale] = modulationChunks(net, modulation, 2, width);
  const last = modulatedNorm(at, tokensLike(net, tokens, patches), shift, scale);
  const out = g.op('Neg', [tokenLinear(net, last, 'final_layer.linear')]);
  g.output('out', out, ['B', 'N', outChannels * PATCH ** 2]);
  return g;
}

function embedderLayers(name: string): readonly [string, string] {
  return [`${name}.linear_1`, `${name}.linear_2`];
}

/** The embedding of time and pooled prompt, [B, width]. */
function conditionVector(net: Net, { pooledDim }: HiDreamConfig): Value {
  const { g } = net;
  const time = vectorMlp(net, g.input('time', ['B', EMBEDDING]), TIME);
  return add(net, time, vectorMlp(net, g.input('y', ['B', pooledDim]), POOLED));
}

/**
 * Returns a function for the projected state [B, S, width] for a block: that of its own number, the
 * last one for all blocks behind it.
 */
function layerStates(net: Net, { layerDim }: HiDreamConfig): (block: number) => Value {
  const { g } = net;
  const layers = g.input('layers', ['B', 'S', 'L']);
  const end = g.op('Shape', [layers], { start: 2, end: 3 });
  const last = g.op('Sub', [end, g.ints([layerDim])]);
  return (block) => {
    const from = g.op('Min', [g.ints([block * layerDim]), last]);
    const to = g.op('Add', [from, g.ints([layerDim])]);
    return tokenLinear(net, g.op('Slice', [layers, from, to, g.ints([2])]), captionLayer(block));
  };
}
