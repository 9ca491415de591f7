// The architecture of SD3 and SD3.5 (Esser et al. 2024, arXiv 2403.03206: MMDiT; MMDiT-X of SD3.5
// medium), read from tensor names and shapes in the layout of the original checkpoints.
import { countLayers, type Weights } from '../weights/tensors.ts';

/** The part that a ControlNet of SD3 shares with the model. */
export interface MMDiTConfig {
  readonly inChannels: number;
  /** Side of a patch in latent cells (2). */
  readonly patch: number;
  readonly hidden: number;
  readonly heads: number;
  /** Width of the prompt's token features. */
  readonly contextDim: number;
  /** Width of the pooled prompt; 0 for models that have none. */
  readonly admChannels: number;
  /** Number of joint blocks. */
  readonly blocks: number;
  /** Side in patches of the table of positions; undefined where positions are computed. */
  readonly tableSide?: number;
  /** Whether queries and keys are normalised (SD3.5). */
  readonly qkNorm: boolean;
  /** Transformer layers on the prompt's features before the joint blocks. */
  readonly contextLayers: number;
  /** The joint blocks whose image tokens also attend to themselves alone (MMDiT-X). */
  readonly selfAttention: ReadonlySet<number>;
}

export interface MMDiTModelConfig extends MMDiTConfig {
  readonly outChannels: number;
}

/** Width of a head, and the hidden width per block of the model. */
export const HEAD_WIDTH = 64;

/**
 * Reads the architecture of a whole model. Throws DR_MODEL_UNSUPPORTED when a tensor that every
 * MMDiT has is missing.
 */
export function mmditConfig(weights: Weights): MMDiTModelConfig {
  const shared = sharedConfig(weights);
  const outChannels = weights.shape('final_layer.linear.weight')[0] / shared.patch ** 2;
  return { ...shared, outChannels };
}

/** Reads what a model and its ControlNets have in common; throws as mmditConfig does. */
export function sharedConfig(weights: Weights): MMDiTConfig {
  const [hidden, inChannels, patch] = weights.shape('x_embedder.proj.weight');
  const inputWidth = (layer: string): number =>
    weights.has(`${layer}.weight`) ? weights.shape(`${layer}.weight`)[1] : 0;
  const blocks = countLayers(weights, 'joint_blocks');
  return {
    inChannels,
    patch,
    hidden,
    heads: hidden / HEAD_WIDTH,
    contextDim: inputWidth('context_embedder') || hidden,
    admChannels: inputWidth('y_embedder.mlp.0'),
    blocks,
    tableSide: weights.has('pos_embed')
      ? Math.round(Math.sqrt(weights.shape('pos_embed')[1]))
      : undefined,
    qkNorm: weights.has('joint_blocks.0.context_block.attn.ln_q.weight'),
    contextLayers: countLayers(weights, 'context_processor.layers'),
    selfAttention: new Set(
      Array.from({ length: blocks }, (_, i) => i).filter((i) =>
        weights.has(`joint_blocks.${i}.x_block.attn2.qkv.weight`),
      ),
    ),
  };
}
