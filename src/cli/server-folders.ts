// The folders and the storage of a server and its workers.
import { resolve } from 'node:path';
import { type DarkroomOptions, keptBy, timeoutOf } from '../darkroom.ts';
import type { EngineOptions } from '../engine/client.ts';
import { DarkroomError } from '../errors.ts';
import { openEmbeddedModels } from '../storage/embedded-models.ts';
import { createFolderStorage } from '../storage/folder-storage.ts';
import { watchedView } from '../storage/folder-view.ts';
import { type Folders, openFolders } from '../storage/folders.ts';
import { modelLocations, modelRoots, modelsVariable } from '../storage/model-roots.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { createFolderWatch, type FolderWatch } from '../storage/watch/folder-watch.ts';
import { notAnswering } from '../storage/watch/watched-storage.ts';
import { darkroomOptions, type Values } from './options.ts';

export interface ServerFolders {
  readonly folders: Folders;
  readonly storage: Storage;
  /** Says which folders answer, where `warn` was given. */
  readonly watch?: FolderWatch;
}

export interface WatchedFolders {
  /** Is called with what cannot be read or does not answer. */
  readonly warn: (problem: string) => void;
  /** Folders to watch besides those of the options. */
  readonly others: readonly string[];
}

/**
 * Opens the folders of `--storage`, `--models`, `--input`, `--output` and `--temp`; `watched` for
 * folders that may stop to answer. Throws DR_BAD_USAGE, DR_STORAGE.
 */
export async function openServerFolders(
  values: Values,
  watched?: WatchedFolders,
): Promise<ServerFolders> {
  const { models = modelsVariable(), input, output, temp } = darkroomOptions(values);
  const watch =
    watched && (await startWatch(values.storage, { models, input, output, temp }, watched));
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
    // a default folder that does not answer is not even looked for
    models:
      watch?.isReachable(resolve('models')) === false
        ? modelRoots(models ?? 'models')
        : modelRoots(models),
    embedded: openEmbeddedModels(),
    inputNames: shared?.inputNames,
    view: watch && watchedView(watch, watched.warn),
  });
  return {
    folders,
    storage: shared?.location === undefined ? createFolderStorage(folders) : shared,
    watch,
  };
}

/**
 * Watches all folders of the options. Throws DR_STORAGE for a shared folder that does not answer.
 */
async function startWatch(
  storage: string | undefined,
  { models = 'models', input = 'input', output = 'output', temp = 'temp' }: DarkroomOptions,
  { warn, others }: WatchedFolders,
): Promise<FolderWatch> {
  const shared = storage === undefined || storage.includes('://') ? [] : [resolve(storage)];
  const { roots, extra } = modelLocations(modelRoots(models));
  const own = [input, output, temp, ...roots, ...extra.map(({ path }) => path), ...others];
  const watch = createFolderWatch([...shared, ...own.map((folder) => resolve(folder))], {
    onWarning: warn,
  });
  await watch.refresh();
  if (shared.every(watch.isReachable)) return watch;
  watch.close();
  throw notAnswering(shared[0]);
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
    ...keptBy(options),
    cacheSize: options.cacheSize,
    comfyui: options.comfyui,
    nodeTimeoutMs: timeoutOf(options),
  };
}
