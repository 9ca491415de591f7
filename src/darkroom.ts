// The whole way of a picture for programs: folders, reading, checking, running, closing.
import { readFileSync } from 'node:fs';
import { createEngine } from './engine/client.ts';
import type { Emit, EngineEvent, NodeUi, Outputs } from './engine/events.ts';
import { checkAborted, DarkroomError } from './errors.ts';
import { dumpsJson } from './formats/dumps-json.ts';
import { isJsonObject, type Json, type JsonObject } from './formats/json.ts';
import { parseJson } from './formats/parse-json.ts';
import type { SavedFile } from './nodes/context.ts';
import { NODES } from './nodes/index.ts';
import { pythonRandom } from './random/python-random.ts';
import type { DeviceChoice } from './runtime/device-names.ts';
import { type Precision, resolvePrecision } from './runtime/precision.ts';
import { openEmbeddedModels } from './storage/embedded-models.ts';
import { modelRoots, openFolders } from './storage/folders.ts';
import { checkWritable } from './storage/output.ts';
import { apiGraphOf } from './workflow/api-graph.ts';
import { applyOverrides, type Overrides } from './workflow/overrides/overrides.ts';
import { type PreparedPrompt, preparePrompt } from './workflow/prepare-prompt.ts';
import {
  readWorkflow,
  readWorkflowBytes,
  readWorkflowFile,
  type Workflow,
} from './workflow/read/read.ts';
import {
  findProblems,
  type MissingModel,
  type MissingNode,
} from './workflow/validate/find-problems.ts';
import {
  combineProblems,
  type NodeErrors,
  type NodeTable,
  type Validation,
  validate,
} from './workflow/validate/validate.ts';

export interface DarkroomOptions {
  /** Folders that hold `checkpoints`, `vae`, `loras` … as ComfyUI's `models`; earlier ones win. Default: `models`, if there is one. */
  readonly models?: string | readonly string[];
  /** Folder of the pictures that LoadImage reads (`input`). */
  readonly input?: string;
  /** Folder that SaveImage writes to (`output`). */
  readonly output?: string;
  /** Folder that PreviewImage writes to (`temp`). */
  readonly temp?: string;
  /** Where networks run (auto: CUDA where it works, else the CPU). */
  readonly device?: DeviceChoice;
  /** Threads of a network's evaluation; all cores unless given. */
  readonly threads?: number;
  /** What text encoders' weights are rounded to: fp16 as in ComfyUI unless told, or not at all (its --fp32-text-enc). */
  readonly textEncoders?: 'fp16' | 'fp32';
  /** What UNets compute in; DARKROOM_PRECISION, or what suits the device, unless given. int8 is for CPUs: faster, smaller, slightly other pictures. */
  readonly precision?: Precision;
  /** Keeps the weights of large models laid out for this machine in the cache folder: large models open in seconds and are evaluated faster.
   *  Takes disk: three times a model in float32 (SD1.5 11 GB). */
  readonly cacheWeights?: boolean;
  /** Folder where results of nodes are kept for later runs, by what went into them; nowhere unless given. */
  readonly cache?: string;
  /** How large that folder may become, in bytes (10 GiB); what was not used for the longest time is removed first. */
  readonly cacheSize?: number;
  /** Other nodes than the built-in ones: a table, and the URL of the module that exports it as NODES. */
  readonly nodes?: { readonly table: NodeTable; readonly module: string };
}

/** A workflow in any form: an object, JSON text, the bytes of a file (also of a picture), or the path of one. */
export type WorkflowSource = string | Uint8Array | Readonly<Record<string, unknown>>;

export interface RunOptions {
  /** Aborting takes effect between two evaluations of a network, or by force after two seconds. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: EngineEvent) => void;
  /** `{'3.seed': 42, 'KSampler.steps': 20}`: values to set first; the part before the dot is a node id or title. */
  readonly set?: Overrides;
  /** The output nodes to run, by id; all of them unless given. */
  readonly targets?: readonly string[];
  /** Runs the outputs that can run, as ComfyUI does, when others can't; `nodeErrors` of the result says what is wrong with those. */
  readonly partial?: boolean;
  /** Chooses among `{a|b}` in texts of a workflow in the UI format: equal seeds choose equally (0). */
  readonly dynamicSeed?: number | bigint;
  /** Written into pictures beside the prompt (`workflow`: the UI's own file). */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface Picture extends SavedFile {
  /** The bytes of the file. */
  toBuffer(): Buffer;
}

/** What a node saved or showed. */
export type NodeOutput = Readonly<Record<string, readonly unknown[]>> & {
  readonly images: readonly Picture[];
};

export interface RunResult {
  /** By the id of the node that saved or showed something. */
  readonly outputs: Readonly<Record<string, NodeOutput>>;
  /** All pictures of `outputs`. */
  readonly images: readonly Picture[];
  /** What is wrong with the outputs that were left out, by node id, as ComfyUI says it; empty unless `partial`. */
  readonly nodeErrors: Readonly<Record<string, NodeErrors>>;
}

export interface CheckResult {
  readonly runnable: boolean;
  readonly missingNodes: readonly string[];
  readonly missingModels: readonly string[];
  readonly errors: readonly DarkroomError[];
  /** The missing node types with their packs. */
  readonly nodes: readonly MissingNode[];
  /** The missing model files with the folders they belong in and near matches. */
  readonly models: readonly MissingModel[];
  /** What had to be guessed when the file was converted. */
  readonly notes: readonly string[];
  /** ComfyUI's own answer to the same workflow. */
  readonly validation?: Validation;
}

export interface Darkroom {
  /** Runs a workflow; jobs wait for each other. Throws a DarkroomError (DR_INTERRUPTED when the signal was aborted). */
  run(workflow: WorkflowSource, options?: RunOptions): Promise<RunResult>;
  /** Says whether a workflow can run here, and what is missing. Throws only when the workflow can't be read at all. */
  check(workflow: WorkflowSource, options?: Pick<RunOptions, 'set'>): CheckResult;
  /** Ends the running job at once, whatever it is doing. */
  kill(): void;
  /** Process id of the engine, when one runs. */
  enginePid(): number | undefined;
  /** Ends the engine after the jobs that were given to it. */
  close(): Promise<void>;
}

/** Opens the folders and prepares an engine; its process starts with the first run. Throws DR_BAD_USAGE for a models folder that is not there. */
export async function openDarkroom(options: DarkroomOptions = {}): Promise<Darkroom> {
  const folders = openFolders({
    ...options,
    models: modelRoots(options.models),
    embedded: openEmbeddedModels(),
  });
  const nodes = options.nodes?.table ?? NODES;
  const { input, output, temp } = folders;
  const engine = createEngine({
    models: folders.models,
    input,
    output,
    temp,
    device: options.device ?? 'auto',
    threads: options.threads,
    textEncoders: options.textEncoders,
    precision: resolvePrecision(options.precision, options.device),
    cacheWeights: options.cacheWeights,
    cache: options.cache,
    cacheSize: options.cacheSize,
    nodesModule: options.nodes?.module,
  });

  const checked = (
    source: WorkflowSource,
    set: Overrides = {},
    targets?: readonly string[],
    extra: RunOptions['extra'] = {},
    dynamicSeed?: RunOptions['dynamicSeed'],
  ): { workflow: Workflow; prepared: PreparedPrompt; validation: Validation } => {
    const workflow = readSource(source, nodes, dynamicSeed);
    const graph = applyOverrides(workflow.graph, set, nodes);
    const prepared = preparePrompt(
      graph,
      { ...workflow.extra, ...extra } as JsonObject,
      nodes,
      folders,
    );
    const validation = validate(prepared.graph, nodes, folders, targets);
    return {
      workflow,
      prepared,
      validation: { ...validation, problems: [...prepared.problems, ...validation.problems] },
    };
  };

  const run = async (source: WorkflowSource, options: RunOptions = {}): Promise<RunResult> => {
    const {
      signal,
      onEvent = () => undefined,
      set,
      extra,
      targets,
      partial,
      dynamicSeed,
    } = options;
    try {
      checkAborted(signal);
      const { workflow, prepared, validation } = checked(source, set, targets, extra, dynamicSeed);
      for (const message of workflow.notes) onEvent({ type: 'warning', message });
      const problems =
        partial && validation.error === null ? prepared.problems : validation.problems;
      const refused = combineProblems({ ...validation, problems });
      if (refused) throw refused;
      for (const { message } of validation.problems)
        onEvent({ type: 'warning', message: `left out: ${message}` });
      for (const id of validation.outputs) {
        const { saves } = nodes.get(validation.graph.get(id)!.classType)!;
        if (saves) checkWritable(folders[saves]);
      }
      for (const message of prepared.messages) onEvent({ type: 'message', ...message });
      const outputs = await engine.run(
        {
          prompt: dumpsJson(apiGraphOf(validation.graph)),
          extra: dumpsJson(prepared.extra as JsonObject),
          outputs: validation.outputs,
        },
        { signal, onEvent: onEvent as Emit },
      );
      onEvent({ type: 'done', outputs });
      const shown = withPictures(outputs);
      return {
        outputs: shown,
        images: Object.values(shown).flatMap(({ images }) => images),
        nodeErrors: Object.fromEntries(validation.nodeErrors),
      };
    } catch (error) {
      if (error instanceof DarkroomError) onEvent({ type: 'error', error: error.toJSON() });
      throw error;
    }
  };

  const check = (source: WorkflowSource, { set }: Pick<RunOptions, 'set'> = {}): CheckResult => {
    const { workflow, prepared } = checked(source, set);
    const {
      validation,
      nodes: strangers,
      models,
      problems,
    } = findProblems(prepared.graph, nodes, folders);
    const errors = [...prepared.problems, ...problems];
    return {
      runnable: errors.length === 0,
      missingNodes: strangers.map(({ type }) => type),
      missingModels: models.map(({ file }) => file),
      errors,
      nodes: strangers,
      models,
      notes: workflow.notes,
      validation,
    };
  };

  return { run, check, kill: engine.kill, enginePid: engine.pid, close: engine.close };
}

function readSource(
  source: WorkflowSource,
  nodes: NodeTable,
  dynamicSeed: number | bigint = 0,
): Workflow {
  const options = { nodes, random: pythonRandom(dynamicSeed).random };
  if (source instanceof Uint8Array) return readWorkflowBytes(source, 'the workflow', options);
  if (typeof source !== 'string') return readWorkflow(source as Json, 'the workflow', options);
  return isJsonText(source)
    ? readWorkflow(parseJson(source), 'the workflow', options)
    : readWorkflowFile(source, options);
}

const isJsonText = (text: string): boolean => /^[\s\ufeff]*\{/.test(text);

const withPictures = (outputs: Outputs): RunResult['outputs'] =>
  Object.fromEntries(
    Object.entries(outputs).map(([id, ui]) => [
      id,
      { ...ui, images: (ui['images'] ?? []).filter(isJsonObject).map(picture) } as NodeOutput,
    ]),
  );

const picture = (file: NodeUi[string][number]): Picture => {
  const saved = file as SavedFile;
  return { ...saved, toBuffer: () => readFileSync(saved.path) };
};
