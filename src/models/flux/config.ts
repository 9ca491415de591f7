// The sizes of a FLUX network, read from its tensors' names and shapes (layout.ts), as
// comfy/model_detection.py reads them. Chroma has the blocks of FLUX.1.
import { onlyResembles, unsupportedModel } from '../../formats/model-file-errors.ts';
import type { ReferenceMethod } from '../denoiser.ts';
import { axesOfHeads, type RopeAxes, THREE_AXES } from '../dit/rope.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

/** What the networks of FLUX.1 and FLUX.2 differ in beside their sizes. */
export interface FluxVersion {
  readonly name: string;
  /** The side of a patch. */
  readonly patch: number;
  readonly mlp: {
    /** The width of its inner layer in widths of a token. */
    readonly ratio: number;
    /** SwiGLU in place of GELU. */
    readonly isGated: boolean;
  };
  /** Whether the blocks share one modulation of each kind. */
  readonly sharesModulations: boolean;
  readonly theta: number;
  /** What a file does not show: the parts of a head that each axis rotates, by the head's width. */
  readonly axes: Readonly<Record<number, readonly number[]>>;
  /** The axes that tokens of a prompt are counted on; without any they are all at the origin. */
  readonly promptAxes: readonly number[];
  /** Images are one further on the first axis, and on the others behind the prompt. */
  readonly imagesFollowPrompt?: boolean;
  /** Prompts of fewer tokens are preceded by zeros. */
  readonly minPromptTokens: number;
  readonly references: {
    /** Where a workflow selects no method. */
    readonly method: ReferenceMethod;
    /** The distance of reference images on the first axis. */
    readonly distance: number;
    /** Whether their tokens can be modulated by time 0. */
    readonly hasTimeZero: boolean;
  };
}

export const FLUX_1: FluxVersion = {
  name: 'FLUX.1',
  patch: 2,
  mlp: { ratio: 4, isGated: false },
  sharesModulations: false,
  theta: 10000,
  axes: THREE_AXES,
  promptAxes: [],
  minPromptTokens: 0,
  references: { method: 'offset', distance: 1, hasTimeZero: false },
};

/** FLUX.2 (Black Forest Labs 2025): dev, klein. Its autoencoder joins four cells to one. */
export const FLUX_2: FluxVersion = {
  name: 'FLUX.2',
  patch: 1,
  mlp: { ratio: 3, isGated: true },
  sharesModulations: true,
  theta: 2000,
  axes: {
    128: [32, 32, 32, 32],
    // small models for tests
    16: [4, 4, 4, 4],
  },
  promptAxes: [3],
  minPromptTokens: 512,
  references: { method: 'index', distance: 10, hasTimeZero: true },
};

/** LongCat-Image (Meituan 2025): FLUX.1 without a pooled prompt and with other positions. */
export const LONGCAT: FluxVersion = {
  ...FLUX_1,
  name: 'LongCat-Image',
  promptAxes: [1, 2],
  imagesFollowPrompt: true,
};

/** The sizes of the blocks, which Chroma and ControlNets share. */
export interface FluxStreamsConfig {
  readonly version: FluxVersion;
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

/** The vectors beside the time that FLUX and its ControlNets embed. */
export interface FluxVectors {
  /** Width of the pooled prompt; 0 for models without one. */
  readonly vectorDim: number;
  /** Whether the network has an embedding of the distilled guidance (dev; schnell has none). */
  readonly hasGuidance: boolean;
}

export type FluxConfig = FluxBlocksConfig & FluxVectors;

/**
 * Reads the sizes of the blocks. Throws DR_MODEL_UNSUPPORTED for networks with other heads, other
 * MLPs and incomplete weights.
 */
export function fluxStreamsConfig(
  weights: Weights,
  version: FluxVersion = FLUX_1,
): FluxStreamsConfig {
  const [width, patchWidth] = weights.shape('img_in.weight');
  const axes = axesOfHeads(weights, HEAD_NORM, version.axes, 'FLUX');
  const doubleBlocks = countLayers(weights, 'double_blocks');
  const singleBlocks = countLayers(weights, 'single_blocks');
  const inner = mlpRows(version, width);
  for (let i = 0; i < doubleBlocks; i++)
    for (const stream of ['img', 'txt']) {
      const block = `double_blocks.${i}.${stream}`;
      checkShape(weights, `${block}_attn.qkv.weight`, [3 * width, width]);
      checkShape(weights, `${block}_mlp.0.weight`, [inner, width]);
    }
  for (let i = 0; i < singleBlocks; i++)
    checkShape(weights, `single_blocks.${i}.linear1.weight`, [3 * width + inner, width]);
  return {
    version,
    width,
    heads: width / weights.shape(HEAD_NORM)[0],
    rope: { axes, theta: version.theta },
    inChannels: patchWidth / version.patch ** 2,
    contextDim: weights.shape('txt_in.weight')[1],
    doubleBlocks,
    singleBlocks,
  };
}

const HEAD_NORM = 'double_blocks.0.img_attn.norm.query_norm.weight';

/** The outputs of an MLP's first layer. */
const mlpRows = ({ mlp }: FluxVersion, width: number): number =>
  (mlp.isGated ? 2 : 1) * mlp.ratio * width;

/** Reads the sizes of a whole network. Throws as fluxStreamsConfig does. */
export const fluxBlocksConfig = (weights: Weights, version = FLUX_1): FluxBlocksConfig => ({
  ...fluxStreamsConfig(weights, version),
  outChannels: weights.shape('final_layer.linear.weight')[0] / version.patch ** 2,
});

/** Reads the architecture of FLUX. Throws as fluxStreamsConfig does. */
export const fluxConfig =
  (version: FluxVersion) =>
  (weights: Weights): FluxConfig => ({
    ...fluxBlocksConfig(weights, version),
    ...fluxVectors(weights),
  });

/** Reads which vectors the network embeds. */
export const fluxVectors = (weights: Weights): FluxVectors => ({
  vectorDim: weights.has('vector_in.in_layer.weight')
    ? weights.shape('vector_in.in_layer.weight')[1]
    : 0,
  hasGuidance: weights.has('guidance_in.in_layer.weight'),
});

function checkShape(weights: Weights, name: string, shape: readonly number[]): void {
  const stored = weights.shape(name);
  if (`${stored}` === `${shape}`) return;
  throw unsupportedModel(
    weights.file,
    `has ${name} of shape [${stored}], where FLUX has [${shape}]`,
    onlyResembles('FLUX'),
  );
}
