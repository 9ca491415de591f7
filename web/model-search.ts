// What the model browser shows of model files, and which fields of a workflow they fit.
import type { DescribedModel, ListedModel } from '../src/server/api-types.ts';
import { matching } from './picture-names.ts';

/** A field that takes model files. */
export interface ModelTarget {
  readonly label: string;
  /** The model folder of its files. */
  readonly folder: string;
  /** The name that it has. */
  readonly current: string;
  choose(name: string): void;
}

/** Identifies a file. */
export const nameOf = ({ folder, name }: ListedModel): string => `${folder}\n${name}`;

/** Identifies a file as it is now. */
export const versionOf = (model: ListedModel): string => `${nameOf(model)}\n${model.size ?? ''}`;

/** `6.9 GB`, `210 MB`, `12 kB`. */
export function sizeText(bytes: number): string {
  if (bytes >= 0.95e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 0.95e6) return `${Math.round(bytes / 1e6)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
}

/** Kind, architecture, size and folder, as far as they are known. */
export const factsOf = ({ kind, architecture, size, folder }: DescribedModel): string =>
  [kind, architecture, size === undefined ? 'comes with Darkroom' : sizeText(size), folder]
    .filter(Boolean)
    .join(' · ');

/** What is wrong with a file; undefined when nothing is, or nothing is known yet. */
export function remarkOf({ problem, belongsIn }: DescribedModel): string | undefined {
  if (problem !== undefined) return `Can’t be used: ${problem}.`;
  return belongsIn === undefined ? undefined : `It belongs in the folder ${belongsIn}.`;
}

export interface ModelFilter {
  /** Of all folders without one. */
  readonly folder: string;
  /** Words of the name, kind, architecture, folder or remark. */
  readonly words: string;
}

export const filtered = (
  models: readonly DescribedModel[],
  { folder, words }: ModelFilter,
): DescribedModel[] =>
  matching(
    folder ? models.filter((model) => model.folder === folder) : models,
    words,
    (model) => `${model.name} ${factsOf(model)} ${remarkOf(model) ?? ''}`,
  );

/** The folders that have files, each with their number. */
export function countByFolder(models: readonly ListedModel[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { folder } of models) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  return counts;
}
