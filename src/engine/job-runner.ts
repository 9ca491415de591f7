// Runs the jobs of an engine process. Networks, results and node states last from one job to the
// next.
import { DarkroomError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../formats/json.ts';
import { parseJson } from '../formats/parse-json.ts';
import { behaviourOf } from '../nodes/versions/behaviour-changes.ts';
import { chooseRelease } from '../nodes/versions/named-release.ts';
import { holdTempFolder } from '../storage/clean-temp.ts';
import { stringsIn } from '../storage/storage.ts';
import { readWorkflow } from '../workflow/read/read.ts';
import type { ResultCache } from './cache/result-cache.ts';
import { type EngineParts, openEngineParts } from './engine-parts.ts';
import type { Emit, Outputs } from './events.ts';
import { createDynamicGraph, type DynamicGraph } from './execute/dynamic-prompt.ts';
import { execute } from './execute/execute.ts';
import { createNodeContexts, type NodeStates, type ShowPreview } from './node-context.ts';
import { NO_GUARD, type PackGuard } from './pack-guard.ts';
import type { EngineJob, EngineSettings, FromEngine } from './protocol.ts';

export interface JobRunner {
  /** Runs a job: sends its events, then `finished` or `failed`. Never rejects. */
  run(job: EngineJob): Promise<void>;
  /** Cancels the running job between two evaluations of a network. */
  cancel(): void;
  /** Whether previews are computed and sent; not until this is called. */
  enablePreviews(enabled: boolean): void;
}

/** What lasts from one job to the next, and what jobs report to. */
interface RunnerState {
  readonly cache: ResultCache;
  readonly nodeStates: NodeStates;
  previewsEnabled: boolean;
  readonly guard: PackGuard;
  readonly send: (message: FromEngine) => void;
  readonly emit: Emit;
  readonly onFolder: (folder: string) => void;
}

/**
 * Starts opening the parts of an engine. If that fails, each job fails with the error. `guard`
 * watches the nodes of packs.
 */
export function createJobRunner(
  settings: EngineSettings,
  send: (message: FromEngine) => void,
  guard: PackGuard = NO_GUARD,
): JobRunner {
  let currentNodeId = '';
  let current: AbortController | undefined;
  let holdsTemp = false;
  const state: RunnerState = {
    cache: new Map(),
    nodeStates: new Map(),
    previewsEnabled: false,
    send,
    guard,
    emit: (event) => {
      guard.sign();
      if (event.type === 'node-started') currentNodeId = event.nodeId;
      send({ kind: 'event', event });
    },
    onFolder: (folder) => {
      if (!holdsTemp && folder.startsWith(settings.temp)) {
        holdsTemp = true;
        void holdTempFolder(settings.temp);
      }
      send({ kind: 'folder', folder });
    },
  };
  const opening = openEngineParts(settings, { ...state, nodeId: () => currentNodeId });
  opening.catch(() => undefined);

  return {
    run: async (job) => {
      const controller = new AbortController();
      current = controller;
      try {
        const outputs = await runGraph(job, await opening, state, controller);
        send({ kind: 'finished', outputs });
      } catch (error) {
        send({ kind: 'failed', error: asDarkroomError(error).toJSON() });
      } finally {
        current = undefined;
      }
    },
    cancel: () => current?.abort(),
    enablePreviews: (enabled) => {
      state.previewsEnabled = enabled;
    },
  };
}

/** `extra_pnginfo` of a job's extra data. */
function imageInfoOf(extra: Json): JsonObject {
  const info = isJsonObject(extra) ? extra['extra_pnginfo'] : undefined;
  return isJsonObject(info) ? info : {};
}

async function runGraph(
  job: EngineJob,
  parts: EngineParts,
  state: RunnerState,
  controller: AbortController,
): Promise<Outputs> {
  const { nodeSet, store, comfyui } = parts;
  const { cache, emit, onFolder, nodeStates, guard } = state;
  const { signal } = controller;
  await guard.watch(nodeSet.refresh);
  const nodes = guard.guard(nodeSet.of());
  const extra = parseJson(job.extra);
  const { release, note } = chooseRelease(extra, comfyui);
  if (note !== undefined) emit({ type: 'warning', message: note });
  const behaviour = behaviourOf(release);
  const prompt = parseJson(job.prompt);
  await parts.storage.fetchMentioned(stringsIn(prompt));
  const { graph } = readWorkflow(prompt);
  const dynamic = createDynamicGraph(graph);
  const showPreview = previewSender(dynamic, state.send);
  const contextOf = createNodeContexts({
    ...parts,
    nodes,
    graph,
    dynamic,
    release,
    behaviour,
    extra: imageInfoOf(extra),
    signal,
    emit,
    onFolder,
    now: () => new Date(),
    random: Math.random,
    states: nodeStates,
    previewListener: () => (state.previewsEnabled ? showPreview : undefined),
    sendsImages: job.sendsImages,
    interrupt: () => controller.abort(),
  });
  const { outputs } = job;
  return execute({
    graph,
    dynamic,
    outputs,
    nodes,
    cache,
    signal,
    emit,
    behaviour,
    contextOf,
    store,
  });
}

const previewSender =
  (dynamic: DynamicGraph, send: RunnerState['send']): ShowPreview =>
  (nodeId, { width, height, bytes }) => {
    const displayId = dynamic.isOriginal(nodeId) ? undefined : dynamic.displayOf(nodeId);
    send({ kind: 'preview', nodeId, displayId, width, height, bytes });
  };

function asDarkroomError(error: unknown): DarkroomError {
  if (error instanceof DarkroomError) return error;
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new DarkroomError('DR_ENGINE_CRASHED', {
    message: `the engine failed: ${details}`,
    hint: 'This is a fault of Darkroom; please report it with the workflow.',
  });
}
