// Tensor names of AuraFlow in diffusers' layout and in LoRA files (comfy/utils.py,
// auraflow_to_diffusers; comfy/lora.py).
import type { TensorInfo } from '../../formats/tensor-file.ts';
import {
  type DiffusersLayout,
  fromDiffusersLayout,
  type LayerNames,
} from '../dit/diffusers-layout.ts';
import type { LoraNames } from '../dit/lora-names.ts';

const DOUBLE: LayerNames = {
  'attn.to_q': 'attn.w2q',
  'attn.to_k': 'attn.w2k',
  'attn.to_v': 'attn.w2v',
  'attn.to_out.0': 'attn.w2o',
  'attn.add_q_proj': 'attn.w1q',
  'attn.add_k_proj': 'attn.w1k',
  'attn.add_v_proj': 'attn.w1v',
  'attn.to_add_out': 'attn.w1o',
  'ff.linear_1': 'mlpX.c_fc1',
  'ff.linear_2': 'mlpX.c_fc2',
  'ff.out_projection': 'mlpX.c_proj',
  'ff_context.linear_1': 'mlpC.c_fc1',
  'ff_context.linear_2': 'mlpC.c_fc2',
  'ff_context.out_projection': 'mlpC.c_proj',
  'norm1.linear': 'modX.1',
  'norm1_context.linear': 'modC.1',
};

const SINGLE: LayerNames = {
  'attn.to_q': 'attn.w1q',
  'attn.to_k': 'attn.w1k',
  'attn.to_v': 'attn.w1v',
  'attn.to_out.0': 'attn.w1o',
  'norm1.linear': 'modCX.1',
  'ff.linear_1': 'mlp.c_fc1',
  'ff.linear_2': 'mlp.c_fc2',
  'ff.out_projection': 'mlp.c_proj',
};

const LAYOUT: DiffusersLayout = {
  blocks: [
    { from: 'joint_transformer_blocks', to: 'double_layers', names: DOUBLE },
    { from: 'single_transformer_blocks', to: 'single_layers', names: SINGLE },
  ],
  outside: {
    'time_step_proj.linear_1': 't_embedder.mlp.0',
    'time_step_proj.linear_2': 't_embedder.mlp.2',
    context_embedder: 'cond_seq_linear',
    'pos_embed.proj': 'init_x_linear',
    proj_out: 'final_linear',
    'norm_out.linear': 'modF.1',
  },
  tensors: { 'pos_embed.pos_embed': 'positional_encoding' },
  swapped: ['modF.1'],
};

/** Returns the tensors of a diffusers file under their original names. */
export const auraFlowFromDiffusers = (
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> => fromDiffusersLayout(tensors, LAYOUT);

/** The names of a model's weights in LoRA files. */
export const AURAFLOW_LORA: LoraNames = {
  layout: () => LAYOUT,
  prefixes: ['transformer.'],
  flatPrefixes: [],
};
