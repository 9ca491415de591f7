// Tensor names of FLUX.1 and Chroma: those of the original files with `weight` for the scales of
// RMS norms, as ComfyUI names them (comfy/supported_models.py), from the original files and from
// diffusers' layout. diffusers stores q, k, v and the MLP's first layer apart and has scale and
// shift of the last layer in the opposite order (comfy/utils.py, flux_to_diffusers).
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { joinRows, rowsOf } from '../../formats/tensor-rows.ts';

/** Layers by diffusers' names; the number is the position of the part in a joined weight. */
type Names = Readonly<Record<string, string | readonly [layer: string, part: number]>>;

const DOUBLE: Names = {
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

const SINGLE: Names = {
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

const OUTSIDE: Names = {
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

const BLOCKS: readonly { readonly from: RegExp; readonly to: string; readonly names: Names }[] = [
  { from: /^transformer_blocks\.(\d+)\.(.+)$/, to: 'double_blocks', names: DOUBLE },
  { from: /^single_transformer_blocks\.(\d+)\.(.+)$/, to: 'single_blocks', names: SINGLE },
];

/** A layer whose halves are in the opposite order. */
const SWAPPED = 'final_layer.adaLN_modulation.1';

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
export function fluxFromDiffusers(
  tensors: ReadonlyMap<string, TensorInfo>,
): ReadonlyMap<string, TensorInfo> {
  const parts = new Map<string, TensorInfo[]>();
  for (const [name, info] of tensors) {
    const [target, part] = originalName(name);
    const known = parts.get(target) ?? [];
    known[part] = info;
    parts.set(target, known);
  }
  return new Map(
    [...parts].map(([name, infos]) => {
      const stored = infos.filter((info) => info !== undefined);
      const whole = stored.length > 1 ? joinRows(name, stored) : stored[0];
      return [name, name.startsWith(SWAPPED) ? halvesSwapped(name, whole) : whole];
    }),
  );
}

function halvesSwapped(name: string, info: TensorInfo): TensorInfo {
  const [count] = info.shape;
  return joinRows(name, [rowsOf(info, [count / 2, count]), rowsOf(info, [0, count / 2])]);
}

/** Returns a tensor's original name, and which part of that tensor it is. */
function originalName(name: string): readonly [name: string, part: number] {
  const dot = name.lastIndexOf('.');
  const layer = name.slice(0, dot);
  const end = name.slice(dot);
  for (const { from, to, names } of BLOCKS) {
    const [, block, inner] = from.exec(layer) ?? [];
    if (block !== undefined) return named(names[inner], `${to}.${block}.`, end, name);
  }
  return named(OUTSIDE[layer], '', end, name);
}

const named = (
  known: Names[string] | undefined,
  start: string,
  end: string,
  name: string,
): readonly [string, number] => {
  if (known === undefined) return [name, 0];
  const [layer, part] = typeof known === 'string' ? [known, 0] : known;
  return [start + layer + end, part];
};
