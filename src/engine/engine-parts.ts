// Opens what an engine process works with: nodes, folders, storage, runtime and the store of
// results.

import { basename, join } from 'node:path';
import { isInt8Recipe } from '../models/layers/int8.ts';
import { createModelRuntime, type ModelRuntime } from '../models/model-runtime.ts';
import {
  createPrepackedStore,
  type PrepackedStore,
  type PrepackedStoreOptions,
} from '../models/weights/prepacked-store.ts';
import type { PreviewMethod } from '../nodes/context.ts';
import { loadNodes, type NodeSet } from '../nodes/load-nodes.ts';
import type { ComfyUIVersion } from '../nodes/versions/comfyui-versions.ts';
import { CPU, openDevice } from '../runtime/devices.ts';
import type { NetworkSpec } from '../runtime/network.ts';
import type { RuntimeOptions } from '../runtime/runtime.ts';
import { createSessionCache, type SessionCache } from '../runtime/session-cache.ts';
import { removeAbandoned } from '../storage/atomic-write.ts';
import { openEmbeddedModels } from '../storage/embedded-models.ts';
import { createFolderStorage } from '../storage/folder-storage.ts';
import { type Folders, openFolders } from '../storage/folders.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { cacheFolder } from '../user-cache-folder.ts';
import { trackFileDependencies } from './cache/file-dependencies.ts';
import { openResultStore, type ResultStore } from './cache/result-store.ts';
import type { Emit } from './events.ts';
import type { PackGuard } from './pack-guard.ts';
import type { EngineSettings } from './protocol.ts';
import { versions } from './versions.ts';

export interface EngineParts {
  readonly previewMethod?: PreviewMethod;
  readonly nodeSet: NodeSet;
  /** The release of ComfyUI that jobs follow, unless they name one. */
  readonly comfyui?: ComfyUIVersion;
  readonly folders: Folders;
  readonly storage: Storage;
  readonly runtime: ModelRuntime;
  /** Results of earlier runs of the program. */
  readonly store?: ResultStore;
}

export interface EngineReports {
  readonly emit: Emit;
  /** Is called with each folder before something is written into it. */
  readonly onFolder: (folder: string) => void;
  /** The node that is running: networks are loaded for it. */
  readonly nodeId: () => string;
  /** Watches the nodes of packs. */
  readonly guard: PackGuard;
}

/** Throws DR_DEVICE_MISSING, DR_STORAGE and what the nodes module throws. */
export async function openEngineParts(
  settings: EngineSettings,
  reports: EngineReports,
): Promise<EngineParts> {
  const nodeSet = await reports.guard.watch(() => loadNodes(settings));
  const runtime = guardedRuntime(await openRuntime(settings, reports), reports.guard);
  const { input, output, temp } = settings;
  const storage =
    settings.storage === undefined
      ? createFolderStorage({ input, output, temp })
      : await openStorage(settings.storage);
  const { onFolder } = reports;
  const folders = openFolders({ ...settings, embedded: openEmbeddedModels({ onFolder }) });
  const store = openStore(settings, folders, runtime);
  // what processes that were killed have left; a folder that can't be cleaned is still used
  void removeAbandoned(cacheFolder()).catch(() => undefined);
  return {
    nodeSet,
    comfyui: settings.comfyui,
    previewMethod: settings.previews,
    folders: store?.files.folders ?? folders,
    storage,
    runtime,
    store,
  };
}

/** The evaluations of networks may take any time, in nodes of packs too. */
const guardedRuntime = (runtime: ModelRuntime, guard: PackGuard): ModelRuntime => ({
  ...runtime,
  network: (spec) => {
    const network = runtime.network(spec);
    return { ...network, run: (inputs) => guard.evaluate(() => network.run(inputs)) };
  },
});

async function openRuntime(
  settings: EngineSettings,
  reports: EngineReports,
): Promise<ModelRuntime> {
  const { device, threads, textEncoders, precision } = settings;
  const onStatus = (text: string): void =>
    reports.emit({ type: 'status', nodeId: reports.nodeId(), text });
  const onNote = (text: string): void =>
    reports.emit({ type: 'status', nodeId: reports.nodeId(), text, isNote: true });
  return createModelRuntime({
    device:
      precision === 'int8'
        ? CPU
        : await openDevice(device, precision === 'auto' ? undefined : precision),
    threads,
    textEncoders,
    precision,
    onNote,
    ...openPrepackedStores(settings, { onNote, onStatus }),
    sessionCache: openSessionCache(settings, onNote),
    ...loadReports(reports),
  });
}

/** Networks of fewer bytes open as fast from their files. */
const MIN_CACHED_BYTES = 2 ** 26;

/** The stores of weights for float32, with `cacheWeights`, and for int8. */
function openPrepackedStores(
  { cacheWeights }: EngineSettings,
  reports: Pick<PrepackedStoreOptions, 'onNote' | 'onStatus'>,
): { readonly prepacked?: PrepackedStore; readonly int8Weights: PrepackedStore } {
  const folder = join(cacheFolder(), 'derived');
  const recipes = cacheWeights ? undefined : isInt8Recipe;
  return {
    prepacked: cacheWeights
      ? createPrepackedStore({ folder, ...reports, minimumBytes: MIN_CACHED_BYTES })
      : undefined,
    int8Weights: createPrepackedStore({ folder, ...reports, minimumBytes: 0, recipes }),
  };
}

const openSessionCache = (
  { cacheWeights }: EngineSettings,
  onNote: (text: string) => void,
): SessionCache | undefined =>
  cacheWeights
    ? createSessionCache({
        folder: join(cacheFolder(), 'sessions'),
        minimumBytes: MIN_CACHED_BYTES,
        onNote,
      })
    : undefined;

/** The runtime's callbacks that emit `loading` and `loaded`. */
function loadReports({
  emit,
  nodeId,
}: EngineReports): Pick<RuntimeOptions, 'onLoad' | 'onSize' | 'onLoaded'> {
  let start = 0;
  const describe = ({ file, part }: NetworkSpec) => ({
    nodeId: nodeId(),
    file: basename(file),
    part,
  });
  return {
    onLoad: (spec) => {
      start = performance.now();
      emit({ type: 'loading', ...describe(spec) });
    },
    onSize: (spec, bytes) => emit({ type: 'loading', ...describe(spec), bytes }),
    onLoaded: (spec) => {
      const seconds = (performance.now() - start) / 1000;
      emit({ type: 'loaded', ...describe(spec), seconds });
    },
  };
}

const DEFAULT_STORE_BYTES = 10 * 2 ** 30;

/**
 * The store of results, which depend on versions and runtime besides the workflow and its files.
 */
function openStore(
  { cache: folder, cacheSize }: EngineSettings,
  folders: Folders,
  runtime: ModelRuntime,
): ResultStore | undefined {
  if (folder === undefined) return undefined;
  const { version, onnxruntime } = versions();
  const { device, precision, memoryLimit, textEncoders, prepacked } = runtime;
  return openResultStore({
    folder,
    bytes: cacheSize ?? DEFAULT_STORE_BYTES,
    files: trackFileDependencies(folders, join(cacheFolder(), 'hashes')),
    environment: JSON.stringify([
      version,
      onnxruntime,
      device,
      precision,
      // on which auto depends
      ...(precision === 'auto' ? [memoryLimit] : []),
      textEncoders,
      ...(prepacked ? ['prepared weights'] : []),
    ]),
  });
}
