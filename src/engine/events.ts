// The events of a running job. They are plain data, sent between processes and printed as lines of
// JSON.
import type { SavedFile } from '../nodes/context.ts';

/** What a node shows: `images` and other lists, as in ComfyUI's `executed`. */
export type NodeUi = Readonly<Record<string, readonly unknown[]>>;

/** What nodes saved or showed, by node id. */
export type Outputs = Readonly<Record<string, NodeUi>>;

export type EngineEvent =
  /** `nodes`: how many nodes will run; `cached`: those whose results are there already. */
  | { readonly type: 'started'; readonly nodes: number; readonly cached: readonly string[] }
  /** `displayId`: the node of the prompt at which an expanded node is shown. */
  | {
      readonly type: 'node-started';
      readonly nodeId: string;
      readonly displayId?: string;
      readonly nodeType: string;
      readonly title: string;
    }
  /** A network (`part`: unet, clip_l, vae decoder …) of a model file is being loaded. */
  | {
      readonly type: 'loading';
      readonly nodeId: string;
      readonly file: string;
      readonly part: string;
      /** The size of its weights in memory; only in a second event, once it is known. */
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
  /**
   * A node's description of what it is doing; `progress` is 0 to 1. `isNote`: it says something
   * that holds for longer, such as what a model computes in.
   */
  | {
      readonly type: 'status';
      readonly nodeId: string;
      readonly text: string;
      readonly progress?: number;
      readonly isNote?: boolean;
    }
  /** A node's message to the clients, with a type of its own (`img-send`, `value-send` …). */
  | {
      readonly type: 'message';
      readonly nodeId: string;
      readonly event: string;
      readonly data: Readonly<Record<string, unknown>>;
    }
  /**
   * A blocker with a message prevented this node from running; the job goes on. ComfyUI's
   * execution_error `ExecutionBlocked`.
   */
  | {
      readonly type: 'blocked';
      readonly nodeId: string;
      readonly nodeType: string;
      readonly message: string;
      /** The nodes that ran before it, the latest thousand. */
      readonly executed: readonly string[];
    }
  /** A preview of the image that is being sampled, or an image for the client; encoded. */
  | {
      readonly type: 'preview';
      readonly nodeId: string;
      readonly displayId?: string;
      readonly mime: 'image/jpeg' | 'image/png';
      readonly image: Uint8Array;
      /** A result of the node, not a preview: the job's client receives it in any case. */
      readonly isResult?: boolean;
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

/** The texts that a node shows, as PreviewAny does. */
export const shownTexts = (ui: NodeUi | undefined): string[] =>
  (ui?.['text'] ?? []).flat().filter((text) => typeof text === 'string');
