// Tensor names of SD3 and of its ControlNets in diffusers' layout, and in LoRA files
// (comfy/utils.py, mmdit_to_diffusers; comfy/lora.py).
import type { TensorInfo } from '../../formats/tensor-file.ts';
import {
  type DiffusersLayout,
  fromDiffusersLayout,
  type LayerNames,
} from '../dit/diffusers-layout.ts';
import type { LoraNames } from '../dit/lora-names.ts';
import { HEAD_WIDTH } from './config.ts';

const BLOCK: LayerNames = {
  'norm1.linear': 'x_block.adaLN_modulation.1',
  'norm1_context.linear': 'context_block.adaLN_modulation.1',
  'attn.to_q': ['x_block.attn.qkv', 0],
  'attn.to_k': ['x_block.attn.qkv', 1],
  'attn.to_v': ['x_block.attn.qkv', 2],
  'attn.add_q_proj': ['context_block.attn.qkv', 0],
  'attn.add_k_proj': ['context_block.attn.qkv', 1],
  'attn.add_v_proj': ['context_block.attn.qkv', 2],
  'attn2.to_q': ['x_block.attn2.qkv', 0],
  'attn2.to_k': ['x_block.attn2.qkv', 1],
  'attn2.to_v': ['x_block.attn2.qkv', 2],
  'attn.norm_q': 'x_block.attn.ln_q',
  'attn.norm_k': 'x_block.attn.ln_k',
  'attn.norm_added_q': 'context_block.attn.ln_q',
  'attn.norm_added_k': 'context_block.attn.ln_k',
  'attn2.norm_q': 'x_block.attn2.ln_q',
  'attn2.norm_k': 'x_block.attn2.ln_k',
  'attn.to_out.0': 'x_block.attn.proj',
  'attn.to_add_out': 'context_block.attn.proj',
  'attn2.to_out.0': 'x_block.attn2.proj',
  'ff.net.0.proj': 'x_block.mlp.fc1',
  'ff.net.2': 'x_block.mlp.fc2',
  'ff_context.net.0.proj': 'context_block.mlp.fc1',
  'ff_context.net.2': 'context_block.mlp.fc2',
};

/** Layers outside of blocks; Stability's ControlNets of SD3.5 have these names too. */
export const OUTSIDE: LayerNames = {
  context_embedder: 'context_embedder',
  'time_text_embed.timestep_embedder.linear_1': 't_embedder.mlp.0',
  'time_text_embed.timestep_embedder.linear_2': 't_embedder.mlp.2',
  'time_text_embed.text_embedder.linear_1': 'y_embedder.mlp.0',
  'time_text_embed.text_embedder.linear_2': 'y_embedder.mlp.2',
  'pos_embed.proj': 'x_embedder.proj',
  'norm_out.linear': 'final_layer.adaLN_modulation.1',
  proj_out: 'final_layer.linear',
};

/**
 * Returns the tensors of a diffusers file under their original names; unknown names are not
 * changed. Throws DR_MODEL_UNSUPPORTED when the parts of a weight do not fit together.
 */
export function mmditFromDiffusers(
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> {
  const [hidden] = tensors.get('pos_embed.proj.weight')?.shape ?? [0];
  return fromDiffusersLayout(tensors, layoutOf(hidden));
}

/** The layout of models of a hidden width, which have one block per head. */
const layoutOf = (hidden: number): DiffusersLayout => ({
  blocks: [{ from: 'transformer_blocks', to: 'joint_blocks', names: BLOCK }],
  outside: OUTSIDE,
  tensors: { 'pos_embed.pos_embed': 'pos_embed' },
  swapped: [
    'final_layer.adaLN_modulation.1',
    `joint_blocks.${hidden / HEAD_WIDTH - 1}.context_block.adaLN_modulation.1`,
  ],
});

/** The names of a model's weights in LoRA files. */
export const MMDIT_LORA: LoraNames = {
  layout: (weights) => layoutOf(weights.shape('x_embedder.proj.weight')[0]),
  prefixes: ['transformer.', 'base_model.model.'],
  flatPrefixes: ['lora_transformer_', 'lycoris_'],
};
