// Describes a file of a model folder: what it is, and whether it is in the folder that the nodes
// load its kind from.
import { join } from 'node:path';
import { isFile, statOf } from '../../storage/folder-paths.ts';
import type { Folders } from '../../storage/folders.ts';
import { identifyModel } from './inspect-model.ts';

/** The model folders of ComfyUI and the packs. */
export const MODEL_FOLDERS: readonly string[] = [
  'checkpoints',
  'diffusion_models',
  'unet_gguf',
  'text_encoders',
  'clip_gguf',
  'vae',
  'vae_approx',
  'loras',
  'controlnet',
  'clip_vision',
  'embeddings',
  'hypernetworks',
  'upscale_models',
  'gligen',
  'photomaker',
  'style_models',
  'model_patches',
  'ultralytics',
  'sams',
  'onnx',
  'clipseg',
];

/** The folders that the nodes load each kind of file from, the usual one first. */
const FOLDERS_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  checkpoint: ['checkpoints', 'diffusion_models'],
  'diffusion model': ['diffusion_models', 'checkpoints', 'unet_gguf'],
  'text encoder': ['text_encoders', 'clip_gguf'],
  'CLIP vision model': ['clip_vision'],
  VAE: ['vae', 'vae_approx'],
  LoRA: ['loras'],
  ControlNet: ['controlnet'],
  'upscale model': ['upscale_models'],
  'textual inversion': ['embeddings'],
  hypernetwork: ['hypernetworks'],
  'GLIGEN model': ['gligen'],
  'PhotoMaker model': ['photomaker'],
  'style model': ['style_models'],
  'model patch': ['model_patches'],
  detector: ['ultralytics', 'onnx'],
  'SAM model': ['sams'],
};

/** A file by its model folder and its name there, with `/`. */
export interface ModelName {
  readonly folder: string;
  readonly name: string;
}

export interface ModelIdentity {
  /** In bytes. */
  readonly size?: number;
  readonly kind: string;
  readonly architecture: string;
  /** The folder that it belongs in, where that is another one. */
  readonly belongsIn?: string;
}

/**
 * Reads the header of a model file; unpacks an embedded model. Throws DR_MODEL_MISSING, and what
 * identifyModel throws.
 */
export async function identifyListed(
  folders: Folders,
  { folder, name }: ModelName,
): Promise<ModelIdentity> {
  const path = folders.modelPath(folder, name);
  const { kind, architecture } = await identifyModel(path);
  const homes = FOLDERS_OF_KIND[kind];
  const belongsIn = homes?.includes(folder) === false ? homes[0] : undefined;
  return { size: statOf(path)?.size, kind, architecture, belongsIn };
}

/** A file's size in bytes; undefined for files inside the package, which are unpacked on use. */
export const listedSize = (folders: Folders, model: ModelName): number | undefined =>
  locationOf(folders, model)?.size;

/** Where a file is: the index of its folder among those of its kind; undefined if in none. */
export function locationOf(
  folders: Folders,
  { folder, name }: ModelName,
): { readonly index: number; readonly size: number } | undefined {
  for (const [index, root] of folders.modelFolders(folder).entries()) {
    const path = join(root, name);
    if (folders.isReachable(path) && isFile(path)) return { index, size: statOf(path)?.size ?? 0 };
  }
  return undefined;
}
