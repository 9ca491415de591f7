// What the engine gives a node: files, sessions, progress, cancel. Nothing of HTTP, ONNX or the command line.
import type { Runtime } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { SavedFile } from './declare.ts';

/** What a declaration may ask before anything runs. */
export interface NodeEnvironment {
  /** Names of the files in a model folder (`checkpoints`, `vae` …), relative, with `/`. */
  modelFiles(folder: string): readonly string[];
  /** Names of the files in the input folder. */
  inputFiles(): readonly string[];
}

export interface NodeContext extends NodeEnvironment {
  readonly nodeId: string;
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
  /** Absolute path of a model file; throws DR_MODEL_MISSING. */
  modelPath(folder: string, name: string): string;
  /** Absolute path of an input file (`name`, `sub/name`, `name [output]`); throws DR_FILE_MISSING. */
  inputPath(name: string): string;
  /** Step `value` of `total`; `preview` makes the picture only when somebody looks. */
  progress(value: number, total: number, preview?: () => Tensor): void;
  /** One line, shown once per run. */
  warn(message: string): void;
  /** Writes files under ComfyUI's counter names (`prefix_00001_.png`), each whole or not at all. `size` fills %width% and %height%. */
  save(request: SaveRequest): Promise<readonly SavedFile[]>;
  /** The text chunks a saved picture carries: `prompt`, `workflow`, `darkroom`. */
  metadata(): Readonly<Record<string, string>>;
}

export interface SaveRequest {
  readonly type: 'output' | 'temp';
  readonly prefix: string;
  readonly extension: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly files: readonly Uint8Array[];
}
