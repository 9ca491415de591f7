// The folders and the storage of a server and its workers.
import type { EngineOptions } from '../engine/client.ts';
import { DarkroomError } from '../errors.ts';
import { openEmbeddedModels } from '../storage/embedded-models.ts';
import { createFolderStorage } from '../storage/folder-storage.ts';
import { type Folders, modelRoots, openFolders } from '../storage/folders.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { darkroomOptions, type Values } from './options.ts';

export interface ServerFolders {
  readonly folders: Folders;
  readonly storage: Storage;
}

/**
 * Opens the folders of `--storage`, `--models`, `--input`, `--output` and `--temp`. `onUnreadable`
 * is called with what cannot be read. Throws DR_BAD_USAGE, DR_STORAGE.
 */
export async function openServerFolders(
  values: Values,
  onUnreadable?: (problem: string) => void,
): Promise<ServerFolders> {
  const { models, input, output, temp } = darkroomOptions(values);
  const shared = values.storage === undefined ? undefined : await openStorage(values.storage);
  const explicit = Object.entries({ input, output, temp }).filter(
    ([, folder]) => folder !== undefined,
  );
  if (shared?.location !== undefined && explicit.length > 0)
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `--${explicit[0][0]} can't be combined with --storage ${values.storage}`,
      hint: 'The bucket is used for input, output and temp: leave one of the two options out.',
    });
  const folders = openFolders({
    ...shared?.folders,
    ...Object.fromEntries(explicit),
    models: modelRoots(models),
    embedded: openEmbeddedModels(),
    inputNames: shared?.inputNames,
    onUnreadable,
  });
  return {
    folders,
    storage: shared?.location === undefined ? createFolderStorage(folders) : shared,
  };
}

/** The engine options of a server's own worker and of `darkroom worker`. */
export function workerEngine(
  values: Values,
  { folders: { models, input, output, temp }, storage }: ServerFolders,
): Omit<EngineOptions, 'nodesModule' | 'previews'> {
  const options = darkroomOptions(values);
  return {
    models,
    input,
    output,
    temp,
    storage: storage.location,
    device: options.device ?? 'auto',
    threads: options.threads,
    precision: options.precision,
    cacheWeights: options.cacheWeights,
    cache: options.cache,
    cacheSize: options.cacheSize,
  };
}
