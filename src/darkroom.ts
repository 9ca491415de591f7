// The library: opens the folders, reads, checks and runs workflows, closes the engine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkCheckOptions, checkDarkroomOptions, checkRunOptions } from './check-options.ts';
import { setInternals } from './darkroom-internals.ts';
import type {
  CheckOptions,
  CheckResult,
  Darkroom,
  DarkroomOptions,
  NodeOutput,
  Picture,
  ReplacedNodes,
  RunOptions,
  RunResult,
  WorkflowSource,
} from './darkroom-types.ts';
import { createEngine, type Engine, type EngineOptions } from './engine/client.ts';
import type { Emit, NodeUi, Outputs } from './engine/events.ts';
import { checkAborted, DarkroomError } from './errors.ts';
import { dumpsJson } from './formats/dumps-json.ts';
import { isJsonObject, type Json, type JsonObject } from './formats/json.ts';
import { parseJson } from './formats/parse-json.ts';
import { type MemoryFolders, openMemoryFolders } from './in-memory.ts';
import type { SavedFile } from './nodes/context.ts';
import { nodesOf } from './nodes/index.ts';
import { loadNodes, type NodeChoice } from './nodes/load-nodes.ts';
import { findPacks } from './nodes/user-packs/find-packs.ts';
import { type ComfyUIVersion, comfyuiVersion } from './nodes/versions/comfyui-versions.ts';
import { pythonRandom } from './random/python-random.ts';
import { resolvePrecision } from './runtime/precision.ts';
import { openEmbeddedModels } from './storage/embedded-models.ts';
import { type Folders, openFolders } from './storage/folders.ts';
import { modelRoots } from './storage/model-roots.ts';
import { checkWritable } from './storage/output.ts';
import { cacheFolder } from './user-cache-folder.ts';
import { apiGraphOf } from './workflow/api-graph.ts';
import type { NodeTable } from './workflow/node-table.ts';
import { applyOverrides } from './workflow/overrides/overrides.ts';
import { sizeNote } from './workflow/overrides/shorthands.ts';
import { type PreparedPrompt, preparePrompt } from './workflow/prepare-prompt.ts';
import {
  readWorkflow,
  readWorkflowBytes,
  readWorkflowFile,
  type Workflow,
} from './workflow/read/read.ts';
import { leftOutWarnings } from './workflow/validate/left-out.ts';
import { combineProblems, type Validation, validate } from './workflow/validate/validate.ts';

export * from './darkroom-types.ts';

/**
 * Opens the folders and prepares an engine, whose process starts with the first run. Throws
 * DR_BAD_USAGE for unknown options, an unknown version of ComfyUI and a models folder that does not
 * exist.
 *
 * @example
 * const darkroom = await openDarkroom({ output: 'images', device: 'cpu' });
 * const { images } = await darkroom.run('workflow.json', { set: { steps: 2 } });
 * console.log(images.map(({ path }) => path));
 * await darkroom.close();
 */
export async function openDarkroom(options: DarkroomOptions = {}): Promise<Darkroom> {
  checkDarkroomOptions(options);
  const memory = options.inMemory ? openMemoryFolders(options) : undefined;
  const folders = openFolders({
    ...options,
    ...memory,
    models: modelRoots(options.models),
    embedded: openEmbeddedModels(),
  });
  const { nodes, choice } = await openNodes(options, folders);
  const settings = engineSettings(options, folders, choice);
  const engine = createEngine(settings);
  const context: Context = {
    folders,
    engine,
    memory,
    nodesOf: ({ comfyui }) => nodes(comfyui ? comfyuiVersion(comfyui) : settings.comfyui),
  };
  const close = async (): Promise<void> => {
    await engine.close();
    memory?.remove();
  };
  const darkroom: Darkroom = {
    run: (workflow, runOptions) => run(context, workflow, runOptions),
    check: async (workflow, checkOptions) => checkHere(context, workflow, checkOptions),
    kill: engine.kill,
    enginePid: engine.pid,
    close,
    [Symbol.asyncDispose]: close,
  };
  setInternals(darkroom, { folders, engine, settings, options });
  return darkroom;
}

interface Context {
  readonly folders: Folders;
  readonly engine: Engine;
  readonly memory?: MemoryFolders;
  /** The nodes as the release of a run has them, or that with which Darkroom was opened. */
  readonly nodesOf: (options: Pick<RunOptions, 'comfyui'>) => NodeTable;
}

interface OpenedNodes {
  /** The nodes as a release has them. */
  readonly nodes: (version: ComfyUIVersion | undefined) => NodeTable;
  /** How other processes find them. */
  readonly choice: Pick<NodeChoice, 'nodesModule' | 'packs'>;
}

/** Loads the packs of the options, and those beside the models folders. */
async function openNodes(
  { nodes = [], onUnreadable = () => undefined }: DarkroomOptions,
  { models }: Folders,
): Promise<OpenedNodes> {
  if (isReplaced(nodes))
    return {
      nodes: (version) => nodesOf(version, nodes.table),
      choice: { nodesModule: nodes.module },
    };
  const { sources, problems } = findPacks([nodes].flat(), models);
  const set = await loadNodes({ packs: sources });
  for (const { message } of [...problems, ...set.loaded().problems]) onUnreadable(message);
  return { nodes: set.of, choice: { packs: sources } };
}

const isReplaced = (nodes: DarkroomOptions['nodes']): nodes is ReplacedNodes =>
  typeof nodes === 'object' && 'table' in nodes;

const engineSettings = (
  options: DarkroomOptions,
  folders: Folders,
  choice: OpenedNodes['choice'],
): EngineOptions => ({
  models: folders.models,
  input: folders.input,
  output: folders.output,
  temp: folders.temp,
  device: options.device ?? 'auto',
  threads: options.threads,
  textEncoders: options.textEncoders,
  precision: resolvePrecision(options.precision, options.device),
  ...keptBy(options),
  cacheSize: options.cacheSize,
  ...choice,
  nodeTimeoutMs: timeoutOf(options),
  comfyui: options.comfyui && comfyuiVersion(options.comfyui),
});

/** `nodeTimeout` in milliseconds. */
export const timeoutOf = ({ nodeTimeout }: DarkroomOptions): number | undefined =>
  nodeTimeout === undefined ? undefined : nodeTimeout * 1000;

/** What the engine stores for later runs, and where. */
export const keptBy = ({
  keep = [],
  cacheWeights = keep.includes('weights'),
  cache = keep.includes('results') ? join(cacheFolder(), 'results') : undefined,
}: DarkroomOptions): Pick<EngineOptions, 'cacheWeights' | 'cache'> => ({ cacheWeights, cache });

/** Runs a workflow, and reports its errors as events too. */
async function run(
  context: Context,
  source: WorkflowSource,
  options: RunOptions = {},
): Promise<RunResult> {
  const { onEvent } = options;
  try {
    checkRunOptions(options);
    const work = (): Promise<RunResult> => checkAndRun(context, source, options);
    if (context.memory) return await context.memory.run(options.files ?? {}, work);
    if (options.files) throw filesNeedMemory();
    return await work();
  } catch (error) {
    if (error instanceof DarkroomError) onEvent?.({ type: 'error', error: error.toJSON() });
    throw error;
  }
}

const filesNeedMemory = (): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: "option 'files' of run needs option 'inMemory' of openDarkroom",
    hint: 'Open Darkroom with inMemory: true, or write the files into the input folder.',
    input: 'files',
  });

async function checkAndRun(
  { folders, engine, nodesOf }: Context,
  source: WorkflowSource,
  options: RunOptions,
): Promise<RunResult> {
  const { signal, onEvent = () => undefined, previews = false, targets, strict } = options;
  checkAborted(signal);
  const nodes = nodesOf(options);
  const { workflow, prepared } = prepareWorkflow({ folders, nodes }, source, options);
  const validation = validate(prepared.graph, nodes, folders, targets);
  for (const message of workflow.notes) onEvent({ type: 'warning', message });
  const problems = [...prepared.problems, ...validation.problems];
  const runsInPart = !strict && validation.error === null;
  const error = combineProblems({ problems: runsInPart ? prepared.problems : problems });
  if (error) throw error;
  for (const message of leftOutWarnings(validation, nodes, targets))
    onEvent({ type: 'warning', message });
  checkOutputFolders(validation, nodes, folders);
  for (const message of prepared.messages) onEvent({ type: 'message', ...message });
  const outputs = await engine.run(
    {
      prompt: dumpsJson(apiGraphOf(validation.graph)),
      extra: dumpsJson({
        ...(options.comfyui && { comfyui: options.comfyui }),
        extra_pnginfo: prepared.extra,
      }),
      outputs: validation.outputs,
    },
    { signal, onEvent: onEvent as Emit, previews: () => previews },
  );
  onEvent({ type: 'done', outputs });
  const readable = withReaders(outputs);
  return {
    outputs: readable,
    images: Object.values(readable).flatMap(({ images }) => images),
    nodeErrors: Object.fromEntries(validation.nodeErrors),
  };
}

/** The check is imported when it is first made. */
async function checkHere(
  { folders, nodesOf }: Context,
  source: WorkflowSource,
  options: CheckOptions = {},
): Promise<CheckResult> {
  checkCheckOptions(options);
  const nodes = nodesOf(options);
  const prepared = prepareWorkflow({ folders, nodes }, source, options);
  const { checkWorkflow } = await import('./check-workflow.ts');
  return checkWorkflow({ ...prepared, nodes, folders, strict: options.strict });
}

/** Reads a workflow, sets its values, and runs the preparations of its nodes. */
function prepareWorkflow(
  { folders, nodes }: { readonly folders: Folders; readonly nodes: NodeTable },
  source: WorkflowSource,
  { set = {}, extra = {}, dynamicSeed }: RunOptions,
): { workflow: Workflow; prepared: PreparedPrompt } {
  const read = readSource(source, nodes, folders, dynamicSeed);
  const rounding = sizeNote(set.size) ?? [];
  const workflow = { ...read, notes: read.notes.concat(rounding) };
  const graph = applyOverrides(workflow.graph, set, nodes);
  const allExtra = { ...workflow.extra, ...extra } as JsonObject;
  return { workflow, prepared: preparePrompt(graph, allExtra, nodes, folders) };
}

/** Throws DR_OUTPUT_UNWRITABLE for an output whose folder can't be written. */
function checkOutputFolders(
  { outputs, graph }: Validation,
  nodes: NodeTable,
  folders: Folders,
): void {
  for (const id of outputs) {
    const { saves } = nodes.get(graph.get(id)!.classType)!;
    if (saves) checkWritable(folders[saves]);
  }
}

function readSource(
  source: WorkflowSource,
  nodes: NodeTable,
  { modelFiles }: Pick<Folders, 'modelFiles'>,
  dynamicSeed: number | bigint = 0,
): Workflow {
  const options = { nodes, random: pythonRandom(dynamicSeed).random, modelFiles };
  if (source instanceof Uint8Array) return readWorkflowBytes(source, 'the workflow', options);
  if (typeof source !== 'string') return readWorkflow(source as Json, 'the workflow', options);
  return isJsonText(source)
    ? readWorkflow(parseJson(source), 'the workflow', options)
    : readWorkflowFile(source, options);
}

const isJsonText = (text: string): boolean => /^[\s\ufeff]*\{/.test(text);

/** The outputs with a reader for the file of each image. */
const withReaders = (outputs: Outputs): RunResult['outputs'] =>
  Object.fromEntries(
    Object.entries(outputs).map(([id, ui]) => [
      id,
      { ...ui, images: (ui['images'] ?? []).filter(isJsonObject).map(withReader) } as NodeOutput,
    ]),
  );

const withReader = (file: NodeUi[string][number]): Picture => {
  const saved = file as SavedFile;
  return { ...saved, toBuffer: () => readFileSync(saved.path) };
};
