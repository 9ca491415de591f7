// Tensor names of Z-Image in diffusers' layout, and of Z-Image and Lumina 2 in LoRA files
// (comfy.utils.z_image_to_diffusers; comfy/lora.py).
import type { TensorInfo } from '../../formats/tensor-file.ts';
import {
  type DiffusersLayout,
  fromDiffusersLayout,
  type LayerNames,
} from '../dit/diffusers-layout.ts';
import type { LoraNames } from '../dit/lora-names.ts';

/** Layers that have the same name in both layouts. */
const same = (names: readonly string[]): LayerNames =>
  Object.fromEntries(names.map((name) => [name, name]));

const BLOCK: LayerNames = {
  'attention.to_q': ['attention.qkv', 0],
  'attention.to_k': ['attention.qkv', 1],
  'attention.to_v': ['attention.qkv', 2],
  'attention.norm_q': 'attention.q_norm',
  'attention.norm_k': 'attention.k_norm',
  'attention.to_out.0': 'attention.out',
  ...same(['attention_norm1', 'attention_norm2', 'ffn_norm1', 'ffn_norm2']),
  ...same(['feed_forward.w1', 'feed_forward.w2', 'feed_forward.w3', 'adaLN_modulation.0']),
};

const LAYOUT: DiffusersLayout = {
  blocks: ['layers', 'context_refiner', 'noise_refiner'].map((list) => ({
    from: list,
    to: list,
    names: BLOCK,
  })),
  outside: {
    'all_final_layer.2-1.linear': 'final_layer.linear',
    'all_final_layer.2-1.adaLN_modulation.1': 'final_layer.adaLN_modulation.1',
    'all_x_embedder.2-1': 'x_embedder',
    ...same(['cap_embedder.0', 'cap_embedder.1', 't_embedder.mlp.0', 't_embedder.mlp.2']),
  },
};

/** The names of the weights in LoRA files. */
export const NEXTDIT_LORA: LoraNames = {
  layout: () => LAYOUT,
  prefixes: ['diffusion_model.', 'transformer.', ''],
  flatPrefixes: ['lycoris_'],
};

/**
 * Returns the tensors under their original names; unknown names are not changed. Throws
 * DR_MODEL_UNSUPPORTED when the parts of a weight do not fit together.
 */
export const fromDiffusersNextDit = (
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> => fromDiffusersLayout(tensors, LAYOUT);

const CONTROL_LAYOUT: DiffusersLayout = {
  blocks: ['control_layers', 'control_noise_refiner'].map((list) => ({
    from: list,
    to: list,
    names: BLOCK,
  })),
  outside: {},
};

/** Returns the tensors of a ControlNet with those of its blocks under their original names. */
export const controlFromDiffusers = (
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> => fromDiffusersLayout(tensors, CONTROL_LAYOUT);
