// The sizes of an Anima network (Cosmos-Predict2, NVIDIA 2025, with an adapter for the prompt),
// read from its tensors' names and shapes, as comfy/model_detection.py reads them.
import { unsupportedModel } from '../../formats/model-file-errors.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

export interface AnimaConfig {
  /** The width of a token. */
  readonly width: number;
  readonly heads: number;
  /** The width of a head. */
  readonly depth: number;
  readonly blocks: number;
  /** Channels of the latent. */
  readonly channels: number;
  /** The width of the prompt's features, of the text encoder and of the adapter. */
  readonly contextDim: number;
  readonly adapter: AdapterConfig;
}

export interface AdapterConfig {
  readonly width: number;
  /** The width of its vocabulary's vectors, and of what it returns. */
  readonly outWidth: number;
  readonly heads: number;
  readonly depth: number;
  readonly blocks: number;
}

/** The side of a patch. */
export const PATCH = 2;

const CHANNELS = 16;

/** Reads the architecture. Throws DR_MODEL_UNSUPPORTED for incomplete weights, and for videos. */
export function animaConfig(weights: Weights): AnimaConfig {
  const [width, patchWidth] = weights.shape('x_embedder.proj.1.weight');
  // a channel more says where images are padded
  const channels = patchWidth / PATCH ** 2 - 1;
  if (channels !== CHANNELS)
    throw unsupportedModel(
      weights.file,
      `takes latents of ${channels} channels, where Anima takes ${CHANNELS}`,
      'Use a model of Anima that makes pictures from prompts.',
    );
  const [depth] = weights.shape('blocks.0.self_attn.q_norm.weight');
  return {
    width,
    heads: width / depth,
    depth,
    blocks: countLayers(weights, 'blocks'),
    channels,
    contextDim: weights.shape('llm_adapter.blocks.0.cross_attn.k_proj.weight')[1],
    adapter: adapterConfig(weights),
  };
}

function adapterConfig(weights: Weights): AdapterConfig {
  const [outWidth, width] = weights.shape('llm_adapter.out_proj.weight');
  const [depth] = weights.shape('llm_adapter.blocks.0.self_attn.q_norm.weight');
  const blocks = countLayers(weights, 'llm_adapter.blocks');
  return { width, outWidth, heads: width / depth, depth, blocks };
}
