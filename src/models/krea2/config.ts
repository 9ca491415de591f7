// The sizes of a Krea 2 network, read from its tensors' names and shapes, as
// comfy/model_detection.py reads them.
import type { RopeAxes } from '../dit/rope.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

/** The sizes of an attention. */
export interface AttentionSizes {
  /** The width of a token. */
  readonly width: number;
  readonly heads: number;
  /** The heads of keys and values, each of which serves equally many of the queries'. */
  readonly kvHeads: number;
  /** The width of a head. */
  readonly depth: number;
}

export interface Krea2Config {
  /** Of the blocks, and of those that fuse the prompt's states. */
  readonly image: AttentionSizes;
  readonly text: AttentionSizes;
  readonly rope: RopeAxes;
  /** Channels of the latent. */
  readonly channels: number;
  readonly blocks: number;
  /** How many states of the text encoder the prompt's features are, one beside another. */
  readonly states: number;
  /** The width of the embedding of time. */
  readonly embedding: number;
}

/** The side of a patch. */
export const PATCH = 2;

/** The lists of blocks that fuse the prompt's states: over the states, then over the tokens. */
export const LAYERWISE = 'txtfusion.layerwise_blocks';
export const REFINERS = 'txtfusion.refiner_blocks';
export const PROJECTOR = 'txtfusion.projector';
/** What a block, [6 C], and the last layer, [2, C], add to the modulations of the time. */
export const BLOCK_MODULATION = 'mod.lin';
export const LAST_MODULATION = 'last.modulation.lin';

/** Reads the architecture. Throws DR_MODEL_UNSUPPORTED for incomplete weights. */
export function krea2Config(weights: Weights): Krea2Config {
  const [, patchWidth] = weights.shape('first.weight');
  const image = attentionSizes(weights, 'blocks.0.attn');
  const each = 6 * Math.floor(image.depth / 16);
  return {
    image,
    text: attentionSizes(weights, `${LAYERWISE}.0.attn`),
    rope: { axes: [image.depth - 2 * each, each, each], theta: 1000 },
    channels: patchWidth / PATCH ** 2,
    blocks: countLayers(weights, 'blocks'),
    states: weights.shape(`${PROJECTOR}.weight`)[1],
    embedding: weights.shape('tmlp.0.weight')[1],
  };
}

function attentionSizes(weights: Weights, name: string): AttentionSizes {
  const [depth] = weights.shape(`${name}.qknorm.qnorm.scale`);
  const [queries, width] = weights.shape(`${name}.wq.weight`);
  const [keys] = weights.shape(`${name}.wk.weight`);
  return { width, heads: queries / depth, kvHeads: keys / depth, depth };
}
