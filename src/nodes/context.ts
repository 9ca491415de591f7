// What the engine gives a node: files, sessions, progress, cancel. Nothing of HTTP, ONNX or the command line.
import type { JsonObject } from '../formats/json.ts';
import type { ByteImage } from '../image/image-bytes.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Wildcards } from '../text/wildcards.ts';
import type { ExpandedNode, Subgraph } from './graph-builder.ts';

/** What a declaration may ask before anything runs. */
export interface NodeEnvironment {
  /** Names of the files in a model folder (`checkpoints`, `vae` …), relative, with `/`. */
  modelFiles(folder: string): readonly string[];
  /** Names of the files in the input folder. */
  inputFiles(): readonly string[];
  /** Whether `name` (also `sub/name`, `name [output]`) is a file that can be read. */
  hasInput(name: string): boolean;
  /** The lists that `__name__` in prompts stands for. */
  wildcards(): Wildcards;
}

export type PreviewMethod = 'latent2rgb' | 'taesd';

export interface NodeContext extends NodeEnvironment {
  /** UNIQUE_ID: `4`, or `4.0.0.1` for a node that node 4 expanded to. */
  readonly nodeId: string;
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
  /** Absolute path of a model file; throws DR_MODEL_MISSING. */
  modelPath(folder: string, name: string): string;
  /** Absolute path of an input file (`name`, `sub/name`, `name [output]`); throws DR_FILE_MISSING. */
  inputPath(name: string): string;
  /** Step `value` of `total`; `preview` makes the picture only when somebody looks. */
  progress(
    value: number,
    total: number,
    preview?: () => Promise<ByteImage | undefined> | ByteImage | undefined,
  ): void;
  /** What previews are made with (latent2rgb); `taesd`: a tiny autoencoder, where there is one. */
  readonly previewMethod?: PreviewMethod;
  /** One line, shown once per run. */
  warn(message: string): void;
  /** What the node is doing, shown at it (`2/5 regions`); `progress` 0..1 as far as it is known. */
  status(text: string, progress?: number): void;
  /** A message to the clients that look on (`img-send`, `value-send` …), as it is; data that JSON can carry. */
  send(event: string, data: Readonly<Record<string, unknown>>): void;
  /** Ends the job before the next node, as if the user had interrupted it. */
  interrupt(): void;
  /** PROMPT: the whole prompt as it was given, checked and converted. */
  prompt(): Readonly<JsonObject>;
  /** EXTRA_PNGINFO: what came with the prompt (`workflow`); empty when nothing did. */
  extra(): Readonly<JsonObject>;
  /** DYNPROMPT: the prompt and what its nodes expanded to so far. */
  readonly graph: GraphView;
  /** Socket type of what an input was given: the type of the output it is linked to, or that of the value in the prompt. */
  typeGiven(input: string): string | undefined;
  /** A new graph to give back as `expand`, whose ids begin with this node's. */
  subgraph(): Subgraph;
  /** What this node keeps from job to job, as long as a node of its id and type is in the prompt. */
  readonly state: Map<string, unknown>;
  /** 0 <= x < 1, for names and the like; never for what is in a picture. */
  random(): number;
  /** Writes files under ComfyUI's counter names (`prefix_00001_.png`), each whole or not at all. `size` fills %width% and %height%. */
  save(request: SaveRequest): Promise<readonly SavedFile[]>;
  /** The same for one file whose bytes come part by part. */
  saveLarge(
    request: Omit<SaveRequest, 'files'> & { readonly parts: AsyncIterable<Uint8Array> },
  ): Promise<SavedFile>;
  /** The text chunks a saved picture carries: `prompt`, `workflow`, `darkroom`. */
  metadata(): Readonly<Record<string, string>>;
}

/**
 * A file that a node saved, as the `executed` event and the history carry it.
 * `path` is for callers on this machine.
 */
export interface SavedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'output' | 'temp' | 'input';
  readonly path: string;
}

export interface SaveRequest {
  readonly type: 'output' | 'temp' | 'input';
  readonly prefix: string;
  readonly extension: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly files: readonly Uint8Array[];
}

export interface GraphView {
  /** A node of the prompt or one that a node expanded to; undefined when there is none. */
  node(id: string): ExpandedNode | undefined;
  /** The node that expanded to this one. */
  parentOf(id: string): string | undefined;
  /** The node at which a client shows this one. */
  displayOf(id: string): string;
}
