// The engine process: takes jobs from its parent, one at a time, and keeps networks and results for the next one.
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DarkroomError } from '../errors.ts';
import { type JsonObject, parseJson } from '../formats/json.ts';
import type { ByteImage } from '../image/resize/pil-resize.ts';
import { isInt8Recipe } from '../models/layers/int8.ts';
import { createPrepackedStore } from '../models/weights/prepacked-store.ts';
import { createSessionCache } from '../models/weights/session-cache.ts';
import type { PreviewMethod } from '../nodes/context.ts';
import { CPU, openDevice } from '../runtime/devices.ts';
import { createRuntime, type NetworkSpec, type Runtime } from '../runtime/runtime.ts';
import { cacheFolder, openEmbeddedModels } from '../storage/embedded-models.ts';
import { createFolderStorage } from '../storage/folder-storage.ts';
import { type Folders, openFolders } from '../storage/folders.ts';
import { openStorage, type Storage, stringsIn } from '../storage/storage.ts';
import { readWorkflow } from '../workflow/read/read.ts';
import type { NodeTable } from '../workflow/validate/validate.ts';
import { trackFileDependencies } from './cache/file-dependencies.ts';
import type { ResultCache } from './cache/result-cache.ts';
import { openResultStore, type ResultStore } from './cache/result-store.ts';
import type { EngineEvent } from './events.ts';
import { createDynamicGraph } from './execute/dynamic-prompt.ts';
import { execute } from './execute/execute.ts';
import { createNodeContexts, type NodeStates } from './node-context.ts';
import type { EngineJob, EngineSettings, FromEngine, ToEngine } from './protocol.ts';
import { versions } from './versions.ts';

interface Engine {
  readonly previewMethod?: PreviewMethod;
  readonly nodes: NodeTable;
  readonly folders: Folders;
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly store?: ResultStore;
}

const cache: ResultCache = new Map();
const states: NodeStates = new Map();
let engine: Promise<Engine>;
let job: AbortController | undefined;
let loadingFor = '';
let loadingSince = 0;
let looked = false;

const send = (message: FromEngine): void => {
  if (process.connected) process.send!(message);
};
const tell = (event: EngineEvent): void => send({ kind: 'event', event });
const about = ({ file, part }: NetworkSpec) => ({ nodeId: loadingFor, file: basename(file), part });
const onFolder = (folder: string): void => send({ kind: 'folder', folder });

async function open(settings: EngineSettings): Promise<Engine> {
  const { NODES }: { NODES: NodeTable } = await (settings.nodesModule
    ? import(settings.nodesModule)
    : import('../nodes/index.ts'));
  const { precision, cacheWeights } = settings;
  const note = (text: string): void => tell({ type: 'status', nodeId: loadingFor, text });
  const runtime = createRuntime({
    device: precision === 'int8' ? CPU : await openDevice(settings.device, precision),
    threads: settings.threads,
    textEncoders: settings.textEncoders,
    precision,
    derived:
      precision === 'int8' || cacheWeights
        ? createPrepackedStore({
            ...{ folder: join(cacheFolder(), 'derived'), onNote: note },
            ...(precision === 'int8'
              ? { minimumBytes: 0, recipes: cacheWeights ? undefined : isInt8Recipe }
              : { minimumBytes: LARGE }),
          })
        : undefined,
    sessionCache: cacheWeights
      ? createSessionCache({
          folder: join(cacheFolder(), 'sessions'),
          minimumBytes: LARGE,
          onNote: note,
        })
      : undefined,
    onLoad: (spec) => {
      loadingSince = performance.now();
      tell({ type: 'loading', ...about(spec) });
    },
    onSize: (spec, bytes) => tell({ type: 'loading', ...about(spec), bytes }),
    onLoaded: (spec) =>
      tell({ type: 'loaded', ...about(spec), seconds: (performance.now() - loadingSince) / 1000 }),
  });
  const { input, output, temp } = settings;
  const storage =
    settings.storage === undefined
      ? createFolderStorage({ input, output, temp })
      : await openStorage(settings.storage);
  const folders = openFolders({ ...settings, embedded: openEmbeddedModels({ onFolder }) });
  const store = storeOf(settings, folders, runtime);
  return {
    nodes: NODES,
    previewMethod: settings.previews,
    folders: store?.files.folders ?? folders,
    storage,
    runtime,
    store,
  };
}

const CACHE_SIZE = 10 * 2 ** 30;
/** Networks of fewer bytes open as fast from their files. */
const LARGE = 2 ** 26;

/** Results of earlier runs; what they depend on besides the workflow and its files is said here. */
function storeOf(
  { cache: folder, cacheSize }: EngineSettings,
  folders: Folders,
  runtime: Runtime,
): ResultStore | undefined {
  if (folder === undefined) return undefined;
  const { version, onnxruntime } = versions();
  const { device, precision, textEncoders, derived } = runtime;
  const files = trackFileDependencies(folders, join(cacheFolder(), 'hashes'));
  return openResultStore({
    folder,
    bytes: cacheSize ?? CACHE_SIZE,
    files,
    environment: JSON.stringify([
      version,
      onnxruntime,
      device,
      precision,
      textEncoders,
      ...(derived ? ['prepared weights'] : []),
    ]),
  });
}

async function run(text: EngineJob): Promise<void> {
  const controller = new AbortController();
  job = controller;
  try {
    const { nodes, folders, storage, runtime, previewMethod, store } = await engine;
    const prompt = parseJson(text.prompt);
    await storage.fetchMentioned(stringsIn(prompt));
    const { graph } = readWorkflow(prompt);
    const emit = (event: EngineEvent): void => {
      if (event.type === 'node-started') loadingFor = event.nodeId;
      send({ kind: 'event', event });
    };
    const extra = parseJson(text.extra) as JsonObject;
    const { signal } = controller;
    const dynamic = createDynamicGraph(graph);
    const showPreview = (nodeId: string, { width, height, bytes }: ByteImage): void => {
      const displayId = dynamic.isOriginal(nodeId) ? undefined : dynamic.displayOf(nodeId);
      send({ kind: 'preview', nodeId, displayId, width, height, bytes });
    };
    const contextOf = createNodeContexts({
      graph,
      dynamic,
      extra,
      nodes,
      folders,
      storage,
      runtime,
      signal,
      emit,
      onFolder,
      now: () => new Date(),
      random: Math.random,
      states,
      previewMethod,
      get onPreview() {
        return looked ? showPreview : undefined;
      },
      interrupt: () => controller.abort(),
    });
    const outputs = await execute({
      graph,
      dynamic,
      outputs: text.outputs,
      nodes,
      cache,
      signal,
      emit,
      contextOf,
      store,
    });
    send({ kind: 'finished', outputs });
  } catch (error) {
    send({ kind: 'failed', error: asDarkroomError(error).toJSON() });
  } finally {
    job = undefined;
  }
}

const asDarkroomError = (error: unknown): DarkroomError =>
  error instanceof DarkroomError
    ? error
    : new DarkroomError('DR_ENGINE_CRASHED', {
        message: `the engine failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        hint: 'This is a fault of Darkroom; please report it with the workflow.',
      });

process.on('message', (message: ToEngine) => {
  if (message.kind === 'open') {
    engine = open(message.settings);
    // a failure is told to the job that waits for it
    engine.catch(() => undefined);
  } else if (message.kind === 'job') void run(message.job);
  else if (message.kind === 'look') looked = message.on;
  else job?.abort();
});
// Ctrl-C reaches the whole process group; the parent decides
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
// a network's evaluation hears of nothing: a thread sees that the parent has died
new Worker(
  `setInterval(() => process.ppid === ${process.ppid} || process.kill(${process.pid}, 'SIGKILL'), 500)`,
  { eval: true },
).unref();
