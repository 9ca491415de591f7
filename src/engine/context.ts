// What the engine gives each node: folders, networks, progress, saving.
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dumpsJson, entriesOf, type JsonObject } from '../formats/json.ts';
import type { NodeContext, SaveRequest } from '../nodes/context.ts';
import type { SavedFile } from '../nodes/declare.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Folders } from '../storage/folders.ts';
import { writeOutputs } from '../storage/output.ts';
import { type Graph, linksOf, promptOf } from '../workflow/graph.ts';
import type { NodeTable } from '../workflow/validate.ts';
import type { Emit } from './events.ts';

export interface JobContext {
  readonly graph: Graph;
  /** `extra_pnginfo`: written beside the prompt. */
  readonly extra: Readonly<JsonObject>;
  readonly nodes: NodeTable;
  readonly folders: Folders;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Hears which folder is about to be written to. */
  readonly onFolder: (folder: string) => void;
  readonly now: () => Date;
}

/** Gives the context of each node of a job. */
export function contexts(job: JobContext): (nodeId: string) => NodeContext {
  const { folders, signal, runtime, emit } = job;
  const warned = new Set<string>();
  return (nodeId) => ({
    nodeId,
    signal,
    runtime,
    modelFiles: folders.modelFiles,
    inputFiles: folders.inputFiles,
    modelPath: folders.modelPath,
    inputPath: folders.inputPath,
    progress: (step, total) => emit({ type: 'progress', nodeId, step, total }),
    warn: (message) => {
      if (warned.has(message)) return;
      warned.add(message);
      emit({ type: 'warning', nodeId, message });
    },
    save: async (request: SaveRequest): Promise<readonly SavedFile[]> => {
      const { type } = request;
      const written = writeOutputs({ ...request, root: folders[type], now: job.now() }, job.onFolder);
      return written.map(({ filename, subfolder, path }) => ({ filename, subfolder, type, path }));
    },
    metadata: () => ({
      prompt: dumpsJson(promptOf(job.graph)),
      ...Object.fromEntries(entriesOf(job.extra as JsonObject).map(([key, value]) => [key, dumpsJson(value)])),
      darkroom: dumpsJson({ ...versions(), provider: runtime.device, precision: 'fp32', models: modelsBefore(job, nodeId) }),
    }),
  });
}

interface UsedModel {
  readonly folder: string;
  readonly name: string;
  readonly bytes: number;
}

/** The model files that a node's result depends on. */
function modelsBefore({ graph, nodes, folders }: JobContext, nodeId: string): UsedModel[] {
  const found = new Map<string, UsedModel>();
  const seen = new Set<string>();
  const stack = [nodeId];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const node = graph.get(id)!;
    for (const [name, input] of Object.entries(nodes.get(node.classType)!.inputs)) {
      const value = node.inputs[name];
      if (input.kind !== 'COMBO' || input.folder === undefined || typeof value !== 'string') continue;
      if (!folders.modelFiles(input.folder).includes(value)) continue;
      const { size } = statSync(folders.modelPath(input.folder, value));
      found.set(`${input.folder}/${value}`, { folder: input.folder, name: value, bytes: size });
    }
    stack.push(...linksOf(node).map(([, link]) => link.id));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

let known: { readonly version: string; readonly onnxruntime: string } | undefined;

/** Versions of Darkroom and of ONNX Runtime. */
export function versions(): { readonly version: string; readonly onnxruntime: string } {
  if (known) return known;
  const versionIn = (file: string): string => JSON.parse(readFileSync(file, 'utf8')).version;
  const here = dirname(fileURLToPath(import.meta.url));
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  known = { version: versionIn(join(here, '..', '..', 'package.json')), onnxruntime: versionIn(packageOf(entry)) };
  return known;
}

const packageOf = (entry: string): string =>
  join(entry.slice(0, entry.lastIndexOf('onnxruntime-node')), 'onnxruntime-node', 'package.json');
