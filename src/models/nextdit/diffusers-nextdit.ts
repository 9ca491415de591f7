// Translates tensor names of diffusers' Z-Image into those of the original files
// (comfy.utils.z_image_to_diffusers).
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { joinRows } from '../../formats/tensor-rows.ts';

/** Parts of names: diffusers' and the original's. */
const RENAMES: readonly (readonly [pattern: RegExp, original: string])[] = [
  [/^all_final_layer\.2-1\./, 'final_layer.'],
  [/^all_x_embedder\.2-1\./, 'x_embedder.'],
  [/\.attention\.norm_q\./, '.attention.q_norm.'],
  [/\.attention\.norm_k\./, '.attention.k_norm.'],
  [/\.attention\.to_out\.0\./, '.attention.out.'],
];

/** Queries, keys and values, which the original stores in one tensor. */
const SEPARATE = /\.attention\.to_([qkv])\.(weight|bias)$/;

/** Returns whether tensors are those of a Z-Image in diffusers' layout. */
export const isDiffusersNextDit = (tensors: ReadonlyMap<string, unknown>): boolean =>
  tensors.has('noise_refiner.0.attention.norm_k.weight');

/** Returns the tensors under their original names; unknown names are not changed. */
export function fromDiffusersNextDit(
  tensors: ReadonlyMap<string, TensorInfo>,
): Map<string, TensorInfo> {
  const renamed = new Map<string, TensorInfo>();
  for (const [name, info] of tensors) {
    const separate = SEPARATE.exec(name);
    if (!separate) renamed.set(originalName(name), info);
    if (separate?.[1] !== 'q') continue;
    const fused = name.replace(SEPARATE, '.attention.qkv.$2');
    const parts = ['q', 'k', 'v'].map((part) =>
      tensors.get(name.replace(SEPARATE, `.attention.to_${part}.$2`)),
    );
    const found = parts.filter((part) => part !== undefined);
    if (found.length === parts.length) renamed.set(fused, joinRows(fused, found));
  }
  return renamed;
}

const originalName = (name: string): string =>
  RENAMES.reduce((renamed, [pattern, original]) => renamed.replace(pattern, original), name);
