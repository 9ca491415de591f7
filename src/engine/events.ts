// What a job tells while it runs. Plain data: events cross a process border and become lines of JSON.
import type { SavedFile } from '../nodes/context.ts';

/** What a node shows: `images` and other lists, as in ComfyUI's `executed`. */
export type NodeUi = Readonly<Record<string, readonly unknown[]>>;

/** Results by the id of the node that saved or showed them. */
export type Outputs = Readonly<Record<string, NodeUi>>;

export type EngineEvent =
  /** `cached` nodes keep their values of the last job; `nodes` will run. */
  | { readonly type: 'started'; readonly nodes: number; readonly cached: readonly string[] }
  /** `displayId`: the node of the prompt at which a node is shown that another expanded to. */
  | {
      readonly type: 'node-started';
      readonly nodeId: string;
      readonly displayId?: string;
      readonly nodeType: string;
      readonly title: string;
    }
  /** A network (`part`: unet, clip_l, vae decoder …) of a model file is loaded: seconds for a large one. */
  | {
      readonly type: 'loading';
      readonly nodeId: string;
      readonly file: string;
      readonly part: string;
      /** Of its weights in memory; told a moment later, in a second event. */
      readonly bytes?: number;
    }
  | {
      readonly type: 'loaded';
      readonly nodeId: string;
      readonly file: string;
      readonly part: string;
      readonly seconds: number;
    }
  | {
      readonly type: 'progress';
      readonly nodeId: string;
      readonly step: number;
      readonly total: number;
    }
  | {
      readonly type: 'executed';
      readonly nodeId: string;
      readonly displayId?: string;
      readonly ui: NodeUi;
    }
  | { readonly type: 'warning'; readonly nodeId?: string; readonly message: string }
  /** What a node is doing, as it says itself. */
  | {
      readonly type: 'status';
      readonly nodeId: string;
      readonly text: string;
      readonly progress?: number;
    }
  /** A node's message to the clients: `event` and `data` are its own (`img-send`, `value-send` …). */
  | {
      readonly type: 'message';
      readonly nodeId: string;
      readonly event: string;
      readonly data: Readonly<Record<string, unknown>>;
    }
  /** A blocked value with a message kept this node from running; the job goes on (ComfyUI's execution_error `ExecutionBlocked`). */
  | {
      readonly type: 'blocked';
      readonly nodeId: string;
      readonly nodeType: string;
      readonly message: string;
      readonly executed: readonly string[];
    }
  /** The picture so far, encoded. */
  | {
      readonly type: 'preview';
      readonly nodeId: string;
      readonly displayId?: string;
      readonly mime: 'image/jpeg' | 'image/png';
      readonly image: Uint8Array;
    }
  | { readonly type: 'done'; readonly outputs: Outputs }
  | { readonly type: 'error'; readonly error: Readonly<Record<string, unknown>> };

export type Emit = (event: EngineEvent) => void;

const isSavedFile = (value: unknown): value is SavedFile =>
  typeof value === 'object' && value !== null && 'filename' in value && 'path' in value;

/** The files among what a node shows. */
export const savedFiles = (ui: NodeUi | undefined): SavedFile[] =>
  Object.values(ui ?? {})
    .flat()
    .filter(isSavedFile);
