// The sizes of a Qwen-Image 2.1 network, read from its tensors' names and shapes, as
// comfy/model_detection.py reads them.
import { axesOfHeads, type RopeAxes, THREE_AXES } from '../dit/rope.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

export interface QwenImage21Config {
  /** The width of a token inside the network. */
  readonly width: number;
  readonly heads: number;
  readonly rope: RopeAxes;
  /** Channels of the latent. */
  readonly inChannels: number;
  readonly outChannels: number;
  readonly contextDim: number;
  readonly blocks: number;
  /** Whether the first two layers of an MLP are one, as published: the gate, then the other. */
  readonly hasJoinedGates: boolean;
}

const HEAD_NORM = 'transformer_blocks.0.attn.norm_q.weight';

/** The layer that joins the two first ones of an MLP. */
export const JOINED_GATES = 'img_mlp.gate_up';

/**
 * Reads the architecture. Throws DR_MODEL_UNSUPPORTED for networks with other heads and incomplete
 * weights.
 */
export function qwenImage21Config(weights: Weights): QwenImage21Config {
  const [width, inChannels] = weights.shape('img_in.weight');
  const axes = axesOfHeads(weights, HEAD_NORM, THREE_AXES, 'Qwen-Image 2.1');
  return {
    width,
    heads: width / weights.shape(HEAD_NORM)[0],
    rope: { axes, theta: 10000 },
    inChannels,
    outChannels: weights.shape('proj_out.weight')[0],
    contextDim: weights.shape('txt_in.text_norm.weight')[0],
    blocks: countLayers(weights, 'transformer_blocks'),
    hasJoinedGates: weights.has(`transformer_blocks.0.${JOINED_GATES}.weight`),
  };
}
