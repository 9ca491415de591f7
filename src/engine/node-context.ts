// What the engine gives each node: folders, networks, progress, saving.
import { statSync } from 'node:fs';
import { dumpsJson, entriesOf, isPyFloat, type JsonObject } from '../formats/json.ts';
import type { ByteImage } from '../image/resize/pil-resize.ts';
import type { NodeContext, PreviewMethod, SaveRequest } from '../nodes/context.ts';
import type { SavedFile } from '../nodes/declare.ts';
import { createSubgraph, isOutputLink, type OutputLink } from '../nodes/graph-builder.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { fingerprint } from '../storage/fingerprint.ts';
import type { Folders } from '../storage/folders.ts';
import type { Storage } from '../storage/storage.ts';
import { apiGraphOf, type Graph, linksByInput } from '../workflow/api-graph.ts';
import type { NodeTable } from '../workflow/validate/validate.ts';
import type { Emit } from './events.ts';
import type { DynamicGraph } from './execute/dynamic-prompt.ts';
import { versions } from './versions.ts';

/** What nodes keep between jobs, by node id and class type. */
export type NodeStates = Map<string, Map<string, unknown>>;

export interface JobContext {
  readonly graph: Graph;
  readonly dynamic: DynamicGraph;
  /** `extra_pnginfo`: written beside the prompt. */
  readonly extra: Readonly<JsonObject>;
  readonly nodes: NodeTable;
  readonly folders: Folders;
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Hears which folder is about to be written to. */
  readonly onFolder: (folder: string) => void;
  readonly now: () => Date;
  readonly random: () => number;
  readonly states: NodeStates;
  /** Takes the picture so far; undefined while nobody looks, and then none is made. */
  readonly onPreview?: (nodeId: string, picture: ByteImage) => void;
  readonly previewMethod?: PreviewMethod;
  /** Ends the job before its next node. */
  readonly interrupt: () => void;
}

/** Gives the context of each node of a job; `call` counts the runs of a node over lists. */
export function createNodeContexts(
  job: JobContext,
): (nodeId: string, call?: number) => NodeContext {
  const { dynamic, nodes, folders, signal, runtime, emit, states } = job;
  const warned = new Set<string>();
  const stateKey = (nodeId: string): string => `${nodeId} ${dynamic.node(nodeId)?.classType}`;
  const kept = new Set([...job.graph.keys()].map(stateKey));
  for (const key of states.keys()) if (!kept.has(key)) states.delete(key);
  const stateOf = (nodeId: string): Map<string, unknown> => {
    const key = stateKey(nodeId);
    if (!states.has(key)) states.set(key, new Map());
    return states.get(key)!;
  };
  let prompt: JsonObject | undefined;
  return (nodeId, call = 0) => {
    let subgraphs = 0;
    const warn = (message: string): void => {
      if (warned.has(message)) return;
      warned.add(message);
      emit({ type: 'warning', nodeId, message });
    };
    return {
      nodeId,
      signal,
      runtime,
      modelFiles: folders.modelFiles,
      inputFiles: folders.inputFiles,
      hasInput: folders.hasInput,
      wildcards: () => {
        for (const problem of folders.wildcardProblems()) warn(problem);
        return folders.wildcards();
      },
      modelPath: folders.modelPath,
      inputPath: folders.inputPath,
      previewMethod: job.previewMethod,
      progress: (step, total, preview) => {
        emit({ type: 'progress', nodeId, step, total });
        if (!preview || !job.onPreview) return;
        const show = (picture: ByteImage | undefined): void =>
          picture && job.onPreview?.(nodeId, picture);
        const picture = preview();
        // one that can't be made is no reason to fail
        if (picture instanceof Promise) picture.then(show, () => undefined);
        else show(picture);
      },
      warn,
      save: async (request: SaveRequest): Promise<readonly SavedFile[]> => {
        const { type } = request;
        const written = await job.storage.save({ ...request, now: job.now() }, job.onFolder);
        return written.map(({ filename, subfolder, path }) => ({
          filename,
          subfolder,
          type,
          path,
        }));
      },
      saveLarge: async (request): Promise<SavedFile> => {
        const { type } = request;
        const written = await job.storage.saveLarge({ ...request, now: job.now() }, job.onFolder);
        return { ...written, type };
      },
      metadata: () => ({
        prompt: dumpsJson(apiGraphOf(job.graph)),
        ...Object.fromEntries(
          entriesOf(job.extra as JsonObject).map(([key, value]) => [key, dumpsJson(value)]),
        ),
        darkroom: dumpsJson({
          ...versions(),
          provider: runtime.device,
          precision: runtime.precision,
          text_encoders: runtime.textEncoders,
          node: dynamic.realOf(nodeId),
          models: modelsBefore(job, dynamic.realOf(nodeId)),
        }),
      }),
      status: (text, progress) =>
        emit({ type: 'status', nodeId, text, ...(progress === undefined ? {} : { progress }) }),
      send: (event, data) => emit({ type: 'message', nodeId, event, data }),
      interrupt: job.interrupt,
      prompt: () => {
        prompt ??= apiGraphOf(job.graph);
        return prompt;
      },
      extra: () => job.extra,
      graph: dynamic,
      typeGiven: (input) => {
        const value = dynamic.node(nodeId)?.inputs[input];
        const source = isOutputLink(value) && dynamic.node(value[0]);
        const declared = source && nodes.get(source.classType);
        return declared
          ? (declared.outputs[(value as OutputLink)[1]] ?? declared.moreOutputs)?.type
          : jsonType(value);
      },
      subgraph: () => createSubgraph(`${nodeId}.${call}.${subgraphs++}.`),
      get state() {
        return stateOf(nodeId);
      },
      random: job.random,
    };
  };
}

/** The socket type of a value that stands in the prompt; in JSON, 1.0 is a FLOAT and 1 an INT. */
function jsonType(value: unknown): string | undefined {
  if (isPyFloat(value)) return 'FLOAT';
  if (typeof value === 'number') return Number.isInteger(value) ? 'INT' : 'FLOAT';
  return { bigint: 'INT', string: 'STRING', boolean: 'BOOLEAN' }[typeof value as string];
}

interface UsedModel {
  readonly folder: string;
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
}

/** The model files that a node's result depends on. */
function modelsBefore({ graph, nodes, folders }: JobContext, nodeId: string): UsedModel[] {
  const found = new Map<string, UsedModel>();
  const seen = new Set<string>();
  const stack = [nodeId];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const node = graph.get(id);
    if (!node) continue;
    for (const [name, input] of Object.entries(nodes.get(node.classType)!.inputs)) {
      const value = node.inputs[name];
      if (input.kind !== 'COMBO' || input.folder === undefined || typeof value !== 'string')
        continue;
      if (!folders.modelFiles(input.folder).includes(value)) continue;
      const path = folders.modelPath(input.folder, value);
      found.set(`${input.folder}/${value}`, {
        folder: input.folder,
        name: value,
        bytes: statSync(path).size,
        hash: fingerprint(path),
      });
    }
    stack.push(...linksByInput(node).map(([, link]) => link.id));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
