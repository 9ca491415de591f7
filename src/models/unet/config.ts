// The architecture of a Stable Diffusion UNet, read off its tensors' names and shapes (the layout of the original checkpoints).
import type { Weights } from '../weights/tensors.ts';

export type UNetLayer =
  | { readonly kind: 'conv' | 'down' | 'up' | 'residual'; readonly name: string }
  | {
      readonly kind: 'transformer';
      readonly name: string;
      readonly depth: number;
      readonly channels: number;
      readonly heads: number;
    };

/** A UNet's first half, which a ControlNet has too. */
export interface EncoderConfig {
  readonly inChannels: number;
  /** Width of the sinusoidal timestep embedding. */
  readonly modelChannels: number;
  /** 0 without attention to a prompt. */
  readonly contextDim: number;
  /** Width of the ADM vector; 0 without one. */
  readonly admChannels: number;
  readonly input: readonly (readonly UNetLayer[])[];
  readonly middle: readonly UNetLayer[];
}

export interface UNetConfig extends EncoderConfig {
  readonly outChannels: number;
  readonly output: readonly (readonly UNetLayer[])[];
}

/** Attention heads: 64 wide where the projections are linears (SD2, SDXL), else 8 of them (SD1). */
const HEAD_WIDTH = 64;
const SD1_HEADS = 8;

/** How each kind of layer is known by a tensor of its own. */
const KINDS = [
  ['residual', '.in_layers.0.weight'],
  ['transformer', '.norm.weight'],
  ['down', '.op.weight'],
  ['up', '.conv.weight'],
  ['conv', '.weight'],
] as const;

/** Throws DR_MODEL_UNSUPPORTED when a tensor is missing that every UNet has. */
export const unetConfig = (weights: Weights): UNetConfig => ({
  ...encoderConfig(weights),
  outChannels: weights.shape('out.2.weight')[0],
  output: blocks(weights, 'output_blocks'),
});

/** Throws DR_MODEL_UNSUPPORTED when a tensor is missing that every UNet has. */
export function encoderConfig(weights: Weights): EncoderConfig {
  const [modelChannels, inChannels] = weights.shape('input_blocks.0.0.weight');
  const input = blocks(weights, 'input_blocks');
  const middle = layers(weights, 'middle_block');
  const attentive = [...input, middle]
    .flat()
    .find((layer) => layer.kind === 'transformer' && layer.depth > 0);
  return {
    inChannels,
    modelChannels,
    contextDim: attentive
      ? weights.shape(`${attentive.name}.transformer_blocks.0.attn2.to_k.weight`)[1]
      : 0,
    admChannels: weights.has('label_emb.0.0.weight') ? weights.shape('label_emb.0.0.weight')[1] : 0,
    input,
    middle,
  };
}

function blocks(weights: Weights, list: string): UNetLayer[][] {
  const found: UNetLayer[][] = [];
  for (;;) {
    const block = layers(weights, `${list}.${found.length}`);
    if (block.length === 0) return found;
    found.push(block);
  }
}

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
  return {
    kind: 'transformer',
    name,
    depth,
    channels,
    heads: projection.length === 2 ? channels / HEAD_WIDTH : SD1_HEADS,
  };
}
