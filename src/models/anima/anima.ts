// Anima (CircleStone Labs 2026) as a denoiser: Cosmos-Predict2 on single frames, with prompts by
// Qwen3 0.6B and T5's vocabulary.
import { concatAxis } from '../../tensor/axes.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { createDit } from '../dit/network.ts';
import { type Patches, patchifyFrames, unpatchifyFrames } from '../dit/patches.ts';
import { ropeInputs } from '../dit/rope.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import { LEAST_TOKENS } from './adapter.ts';
import { type AnimaConfig, animaConfig, PATCH } from './config.ts';
import { animaGraph, EXTRAS } from './graph.ts';
import { imageRotations, promptRotations } from './positions.ts';

const IN_PATCHES: Patches = { side: PATCH, order: 'c ph pw' };
const OUT_PATCHES: Patches = { side: PATCH, order: 'ph pw c' };

export const anima: Architecture<AnimaConfig> = {
  name: 'Anima',
  config: animaConfig,
  sizes: ({ channels, contextDim }) => ({
    inChannels: channels,
    outChannels: channels,
    contextDim,
    admChannels: 0,
  }),
  int8: largeLayers(/^llm_adapter|^x_embedder|^t_embedder|adaln_modulation|^final_layer/),
  // the original adds up the blocks' results in float32
  float16: false,
  floatsPerToken: ({ width }) => 16 * width,
  refusedPatches: ['hyperTile', 'tokenMerging', 'hypernetwork'],
  extras: (_, { tokens }) => (tokens ? [EXTRAS.adapter] : []),
  graph: animaGraph,
  inputs: graphInputs,
  output: ({ channels }, out, { x }) => unpatchifyFrames(out, x, channels, OUT_PATCHES),
};

/** Creates an Anima network. Throws DR_MODEL_UNSUPPORTED for other weights. */
export const createAnima = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, anima);

function graphInputs(config: AnimaConfig, inputs: DenoiserInputs): Record<string, Tensor> {
  const { x, context, timesteps, tokens } = inputs;
  return {
    x: patchifyFrames(withoutPadding(x), IN_PATCHES),
    context,
    time: timestepEmbedding(timesteps, config.width),
    ...ropeInputs('rope', imageRotations(config, x)),
    ...(tokens && adapterInputs(config, context, tokens)),
  };
}

function adapterInputs(
  { adapter: { depth, outWidth } }: AnimaConfig,
  context: Tensor,
  tokens: Tensor,
): Record<string, Tensor> {
  const [batch, length] = tokens.shape;
  return {
    tokens,
    padding: zeros([batch, Math.max(0, LEAST_TOKENS - length), outWidth]),
    ...ropeInputs('token', promptRotations(length, depth)),
    ...ropeInputs('state', promptRotations(context.shape[1], depth)),
  };
}

/** Appends the channel that says where a latent is padded: nowhere. */
function withoutPadding(x: Tensor): Tensor {
  const [batch, , ...rest] = x.shape;
  return concatAxis([x, zeros([batch, 1, ...rest])], 1);
}
