// Finds model files in folders that are laid out as ComfyUI's (folder_paths.py): several models
// folders, old names of folders, names with `/`.

import { basename, join } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';
import { ownValue } from '../own-value.ts';
import { shortLived } from './cache/short-lived.ts';
import type { EmbeddedModels } from './embedded-models.ts';
import { byCodePoint, isFile, pathInside } from './folder-paths.ts';
import type { FolderView } from './folder-view.ts';
import type { ModelLocations } from './model-roots.ts';
import { type FolderVersion, folderVersion } from './walk-folder.ts';

export interface ModelFolders {
  /**
   * Returns the files of a kind (`checkpoints`, `vae` …), sorted; names are relative, with `/`. A
   * file that was added or removed before the call counts, as in ComfyUI; one in a folder that a
   * watch lists, some seconds later.
   */
  modelFiles(kind: string): readonly string[];
  /** Returns the paths of a kind's folders in the order of search, whether they exist or not. */
  modelFolders(kind: string): readonly string[];
  /**
   * Returns a file's path; unpacks an embedded model when it is requested. Throws DR_MODEL_MISSING.
   */
  modelPath(kind: string, name: string): string;
}

interface Listing {
  readonly names: readonly string[];
  /** Of the folders that were read. */
  readonly versions: ReadonlyMap<string, FolderVersion>;
}

/** The names of a kind's folder inside a models folder, in the order of search. */
const FOLDER_NAMES: Readonly<Record<string, readonly string[]>> = {
  text_encoders: ['text_encoders', 'clip'],
  diffusion_models: ['unet', 'diffusion_models'],
  controlnet: ['controlnet', 't2i_adapter'],
};
const OLD_KINDS: Readonly<Record<string, string>> = {
  clip: 'text_encoders',
  unet: 'diffusion_models',
  t2i_adapter: 'controlnet',
};
/** Kinds that are some of the files of another kind's folders, by their extensions. */
const SHARED_FOLDERS: Readonly<Record<string, string>> = {
  unet_gguf: 'diffusion_models',
  clip_gguf: 'text_encoders',
};
const MODEL_EXTENSIONS = new Set([
  '.ckpt',
  '.pt',
  '.pt2',
  '.bin',
  '.pth',
  '.safetensors',
  '.pkl',
  '.sft',
]);
/** Kinds whose files have other extensions. */
const OTHER_EXTENSIONS: Readonly<Record<string, ReadonlySet<string>>> = {
  onnx: new Set(['.onnx']),
  configs: new Set(['.yaml']),
  diffusers: new Set(['.json']),
  unet_gguf: new Set(['.gguf']),
  clip_gguf: new Set(['.gguf']),
};

/** Whether files of this name are listed in a kind's folder. */
export const isModelName = (kind: string, name: string): boolean =>
  extensionsOf(ownValue(OLD_KINDS, kind) ?? kind).has(extensionOf(name));

const extensionsOf = (kind: string): ReadonlySet<string> =>
  ownValue(OTHER_EXTENSIONS, kind) ?? MODEL_EXTENSIONS;

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['.git']);

/** Embedded models come last. Folders that do not answer are passed over. */
export function openModelFolders(
  { roots, extra }: ModelLocations,
  embedded: EmbeddedModels | undefined,
  view: FolderView,
): ModelFolders {
  const currentKind = (kind: string): string => ownValue(OLD_KINDS, kind) ?? kind;
  const extraOf = (kind: string, isDefault: boolean): string[] =>
    extra
      .filter((one) => currentKind(one.kind) === kind && one.isDefault === isDefault)
      .map(({ path }) => path);
  const foldersOf = (requestedKind: string): string[] => {
    const kind = ownValue(SHARED_FOLDERS, requestedKind) ?? requestedKind;
    return [
      ...extraOf(kind, true).reverse(),
      ...roots.flatMap((root) =>
        (ownValue(FOLDER_NAMES, kind) ?? [kind]).map((name) => join(root, name)),
      ),
      ...extraOf(kind, false),
    ];
  };
  const list = (kind: string): Listing => {
    const files = new Set<string>(embedded?.names(kind) ?? []);
    const versions = new Map<string, FolderVersion>();
    const extensions = extensionsOf(kind);
    for (const folder of foldersOf(kind))
      for (const name of view.names(folder, 'tree', SKIPPED_FOLDERS, (path, version) =>
        versions.set(path, version),
      ))
        if (extensions.has(extensionOf(name))) files.add(name);
    return { names: [...files].sort(byCodePoint), versions };
  };
  const isCurrent = ({ versions }: Listing): boolean =>
    [...versions].every(
      ([path, version]) => view.isReachable(path) && folderVersion(path) === version,
    );
  const listFiles = shortLived(list, isCurrent);
  const modelFiles = (kind: string): readonly string[] => listFiles(currentKind(kind)).names;

  return {
    modelFiles,
    modelFolders: (kind) => foldersOf(currentKind(kind)),
    modelPath: (requestedKind, name) => {
      const kind = currentKind(requestedKind);
      for (const folder of foldersOf(kind)) {
        const path = pathInside(folder, name);
        if (path && view.isReachable(path) && isFile(path)) return path;
      }
      const unpacked = embedded?.unpack(kind, name);
      if (unpacked) return unpacked;
      throw new DarkroomError('DR_MODEL_MISSING', {
        message: `model file '${name}' is not among the ${kind}`,
        hint:
          didYouMean(name, modelFiles(kind)) ||
          `Put it into the folder '${ownValue(SHARED_FOLDERS, kind) ?? kind}' of a models folder that --models names.`,
        file: name,
      });
    },
  };
}

const extensionOf = (name: string): string => {
  const file = basename(name);
  return file.lastIndexOf('.') > 0 ? file.slice(file.lastIndexOf('.')).toLowerCase() : '';
};
