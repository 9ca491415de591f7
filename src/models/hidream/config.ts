// The sizes of HiDream-I1 (arXiv 2505.22705), read from its tensors' names and shapes. ComfyUI
// writes them as constants (comfy/model_detection.py).
import { onlyResembles, unsupportedModel } from '../../formats/model-file-errors.ts';
import type { RopeAxes } from '../dit/rope.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

export interface HiDreamConfig {
  /** The width of a token inside the network. */
  readonly width: number;
  readonly heads: number;
  readonly rope: RopeAxes;
  /** Channels of the latent. */
  readonly inChannels: number;
  readonly outChannels: number;
  /** The width of T5's features, and that of each state of the language model. */
  readonly contextDim: number;
  readonly layerDim: number;
  readonly pooledDim: number;
  readonly doubleBlocks: number;
  readonly singleBlocks: number;
}

/** The side of a patch. */
export const PATCH = 2;

/** How many of its experts an image's token passes through. */
export const ACTIVE_EXPERTS = 2;

/** Heads by width, which the file does not show, and the parts of a head that each axis rotates. */
const HEADS: ReadonlyMap<number, { readonly heads: number; readonly axes: readonly number[] }> =
  new Map([
    [2560, { heads: 20, axes: [64, 32, 32] }],
    // small models for tests
    [32, { heads: 2, axes: [8, 4, 4] }],
  ]);

/** Reads the architecture. Throws DR_MODEL_UNSUPPORTED for other widths and incomplete weights. */
export function hiDreamConfig(weights: Weights): HiDreamConfig {
  const [width, patchWidth] = weights.shape('x_embedder.proj.weight');
  const found = HEADS.get(width);
  if (!found)
    throw unsupportedModel(
      weights.file,
      `is ${width} wide, where HiDream-I1 is 2560 wide`,
      onlyResembles('HiDream-I1'),
    );
  const doubleBlocks = countLayers(weights, 'double_stream_blocks');
  const singleBlocks = countLayers(weights, 'single_stream_blocks');
  return {
    width,
    heads: found.heads,
    rope: { axes: found.axes, theta: 10000 },
    inChannels: patchWidth / PATCH ** 2,
    outChannels: weights.shape('final_layer.linear.weight')[0] / PATCH ** 2,
    contextDim: weights.shape(`${captionLayer(doubleBlocks + singleBlocks)}.weight`)[1],
    layerDim: weights.shape(`${captionLayer(0)}.weight`)[1],
    pooledDim: weights.shape('p_embedder.pooled_embedder.linear_1.weight')[1],
    doubleBlocks,
    singleBlocks,
  };
}

/** The layer that projects the language model's state for a block, and after these T5's features. */
export const captionLayer = (index: number): string => `caption_projection.${index}.linear`;
