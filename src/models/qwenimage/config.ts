// The sizes of a Qwen-Image network, read from its tensors' names and shapes, as
// comfy/model_detection.py reads them. Edit and Layered have the same network.
import type { ReferenceMethod } from '../denoiser.ts';
import { axesOfHeads, type RopeAxes, THREE_AXES } from '../dit/rope.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

/** What ControlNets have too. */
export interface QwenImageStreamsConfig {
  /** The width of a token inside the network. */
  readonly width: number;
  readonly heads: number;
  readonly rope: RopeAxes;
  /** Channels of the latent. */
  readonly inChannels: number;
  readonly contextDim: number;
  readonly blocks: number;
  /** How reference images are placed where a workflow selects no method. */
  readonly method: ReferenceMethod;
  /** Whether the network embeds that a picture is one of layers, beside the time. */
  readonly hasLayers: boolean;
}

export interface QwenImageConfig extends QwenImageStreamsConfig {
  readonly outChannels: number;
}

/** The side of a patch. */
export const PATCH = 2;
/** How latents become patches. */
export const PATCHES = { side: PATCH, order: 'c ph pw' } as const;

const HEAD_NORM = 'transformer_blocks.0.attn.norm_q.weight';
/** An empty tensor, which marks Qwen-Image-Edit 2511. */
const TIME_ZERO = '__index_timestep_zero__';
/** One vector for layers and one for others, of Qwen-Image-Layered. */
export const LAYERS = 'time_text_embed.addition_t_embedding.weight';

/** Reads the architecture. Throws as qwenImageStreamsConfig does. */
export const qwenImageConfig = (weights: Weights): QwenImageConfig => ({
  ...qwenImageStreamsConfig(weights),
  outChannels: weights.shape('proj_out.weight')[0] / PATCH ** 2,
});

/**
 * Reads what precedes the last layer. Throws DR_MODEL_UNSUPPORTED for networks with other heads and
 * incomplete weights.
 */
export function qwenImageStreamsConfig(weights: Weights): QwenImageStreamsConfig {
  const [width, patchWidth] = weights.shape('img_in.weight');
  const axes = axesOfHeads(weights, HEAD_NORM, THREE_AXES, 'Qwen-Image');
  const hasLayers = weights.has(LAYERS);
  const edits = weights.has(TIME_ZERO) ? 'index_timestep_zero' : 'index';
  return {
    width,
    heads: width / weights.shape(HEAD_NORM)[0],
    rope: { axes, theta: 10000 },
    inChannels: patchWidth / PATCH ** 2,
    contextDim: weights.shape('txt_norm.weight')[0],
    blocks: countLayers(weights, 'transformer_blocks'),
    method: hasLayers ? 'negative_index' : edits,
    hasLayers,
  };
}
