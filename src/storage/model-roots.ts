// Which models folders are used: those of an option, of the environment, or the default; and what
// the lists among them add.
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import {
  type ExtraModelFolder,
  expandPath,
  isExtraModelPaths,
  readExtraModelPaths,
} from './extra-model-paths.ts';

/** Returns the given models folders; by default DARKROOM_MODELS, else `models`, if it exists. */
export const modelRoots = (
  models: string | readonly string[] = modelsVariable() ?? (existsSync('models') ? 'models' : []),
): readonly string[] => (typeof models === 'string' ? [models] : models);

/** The folders in DARKROOM_MODELS, separated as in PATH. */
export const modelsVariable = (): readonly string[] | undefined => {
  const folders = (process.env.DARKROOM_MODELS ?? '').split(delimiter).filter(Boolean);
  return folders.length > 0 ? folders.map((folder) => expandPath(folder)) : undefined;
};

export interface ModelLocations {
  /** The models folders; earlier ones take precedence. */
  readonly roots: readonly string[];
  /** Folders of single kinds, before or after those. */
  readonly extra: readonly ExtraModelFolder[];
}

/** Separates models folders from lists of such folders, and reads these. Throws DR_BAD_USAGE. */
export const modelLocations = (entries: readonly string[]): ModelLocations => ({
  roots: entries.filter((entry) => !isExtraModelPaths(entry)),
  extra: entries.filter(isExtraModelPaths).flatMap(readExtraModelPaths),
});
