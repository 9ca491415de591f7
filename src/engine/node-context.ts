// The context that the engine passes to each node: folders, networks, progress, saving.

import { realpathSync } from 'node:fs';
import { dumpsJson } from '../formats/dumps-json.ts';
import { entriesOf, isPyFloat, type JsonObject } from '../formats/json.ts';
import type { ByteImage } from '../image/image-bytes.ts';
import type { ModelRuntime } from '../models/model-runtime.ts';
import type { NodeContext, PreviewMethod } from '../nodes/context.ts';
import type { NodeDeclaration } from '../nodes/declare.ts';
import { createSubgraph, isOutputLink } from '../nodes/graph-builder.ts';
import { flatDeclaration } from '../nodes/nested-inputs.ts';
import type { Behaviour } from '../nodes/versions/behaviour-changes.ts';
import type { Release } from '../nodes/versions/comfyui-versions.ts';
import type { Precision } from '../runtime/precision.ts';
import type { Folders } from '../storage/folders.ts';
import type { Storage } from '../storage/storage.ts';
import { apiGraphOf, type Graph } from '../workflow/api-graph.ts';
import type { NodeTable } from '../workflow/node-table.ts';
import type { Emit } from './events.ts';
import type { DynamicGraph } from './execute/dynamic-prompt.ts';
import { findUsedModels, type UsedModel } from './used-models.ts';
import { versions } from './versions.ts';

/** What nodes store between jobs, by node id and class type. */
export type NodeStates = Map<string, Map<string, unknown>>;

export type ShowPreview = (nodeId: string, image: ByteImage) => void;

export interface JobContext {
  readonly graph: Graph;
  readonly dynamic: DynamicGraph;
  /** `extra_pnginfo`: saved beside the prompt. */
  readonly extra: Readonly<JsonObject>;
  readonly nodes: NodeTable;
  readonly folders: Folders;
  readonly storage: Storage;
  readonly runtime: ModelRuntime;
  /** The release of ComfyUI whose results are computed. */
  readonly release: Release;
  /** How that release behaves. */
  readonly behaviour: Behaviour;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Is called with each folder before something is written into it. */
  readonly onFolder: (folder: string) => void;
  readonly now: () => Date;
  readonly random: () => number;
  readonly states: NodeStates;
  /** Returns the receiver of previews; while it is undefined, no previews are computed. */
  readonly previewListener?: () => ShowPreview | undefined;
  readonly previewMethod?: PreviewMethod;
  /** Nodes can send images to the client. */
  readonly sendsImages?: boolean;
  /** Ends the job before its next node. */
  readonly interrupt: () => void;
}

/** What the contexts of one job share. */
interface SharedState {
  /** The warnings that were emitted already. */
  readonly warnings: Set<string>;
  readonly prompt: () => JsonObject;
  readonly stateOf: (nodeId: string) => Map<string, unknown>;
}

/** Returns a function that creates the context of a node; `call` counts its calls over lists. */
export function createNodeContexts(
  job: JobContext,
): (nodeId: string, call?: number) => NodeContext {
  let prompt: JsonObject | undefined;
  const shared: SharedState = {
    warnings: new Set(),
    prompt: () => {
      prompt ??= apiGraphOf(job.graph);
      return prompt;
    },
    stateOf: openStates(job),
  };
  return (nodeId, call = 0) => createNodeContext(job, shared, nodeId, call);
}

/**
 * Removes the states of nodes that are not in the prompt any more; returns access to the others.
 */
function openStates({ graph, dynamic, states }: JobContext): SharedState['stateOf'] {
  const keyOf = (nodeId: string): string => `${nodeId} ${dynamic.node(nodeId)?.classType}`;
  const present = new Set([...graph.keys()].map(keyOf));
  for (const key of states.keys()) if (!present.has(key)) states.delete(key);
  return (nodeId) => {
    const key = keyOf(nodeId);
    const state = states.get(key) ?? new Map<string, unknown>();
    states.set(key, state);
    return state;
  };
}

function createNodeContext(
  job: JobContext,
  shared: SharedState,
  nodeId: string,
  call: number,
): NodeContext {
  const { emit } = job;
  let subgraphCount = 0;
  const warn = (message: string): void => {
    if (shared.warnings.has(message)) return;
    shared.warnings.add(message);
    emit({ type: 'warning', nodeId, message });
  };
  return {
    nodeId,
    signal: job.signal,
    runtime: job.runtime,
    behaviour: job.behaviour,
    random: job.random,
    interrupt: job.interrupt,
    previewMethod: job.previewMethod,
    graph: job.dynamic,
    prompt: shared.prompt,
    extra: () => job.extra,
    get state() {
      return shared.stateOf(nodeId);
    },
    warn,
    status: (text, progress) =>
      emit({ type: 'status', nodeId, text, ...(progress !== undefined && { progress }) }),
    send: (event, data) => emit({ type: 'message', nodeId, event, data }),
    progress: (step, total, preview) => {
      emit({ type: 'progress', nodeId, step, total });
      if (preview) showPreview(job, nodeId, preview);
    },
    sendImage: job.sendsImages ? (image) => sendImage(job, nodeId, image) : undefined,
    inputType: (input) => givenType(job, nodeId, input),
    subgraph: () => createSubgraph(`${nodeId}.${call}.${subgraphCount++}.`),
    metadata: () => metadataOf(job, nodeId),
    ...fileAccess(job, warn),
  };
}

type FileAccess = Pick<
  NodeContext,
  | 'modelFiles'
  | 'modelPath'
  | 'inputFiles'
  | 'inputPath'
  | 'hasInput'
  | 'wildcards'
  | 'save'
  | 'saveLarge'
>;

const fileAccess = (
  { folders, storage, now, onFolder, behaviour: { counterEndsAtDot } }: JobContext,
  warn: (message: string) => void,
): FileAccess => ({
  modelFiles: folders.modelFiles,
  modelPath: folders.modelPath,
  inputFiles: folders.inputFiles,
  inputPath: folders.inputPath,
  hasInput: folders.hasInput,
  wildcards: () => {
    for (const problem of folders.wildcardProblems()) warn(problem);
    return folders.wildcards();
  },
  save: async (request) => {
    const { type } = request;
    const files = await storage.save({ ...request, now: now(), counterEndsAtDot }, onFolder);
    return files.map(({ filename, subfolder, path }) => ({ filename, subfolder, type, path }));
  },
  saveLarge: async (request) => {
    const { type } = request;
    const file = await storage.saveLarge({ ...request, now: now(), counterEndsAtDot }, onFolder);
    return { ...file, type };
  },
});

function sendImage({ dynamic, emit }: JobContext, nodeId: string, image: Uint8Array): void {
  const displayId = dynamic.isOriginal(nodeId) ? undefined : dynamic.displayOf(nodeId);
  emit({ type: 'preview', nodeId, displayId, mime: 'image/png', image, isResult: true });
}

/** Computes a preview and passes it to the receiver, if there is one. Ignores failures. */
function showPreview(
  { previewListener }: JobContext,
  nodeId: string,
  preview: () => Promise<ByteImage | undefined> | ByteImage | undefined,
): void {
  if (!previewListener?.()) return;
  const show = (image: ByteImage | undefined): void => {
    if (image) previewListener()?.(nodeId, image);
  };
  const image = preview();
  if (image instanceof Promise) image.then(show, () => undefined);
  else show(image);
}

/** What the networks of some models computed in. */
function precisionOf(
  { precision, int8Files }: ModelRuntime,
  folders: Folders,
  models: readonly UsedModel[],
): Precision {
  if (precision !== 'auto') return precision;
  const isInt8 = ({ folder, name }: UsedModel): boolean =>
    int8Files?.has(realpathSync(folders.modelPath(folder, name))) === true;
  return models.some(isInt8) ? 'int8' : 'fp32';
}

/** The text chunks of a saved image. */
const metadataOf = (job: JobContext, nodeId: string): Readonly<Record<string, string>> => {
  const { graph, nodes, folders, runtime, release } = job;
  const realId = job.dynamic.realOf(nodeId);
  const models = findUsedModels(graph, nodes, folders, realId);
  return {
    prompt: dumpsJson(apiGraphOf(graph)),
    ...Object.fromEntries(
      entriesOf(job.extra as JsonObject).map(([key, value]) => [key, dumpsJson(value)]),
    ),
    darkroom: dumpsJson({
      ...versions(),
      comfyui: release,
      provider: runtime.device,
      precision: precisionOf(runtime, folders, models),
      text_encoders: runtime.textEncoders,
      node: realId,
      models,
    }),
  };
};

/**
 * The socket type of the output that an input is linked to, or that of its value in the prompt. An
 * output whose type is that of inputs has their type, if it is the same for all of them.
 */
function givenType(
  { dynamic, nodes }: JobContext,
  nodeId: string,
  input: string,
): string | undefined {
  const types = new Set<string | undefined>();
  const visited = new Set<string>();
  const stack: unknown[] = [dynamic.node(nodeId)?.inputs[input]];
  while (stack.length > 0) {
    const value = stack.pop();
    const link = isOutputLink(value) ? value : undefined;
    const source = link && dynamic.node(link[0]);
    const declared = source && nodes.get(source.classType);
    if (!link || !declared) types.add(jsonType(value));
    else if (!visited.has(link.join())) {
      visited.add(link.join());
      const output = declared.outputs[link[1]] ?? declared.dynamicOutput;
      if (output?.match === undefined) types.add(output?.type);
      else stack.push(...matchedValues(declared, source.inputs, output.match));
    }
  }
  const [type] = types;
  return types.size === 1 ? type : undefined;
}

/** The values of the inputs that have a common type. */
const matchedValues = (
  declaration: NodeDeclaration,
  given: Readonly<Record<string, unknown>>,
  match: string,
): unknown[] =>
  Object.entries(flatDeclaration(declaration, given).inputs).flatMap(([name, input]) =>
    input.kind === 'SOCKET' && input.match === match && Object.hasOwn(given, name)
      ? [given[name]]
      : [],
  );

/** The socket type of a value of the prompt; in JSON, 1.0 is a FLOAT and 1 an INT. */
function jsonType(value: unknown): string | undefined {
  if (isPyFloat(value)) return 'FLOAT';
  if (typeof value === 'number') return Number.isInteger(value) ? 'INT' : 'FLOAT';
  return { bigint: 'INT', string: 'STRING', boolean: 'BOOLEAN' }[typeof value as string];
}
