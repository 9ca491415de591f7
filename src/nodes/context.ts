// What the engine provides to a node: files, networks, progress, cancellation. It is independent of
// HTTP, ONNX and the command line.

import type { JsonObject } from '../formats/json.ts';
import type { ByteImage } from '../image/image-bytes.ts';
import type { ModelRuntime } from '../models/model-runtime.ts';
import type { Wildcards } from '../text/wildcard-lists.ts';
import type { ExpandedNode, Subgraph } from './graph-builder.ts';
import type { Behaviour } from './versions/behaviour-changes.ts';

/** The environment that a declaration can use before anything runs. */
export interface NodeEnvironment {
  /** Names of the files in a model folder (`checkpoints`, `vae` …), relative to it, with `/`. */
  modelFiles(folder: string): readonly string[];
  /** Names of the files in the input folder. */
  inputFiles(): readonly string[];
  /** Whether `name` (also `sub/name`, `name [output]`) is a readable file. */
  hasInput(name: string): boolean;
  /** The lists that replace `__name__` in prompts. */
  wildcards(): Wildcards;
}

/** `latent2rgb` maps channels to colours; `taesd` uses a tiny autoencoder if there is one. */
export type PreviewMethod = 'latent2rgb' | 'taesd';

export interface NodeContext extends NodeEnvironment {
  /** UNIQUE_ID: `4`, or `4.0.0.1` for a node of the expansion of node 4. */
  readonly nodeId: string;
  readonly signal: AbortSignal;
  readonly runtime: ModelRuntime;
  /** What the release of ComfyUI whose results are computed does differently from others. */
  readonly behaviour: Behaviour;
  /** Absolute path of a model file. Throws DR_MODEL_MISSING. */
  modelPath(folder: string, name: string): string;
  /** Absolute path of an input (`name`, `sub/name`, `name [output]`). Throws DR_FILE_MISSING. */
  inputPath(name: string): string;
  /** Reports step `value` of `total`. `preview` is called only when a client shows previews. */
  progress(
    value: number,
    total: number,
    preview?: () => Promise<ByteImage | undefined> | ByteImage | undefined,
  ): void;
  /** The kind of previews; latent2rgb by default. */
  readonly previewMethod?: PreviewMethod;
  /**
   * Sends a PNG file to the client of the job, in the form of a preview; undefined where there is
   * none, as on the command line.
   */
  sendImage?(png: Uint8Array): void;
  /** Reports a warning of one line. Each is shown once per job. */
  warn(message: string): void;
  /** Reports what the node is doing (`2/5 regions`), and its progress from 0 to 1, if available. */
  status(text: string, progress?: number): void;
  /** Sends an event (`img-send`, `value-send` …) with JSON data to the clients. */
  send(event: string, data: Readonly<Record<string, unknown>>): void;
  /** Ends the job before the next node, as a user's interruption does. */
  interrupt(): void;
  /** PROMPT: the whole prompt, validated and converted. */
  prompt(): Readonly<JsonObject>;
  /** EXTRA_PNGINFO: what was sent with the prompt (`workflow`); may be empty. */
  extra(): Readonly<JsonObject>;
  /** DYNPROMPT: the prompt and the expansions of its nodes so far. */
  readonly graph: GraphView;
  /** The socket type of an input's value: that of the linked output, or of the prompt's value. */
  inputType(input: string): string | undefined;
  /** A new graph to return as `expand`. Its ids begin with this node's id. */
  subgraph(): Subgraph;
  /** State that lasts from job to job as long as the prompt has a node of this id and type. */
  readonly state: Map<string, unknown>;
  /** A random number in [0, 1) for file names and the like, never for the content of images. */
  random(): number;
  /** Writes files under ComfyUI's counter names (`prefix_00001_.png`), each atomically. */
  save(request: SaveRequest): Promise<readonly SavedFile[]>;
  /** Writes one large file from parts. */
  saveLarge(
    request: Omit<SaveRequest, 'files'> & { readonly parts: AsyncIterable<Uint8Array> },
  ): Promise<SavedFile>;
  /** The text chunks of a saved image: `prompt`, `workflow`, `darkroom`. */
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
  /** The counter ends the name: `prefix_00001.png`, not `prefix_00001_.png`. */
  readonly bareCounter?: boolean;
  /** Replaces %width% and %height% in the prefix. */
  readonly size: { readonly width: number; readonly height: number };
  readonly files: readonly Uint8Array[];
}

/** The prompt and the expansions of its nodes. */
export interface GraphView {
  /** A node of the prompt or of an expansion. */
  node(id: string): ExpandedNode | undefined;
  /** The node whose expansion contains this one. */
  parentOf(id: string): string | undefined;
  /** The node at which clients show this one. */
  displayOf(id: string): string;
}
