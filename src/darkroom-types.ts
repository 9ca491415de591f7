// The types of the library: options, workflows, results.
import type { EngineEvent } from './engine/events.ts';
import type { DarkroomError } from './errors.ts';
import type { SavedFile } from './nodes/context.ts';
import type { ComfyUIVersion } from './nodes/versions/comfyui-versions.ts';
import type { DeviceChoice } from './runtime/device-names.ts';
import type { Precision } from './runtime/precision.ts';
import type { NodeTable } from './workflow/node-table.ts';
import type { Overrides } from './workflow/overrides/overrides.ts';
import type { MissingModel, MissingNode } from './workflow/validate/find-problems.ts';
import type { NodeErrors, Validation } from './workflow/validate/validate.ts';

/** What can be kept in the cache folder for later runs. */
export const KEPT_KINDS = ['results', 'weights'] as const;
export type KeptKind = (typeof KEPT_KINDS)[number];

export interface DarkroomOptions {
  /**
   * Folders that contain `checkpoints`, `vae`, `loras` … like ComfyUI's `models`; the first folder
   * that has a file is used. Also files like ComfyUI's `extra_model_paths.yaml`, which list
   * folders. Default: DARKROOM_MODELS, else `models`, if it exists.
   */
  readonly models?: string | readonly string[];
  /** Folder that LoadImage reads from. Default: `input`. */
  readonly input?: string;
  /** Folder that SaveImage writes to. Default: `output`. */
  readonly output?: string;
  /** Folder that PreviewImage writes to. Default: `temp`. */
  readonly temp?: string;
  /**
   * Pictures come and go as bytes: `files` of `run`, and `toBuffer` of its images. There are no
   * folders `input`, `output` and `temp`; the `path` of an image is valid until the next run.
   */
  readonly inMemory?: boolean;
  /**
   * Is called with one sentence for each file, folder or pack that is left out because it cannot be
   * read or loaded, such as a link that leads nowhere.
   */
  readonly onUnreadable?: (problem: string) => void;
  /** Where networks run. Default: `auto`, which is CUDA if it works, else the CPU. */
  readonly device?: DeviceChoice;
  /** Threads for running networks. Default: all cores. */
  readonly threads?: number;
  /**
   * The type that weights of text encoders are rounded to. Default: `fp16`, as in ComfyUI; `fp32`
   * is its --fp32-text-enc.
   */
  readonly textEncoders?: 'fp16' | 'fp32';
  /**
   * Precision of diffusion models. Default: DARKROOM_PRECISION, else `auto`: on a CPU `fp32` for
   * models that fit into the memory and `int8` for larger ones, on a graphics card what suits it.
   * `int8` is for CPUs: faster and smaller, with slightly different images.
   */
  readonly precision?: Precision;
  /**
   * What is kept in the cache folder for later: `results` of nodes, to reuse what has not changed;
   * prepacked `weights` of large models, which run faster, and take three times the disk space of
   * the model in float32 (SD1.5: 11 GB). Default: nothing.
   */
  readonly keep?: readonly KeptKind[];
  /** The same as `weights` in `keep`. */
  readonly cacheWeights?: boolean;
  /** Keeps the results of nodes in this folder instead of the cache folder. */
  readonly cache?: string;
  /**
   * Largest size of the results in bytes; the least recently used are removed first. Default: 10
   * GiB.
   */
  readonly cacheSize?: number;
  /**
   * The release of ComfyUI whose nodes and results workflows get. Default: the one that a workflow
   * or an image names, else the newest known, and nodes accept what any known release accepts.
   */
  readonly comfyui?: ComfyUIVersion;
  /**
   * Packs beside the built-in ones: folders, files or installed packages. Those in `custom_nodes`
   * beside the models folders are loaded too. Packs run with the rights of the program.
   */
  readonly nodes?: string | readonly string[] | ReplacedNodes;
  /**
   * Seconds that a node of a pack may take without reporting progress or evaluating a network; then
   * it is ended. Default: 300.
   */
  readonly nodeTimeout?: number;
}

/** Nodes in place of the built-in ones: a table, and the URL of a module that exports it as NODES. */
export interface ReplacedNodes {
  readonly table: NodeTable;
  readonly module: string;
}

/**
 * A workflow in any form: an object, JSON text, the bytes of a file (an image file too), or the
 * path of one.
 */
export type WorkflowSource = string | Uint8Array | Readonly<Record<string, unknown>>;

export interface RunOptions {
  /** Stops the run between two steps, or by force after two seconds. */
  readonly signal?: AbortSignal;
  /** Is called with progress, warnings and results while the workflow runs. */
  readonly onEvent?: (event: EngineEvent) => void;
  /**
   * Whether `onEvent` is called with previews of images that are being sampled too. Default: false.
   */
  readonly previews?: boolean;
  /** Values to set first: `{ prompt: 'a cat', '3.seed': 42, 'KSampler.steps': 20 }`. */
  readonly set?: Overrides;
  /**
   * With `inMemory`: pictures and other input files, by the names that LoadImage and other nodes
   * have for them: `{ 'photo.png': bytes }`.
   */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Ids of the output nodes to run. Default: all. */
  readonly targets?: readonly string[];
  /**
   * Refuses a workflow of which only some outputs are valid. By default the valid outputs are run,
   * as in ComfyUI, with a warning for each one that is left out.
   */
  readonly strict?: boolean;
  /** The release of ComfyUI for this run, in place of that of `openDarkroom`. */
  readonly comfyui?: ComfyUIVersion;
  /** Seed for the choices among `{a|b}` in texts of workflows in UI format. Default: 0. */
  readonly dynamicSeed?: number | bigint;
  /** Is written into images beside the prompt, as ComfyUI's `extra_pnginfo`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export type CheckOptions = Pick<RunOptions, 'set' | 'strict' | 'comfyui'>;

/** An image file that a node saved. */
export interface Picture extends SavedFile {
  /**
   * Reads the bytes of the file.
   *
   * @example
   * const darkroom = await openDarkroom();
   * const { images } = await darkroom.run('workflow.json', { set: { steps: 2 } });
   * console.log(images[0].filename, images[0].toBuffer().length);
   * await darkroom.close();
   */
  toBuffer(): Buffer;
}

/** The results that a node saved or showed. */
export type NodeOutput = Readonly<Record<string, readonly unknown[]>> & {
  readonly images: readonly Picture[];
};

export interface RunResult {
  /** By the id of the node that saved or showed something. */
  readonly outputs: Readonly<Record<string, NodeOutput>>;
  /** All images of `outputs`. */
  readonly images: readonly Picture[];
  /** ComfyUI's errors of the outputs that were left out, by node id. */
  readonly nodeErrors: Readonly<Record<string, NodeErrors>>;
}

export interface CheckResult {
  /**
   * Whether `run` with the same options would start, as far as the headers of the model files tell.
   * Where there are errors nevertheless, they are of the outputs `leftOut`.
   */
  readonly runnable: boolean;
  /** The ids of the output nodes that `run` would leave out; empty if nothing can run. */
  readonly leftOut: readonly string[];
  readonly missingNodes: readonly string[];
  readonly missingModels: readonly string[];
  readonly errors: readonly DarkroomError[];
  /** The missing node types with their packs. */
  readonly nodes: readonly MissingNode[];
  /** The missing model files with their folders and similar names. */
  readonly models: readonly MissingModel[];
  /**
   * One sentence for each guess that the conversion had to make, for each embedding and list of
   * wildcards that is missing, and for each LoRA that its model cannot use as a whole.
   */
  readonly notes: readonly string[];
  /** ComfyUI's own response to the workflow. */
  readonly validation?: Validation;
}

export interface Darkroom {
  /**
   * Runs a workflow; several runs are executed one after another. Throws a DarkroomError:
   * DR_WORKFLOW_INVALID and others for a workflow that can't run, DR_INTERRUPTED when the signal
   * was aborted.
   *
   * @example
   * const darkroom = await openDarkroom();
   * const { images } = await darkroom.run('workflow.json', {
   *   set: { prompt: 'a red apple', seed: 7, steps: 2 },
   *   onEvent: (event) => {
   *     if (event.type === 'progress') console.log(`${event.step} of ${event.total}`);
   *   },
   * });
   * console.log(images[0].path, images[0].toBuffer().length);
   * await darkroom.close();
   */
  run(workflow: WorkflowSource, options?: RunOptions): Promise<RunResult>;
  /**
   * Checks whether a workflow can run here, and what is missing. Opens the headers of the model
   * files and reports what `run` would. Throws only when the workflow can't be read.
   *
   * @example
   * const darkroom = await openDarkroom();
   * const { runnable, missingNodes, missingModels } = await darkroom.check('workflow.json');
   * console.log(runnable, missingNodes, missingModels);
   * await darkroom.close();
   */
  check(workflow: WorkflowSource, options?: CheckOptions): Promise<CheckResult>;
  /** Ends the running job immediately. */
  kill(): void;
  /** Process id of the engine while it runs. */
  enginePid(): number | undefined;
  /**
   * Waits for the jobs that were started, then ends the engine. Without it the program ends all the
   * same when nothing runs any more. A later `run` throws DR_BAD_USAGE.
   */
  close(): Promise<void>;
  /**
   * Calls `close`, at the end of a block with `await using`.
   *
   * @example
   * await using darkroom = await openDarkroom();
   * const { images } = await darkroom.run('workflow.json', { set: { steps: 2 } });
   * console.log(images.length);
   */
  [Symbol.asyncDispose](): Promise<void>;
}
