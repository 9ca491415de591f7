// Tensor names of FLUX and Chroma: those of the original files with `weight` for the scales of
// RMS norms, as ComfyUI names them (comfy/supported_models.py), from the original files and from
// diffusers' layout; and their names in LoRA files. diffusers stores q, k, v and the MLP's first
// layer apart and has scale and shift of the last layer in the opposite order (comfy/utils.py,
// flux_to_diffusers; comfy/lora.py).
import type { TensorInfo } from '../../formats/tensor-file.ts';
import {
  type DiffusersLayout,
  fromDiffusersLayout,
  type LayerNames,
} from '../dit/diffusers-layout.ts';
import type { LoraNames } from '../dit/lora-names.ts';

const DOUBLE: LayerNames = {
  'norm1.linear': 'img_mod.lin',
  'norm1_context.linear': 'txt_mod.lin',
  'attn.to_q': ['img_attn.qkv', 0],
  'attn.to_k': ['img_attn.qkv', 1],
  'attn.to_v': ['img_attn.qkv', 2],
  'attn.add_q_proj': ['txt_attn.qkv', 0],
  'attn.add_k_proj': ['txt_attn.qkv', 1],
  'attn.add_v_proj': ['txt_attn.qkv', 2],
  'attn.norm_q': 'img_attn.norm.query_norm',
  'attn.norm_k': 'img_attn.norm.key_norm',
  'attn.norm_added_q': 'txt_attn.norm.query_norm',
  'attn.norm_added_k': 'txt_attn.norm.key_norm',
  'attn.to_out.0': 'img_attn.proj',
  'attn.to_add_out': 'txt_attn.proj',
  'ff.net.0.proj': 'img_mlp.0',
  'ff.net.2': 'img_mlp.2',
  'ff_context.net.0.proj': 'txt_mlp.0',
  'ff_context.net.2': 'txt_mlp.2',
  'ff.linear_in': 'img_mlp.0',
  'ff.linear_out': 'img_mlp.2',
  'ff_context.linear_in': 'txt_mlp.0',
  'ff_context.linear_out': 'txt_mlp.2',
};

const SINGLE: LayerNames = {
  'norm.linear': 'modulation.lin',
  'attn.to_q': ['linear1', 0],
  'attn.to_k': ['linear1', 1],
  'attn.to_v': ['linear1', 2],
  proj_mlp: ['linear1', 3],
  'attn.norm_q': 'norm.query_norm',
  'attn.norm_k': 'norm.key_norm',
  proj_out: 'linear2',
  'attn.to_qkv_mlp_proj': 'linear1',
  'attn.to_out': 'linear2',
};

const OUTSIDE: LayerNames = {
  x_embedder: 'img_in',
  context_embedder: 'txt_in',
  'time_text_embed.timestep_embedder.linear_1': 'time_in.in_layer',
  'time_text_embed.timestep_embedder.linear_2': 'time_in.out_layer',
  'time_text_embed.text_embedder.linear_1': 'vector_in.in_layer',
  'time_text_embed.text_embedder.linear_2': 'vector_in.out_layer',
  'time_text_embed.guidance_embedder.linear_1': 'guidance_in.in_layer',
  'time_text_embed.guidance_embedder.linear_2': 'guidance_in.out_layer',
  'norm_out.linear': 'final_layer.adaLN_modulation.1',
  proj_out: 'final_layer.linear',
};

const LAYOUT: DiffusersLayout = {
  blocks: [
    { from: 'transformer_blocks', to: 'double_blocks', names: DOUBLE },
    { from: 'single_transformer_blocks', to: 'single_blocks', names: SINGLE },
  ],
  outside: OUTSIDE,
  swapped: ['final_layer.adaLN_modulation.1'],
};

/** FLUX.2's own names; in LoRA files ComfyUI does not know them. */
const FLUX2_LAYOUT: DiffusersLayout = {
  ...LAYOUT,
  outside: {
    ...OUTSIDE,
    'time_guidance_embed.timestep_embedder.linear_1': 'time_in.in_layer',
    'time_guidance_embed.timestep_embedder.linear_2': 'time_in.out_layer',
    'time_guidance_embed.guidance_embedder.linear_1': 'guidance_in.in_layer',
    'time_guidance_embed.guidance_embedder.linear_2': 'guidance_in.out_layer',
    'double_stream_modulation_img.linear': 'double_stream_modulation_img.lin',
    'double_stream_modulation_txt.linear': 'double_stream_modulation_txt.lin',
    'single_stream_modulation.linear': 'single_stream_modulation.lin',
  },
};

/** The names of the weights in LoRA files. */
export const FLUX_LORA: LoraNames = {
  layout: () => LAYOUT,
  prefixes: ['transformer.', ''],
  flatPrefixes: ['lycoris_', 'lora_transformer_'],
  // the layer that computes them is joined with the MLP's first one
  joined: { layer: 'linear1', name: 'linear1_qkv', parts: 3 },
};

/** Returns the tensors of an original file with `weight` for the scales of norms. */
export const fluxTensors = (
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> =>
  new Map([...tensors].map(([name, info]) => [name.replace(NORM_SCALE, '$1.weight'), info]));

/** `…query_norm.scale`, and `norms.0.scale` of Chroma's approximator. */
const NORM_SCALE = /(_norm|\.norms\.\d+)\.scale$/;

/**
 * Returns the tensors of a diffusers file under their original names; unknown names are not
 * changed. Throws DR_MODEL_UNSUPPORTED when the parts of a weight do not fit together.
 */
export const fluxFromDiffusers = (
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> => fromDiffusersLayout(tensors, LAYOUT);

/** Returns those of FLUX.2, as fluxFromDiffusers does. */
export const flux2FromDiffusers = (
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> => fromDiffusersLayout(tensors, FLUX2_LAYOUT);
