// The sizes of a FLUX.1 network, read from its tensors' names and shapes (layout.ts), as
// comfy/model_detection.py reads them. Chroma has the same blocks.
import { unsupportedModel } from '../../formats/model-file-errors.ts';
import type { RopeAxes } from '../dit/rope.ts';
import type { Weights } from '../weights/tensors.ts';

/** The sizes of the blocks, which Chroma and ControlNets share. */
export interface FluxStreamsConfig {
  /** The width of a token inside the network. */
  readonly width: number;
  readonly heads: number;
  readonly rope: RopeAxes;
  /** Channels of the latent, those of concatenated images and masks (Fill) included. */
  readonly inChannels: number;
  readonly contextDim: number;
  readonly doubleBlocks: number;
  readonly singleBlocks: number;
}

export interface FluxBlocksConfig extends FluxStreamsConfig {
  readonly outChannels: number;
}

/** The vectors beside the time that FLUX.1 and its ControlNets embed. */
export interface FluxVectors {
  /** Width of the pooled prompt; 0 for models without one. */
  readonly vectorDim: number;
  /** Whether the network has an embedding of the distilled guidance (dev; schnell has none). */
  readonly hasGuidance: boolean;
}

export type FluxConfig = FluxBlocksConfig & FluxVectors;

/** The side of a patch. */
export const PATCH = 2;

/** What a file does not show: the parts of a head that each axis rotates, by the head's width. */
const AXES: Readonly<Record<number, readonly number[]>> = {
  128: [16, 56, 56],
  // small models for tests
  16: [4, 6, 6],
};
const THETA = 10000;

/**
 * Reads the sizes of the blocks. Throws DR_MODEL_UNSUPPORTED for networks with other heads, other
 * MLPs and incomplete weights.
 */
export function fluxStreamsConfig(weights: Weights): FluxStreamsConfig {
  const [width, patchWidth] = weights.shape('img_in.weight');
  const [headWidth] = weights.shape('double_blocks.0.img_attn.norm.query_norm.weight');
  const axes = AXES[headWidth];
  if (!axes)
    throw unsupportedModel(
      weights.file,
      `has attention heads of width ${headWidth}, where FLUX has 128`,
      'The file is damaged, or of an architecture that resembles FLUX.',
    );
  const doubleBlocks = countBlocks(weights, 'double_blocks.');
  const singleBlocks = countBlocks(weights, 'single_blocks.');
  for (let i = 0; i < doubleBlocks; i++)
    for (const stream of ['img', 'txt']) {
      const block = `double_blocks.${i}.${stream}`;
      checkShape(weights, `${block}_attn.qkv.weight`, [3 * width, width]);
      checkShape(weights, `${block}_mlp.0.weight`, [MLP_RATIO * width, width]);
    }
  for (let i = 0; i < singleBlocks; i++)
    checkShape(weights, `single_blocks.${i}.linear1.weight`, [(3 + MLP_RATIO) * width, width]);
  return {
    width,
    heads: width / headWidth,
    rope: { axes, theta: THETA },
    inChannels: patchWidth / PATCH ** 2,
    contextDim: weights.shape('txt_in.weight')[1],
    doubleBlocks,
    singleBlocks,
  };
}

/** Reads the sizes of a whole network. Throws as fluxStreamsConfig does. */
export const fluxBlocksConfig = (weights: Weights): FluxBlocksConfig => ({
  ...fluxStreamsConfig(weights),
  outChannels: weights.shape('final_layer.linear.weight')[0] / PATCH ** 2,
});

/** The width of an MLP's inner layer in widths of a token. */
export const MLP_RATIO = 4;

/** Reads the architecture of FLUX.1. Throws as fluxStreamsConfig does. */
export const fluxConfig = (weights: Weights): FluxConfig => ({
  ...fluxBlocksConfig(weights),
  ...fluxVectors(weights),
});

/** Reads which vectors the network embeds. */
export const fluxVectors = (weights: Weights): FluxVectors => ({
  vectorDim: weights.has('vector_in.in_layer.weight')
    ? weights.shape('vector_in.in_layer.weight')[1]
    : 0,
  hasGuidance: weights.has('guidance_in.in_layer.weight'),
});

/** Counts consecutively numbered blocks. */
function countBlocks(weights: Weights, list: string): number {
  let count = 0;
  while (weights.hasPrefix(`${list}${count}.`)) count++;
  return count;
}

function checkShape(weights: Weights, name: string, shape: readonly number[]): void {
  const stored = weights.shape(name);
  if (`${stored}` === `${shape}`) return;
  throw unsupportedModel(
    weights.file,
    `has ${name} of shape [${stored}], where FLUX has [${shape}]`,
    'The file is damaged, or of an architecture that resembles FLUX.',
  );
}
