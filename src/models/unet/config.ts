// The architecture of a Stable Diffusion UNet, read from its tensors' names and shapes in the
// layout of the original checkpoints.
import type { Weights } from '../weights/tensors.ts';

export type UNetLayer =
  | { readonly kind: 'conv' | 'down' | 'up' | 'residual'; readonly name: string }
  | {
      readonly kind: 'transformer';
      readonly name: string;
      readonly depth: number;
      readonly channels: number;
      readonly heads: number;
      /** The first attention of its blocks attends to the prompt, as the second does. */
      readonly withoutSelfAttention: boolean;
    };

/** Whether a block has a layer of this kind. */
export const hasLayer = (block: readonly UNetLayer[], kind: UNetLayer['kind']): boolean =>
  block.some((layer) => layer.kind === kind);

/** The first half of a UNet, which is also that of a ControlNet. */
export interface EncoderConfig {
  readonly inChannels: number;
  /** Width of the sinusoidal timestep embedding. */
  readonly modelChannels: number;
  /** Width of the prompt's features; 0 if no layer has cross-attention. */
  readonly contextDim: number;
  /** Width of the ADM vector; 0 for models without one, 1 with noise levels. */
  readonly admChannels: number;
  /**
   * Number of noise levels of the low-resolution image, one of which takes the place of an ADM
   * vector (Stable Diffusion's x4 upscaler); 0 for other models.
   */
  readonly noiseLevels: number;
  readonly input: readonly (readonly UNetLayer[])[];
  readonly middle: readonly UNetLayer[];
}

export interface UNetConfig extends EncoderConfig {
  readonly outChannels: number;
  readonly output: readonly (readonly UNetLayer[])[];
}

/** Width of a head in SD2 and SDXL, whose projections are linear layers. */
const HEAD_WIDTH = 64;
/** Number of heads in SD1, whose projections are convolutions, and in the x4 upscaler. */
const FIXED_HEADS = 8;
/** A row for each noise level. */
const NOISE_LEVELS = 'label_emb.weight';

/** The tensor that identifies each kind of layer, in the order in which they are tested. */
const KINDS = [
  ['residual', '.in_layers.0.weight'],
  ['transformer', '.norm.weight'],
  ['down', '.op.weight'],
  ['up', '.conv.weight'],
  ['conv', '.weight'],
] as const;

/**
 * Reads the architecture of a whole UNet. Throws DR_MODEL_UNSUPPORTED when a tensor that every UNet
 * has is missing.
 */
export const unetConfig = (weights: Weights): UNetConfig => ({
  ...encoderConfig(weights),
  outChannels: weights.shape('out.2.weight')[0],
  output: blocks(weights, 'output_blocks'),
});

/**
 * Reads the architecture of a UNet's first half. Throws DR_MODEL_UNSUPPORTED when a tensor that
 * every UNet has is missing.
 */
export function encoderConfig(weights: Weights): EncoderConfig {
  const [modelChannels, inChannels] = weights.shape('input_blocks.0.0.weight');
  const input = blocks(weights, 'input_blocks');
  const middle = layers(weights, 'middle_block');
  const crossAttention = [...input, middle]
    .flat()
    .find((layer) => layer.kind === 'transformer' && layer.depth > 0);
  return {
    inChannels,
    modelChannels,
    contextDim: crossAttention
      ? weights.shape(`${crossAttention.name}.transformer_blocks.0.attn2.to_k.weight`)[1]
      : 0,
    admChannels: admWidth(weights),
    noiseLevels: noiseLevels(weights),
    input,
    middle,
  };
}

const noiseLevels = (weights: Weights): number =>
  weights.has(NOISE_LEVELS) ? weights.shape(NOISE_LEVELS)[0] : 0;

function admWidth(weights: Weights): number {
  if (weights.has('label_emb.0.0.weight')) return weights.shape('label_emb.0.0.weight')[1];
  return noiseLevels(weights) > 0 ? 1 : 0;
}

/** Reads the consecutively numbered blocks of a list. */
function blocks(weights: Weights, list: string): UNetLayer[][] {
  const found: UNetLayer[][] = [];
  for (;;) {
    const block = layers(weights, `${list}.${found.length}`);
    if (block.length === 0) return found;
    found.push(block);
  }
}

/** Reads the consecutively numbered layers of a block. */
function layers(weights: Weights, block: string): UNetLayer[] {
  const found: UNetLayer[] = [];
  for (;;) {
    const name = `${block}.${found.length}`;
    const kind = KINDS.find(([, tensor]) => weights.has(name + tensor))?.[0];
    if (!kind) return found;
    found.push(kind === 'transformer' ? transformer(weights, name) : { kind, name });
  }
}

function transformer(weights: Weights, name: string): UNetLayer {
  const projection = weights.shape(`${name}.proj_in.weight`);
  const channels = projection[0];
  let depth = 0;
  while (weights.has(`${name}.transformer_blocks.${depth}.norm1.weight`)) depth++;
  const hasFixedHeads = projection.length !== 2 || noiseLevels(weights) > 0;
  const firstKeys = `${name}.transformer_blocks.0.attn1.to_k.weight`;
  return {
    kind: 'transformer',
    name,
    depth,
    channels,
    heads: hasFixedHeads ? FIXED_HEADS : channels / HEAD_WIDTH,
    withoutSelfAttention: depth > 0 && weights.shape(firstKeys)[1] !== channels,
  };
}
