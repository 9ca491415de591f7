// The JSON that routes accept and return and that the WebSocket sends, in ComfyUI's field names.
// The routes and the page (web/) import these types; this file imports types only, so the page can.
//
// Seeds exceed the range of exact JavaScript numbers, so each side reads JSON with a number type of
// its own: `Value` is any JSON value on that side, `Num` one of its numbers.
import type { Json } from '../formats/json.ts';
import type { WorkflowForm } from '../workflow/overrides/form-types.ts';

/** A file of the input, output or temp folder, as outputs and `/view` name it. */
export interface StoredImage {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

export interface PromptNode<Value = Json> {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly _meta?: { readonly title?: string };
}

/** ComfyUI's API graph: nodes by id. */
export type PromptGraph<Value = Json> = Readonly<Record<string, PromptNode<Value>>>;

/** The body of a refused request. `code` and `hint` are Darkroom's own. */
export interface ErrorResponse {
  readonly error?: {
    readonly type?: string;
    readonly code?: string;
    readonly message: string;
    readonly details?: string;
    readonly hint?: string;
  };
  readonly node_errors?: NodeErrors;
}

/** The errors of a prompt's nodes, by node id. */
export type NodeErrors = Readonly<
  Record<
    string,
    {
      readonly class_type: string;
      readonly dependent_outputs: readonly string[];
      readonly errors: readonly {
        readonly type: string;
        readonly message: string;
        readonly details: string;
      }[];
    }
  >
>;

/** What the page stores with its jobs, for captions. */
export interface JobOrigin {
  /** The file or the example that was open. */
  readonly file?: string;
  /** The values of the job in a grid. */
  readonly cell?: string;
}

/** POST /prompt. */
export interface PromptRequest<Value = Json> {
  readonly prompt: PromptGraph<Value>;
  readonly client_id?: string;
  readonly prompt_id?: string;
  readonly number?: number;
  readonly front?: boolean;
  readonly partial_execution_targets?: readonly string[];
  readonly extra_data?: {
    readonly extra_pnginfo?: Readonly<Record<string, Value>>;
    readonly webhook?: string;
    readonly idempotency_key?: string;
    readonly darkroom?: JobOrigin;
  };
}

export interface PromptResponse {
  readonly prompt_id: string;
  readonly number: number;
  readonly node_errors: NodeErrors;
}

/** GET /prompt, and the `status` message. */
export interface QueueStatus {
  readonly exec_info: { readonly queue_remaining: number };
}

/** `[number, prompt_id, prompt, extra_data, outputs_to_execute]`. */
export type QueueItem<Value = Json, Num = number> = readonly [
  number: Num,
  promptId: string,
  prompt: PromptGraph<Value>,
  extraData: {
    readonly extra_pnginfo?: Readonly<Record<string, Value>>;
    readonly darkroom?: JobOrigin;
  },
  outputs: readonly string[],
];

/** GET /queue. */
export interface QueueResponse<Value = Json, Num = number> {
  readonly queue_running: readonly QueueItem<Value, Num>[];
  readonly queue_pending: readonly QueueItem<Value, Num>[];
}

/** What a node shows in the editor; `images` of nodes that save or preview them. */
export interface NodeOutput {
  readonly images?: readonly StoredImage[];
}

export interface HistoryEntry<Value = Json, Num = number> {
  readonly prompt: QueueItem<Value, Num>;
  readonly outputs?: Readonly<Record<string, NodeOutput>>;
  readonly status?: {
    readonly status_str: 'success' | 'error';
    readonly messages?: readonly (readonly [
      type: string,
      data: { readonly exception_message?: string; readonly traceback?: readonly string[] },
    ])[];
  };
}

/** GET /history: entries by prompt id, the oldest first. */
export type HistoryResponse<Value = Json, Num = number> = Readonly<
  Record<string, HistoryEntry<Value, Num>>
>;

/** POST /queue and POST /history. */
export interface RemovalRequest {
  readonly clear?: boolean;
  readonly delete?: readonly string[];
}

/** GET /jobs/{prompt_id}. */
export interface JobResponse<Value = Json> {
  readonly prompt_id: string;
  readonly number: number;
  readonly client_id: string | null;
  readonly state: 'pending' | 'running' | 'success' | 'error' | 'interrupted' | 'removed';
  /** Jobs that run before it. */
  readonly before: number;
  readonly attempts: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly error: Value | null;
}

/** POST /upload/image and POST /upload/mask. */
export interface UploadResponse {
  readonly name: string;
  readonly subfolder: string;
  readonly type: string;
}

/** POST /darkroom/read and GET /darkroom/examples/{name}. */
export interface WorkflowResponse<Value = Json, Num = number | bigint> {
  readonly prompt: PromptGraph<Value>;
  /** Other data of the file, for `extra_pnginfo`. */
  readonly extra: Readonly<Record<string, Value>>;
  /** The format that it was read from: `API`, `UI` or `A1111`. */
  readonly source: string;
  /** One sentence for each guess that the conversion had to make. */
  readonly notes: readonly string[];
  readonly form: WorkflowForm<Value, Num>;
}

/** A node type that is not built in. */
export interface MissingType {
  readonly type: string;
  /** The pack that its name points to. */
  readonly pack?: string;
  /** Why it is left out, for types that Darkroom deliberately does not support. */
  readonly reason?: string;
  readonly hint: string;
  /** The number of nodes of this type. */
  readonly count: number;
}

/** A model file that a workflow names and that is not here. */
export interface MissingModelFile {
  readonly file: string;
  /** Where it belongs: `checkpoints` or another folder of a models folder. */
  readonly folder: string;
  /** Files of that folder with a similar name. */
  readonly near: readonly string[];
  /** Where to get it, if the workflow says so: an http(s) address. */
  readonly url?: string;
}

export interface CheckProblem {
  readonly message: string;
  readonly hint?: string;
  /** The node and the input that it is about. */
  readonly id?: string;
  readonly input?: string;
}

/** POST /darkroom/check. */
export interface CheckResponse {
  /** Whether at least one output of the workflow can run. */
  readonly runnable: boolean;
  readonly types: readonly MissingType[];
  readonly models: readonly MissingModelFile[];
  /** What else is wrong: values, links, input files, model files of other kinds. */
  readonly problems: readonly CheckProblem[];
  /** What a run leaves out without an error: embeddings, parts of LoRAs. */
  readonly notes: readonly string[];
  /** The outputs that a run would leave out, by their names. */
  readonly leftOut: readonly string[];
  /** The number of entries that these lists do not have because there are too many. */
  readonly more: number;
}

/** GET /darkroom/examples: names. */
export type ExamplesResponse = readonly string[];

/** An example as the gallery shows it. */
export interface GalleryExample {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Models that users download; absent for those of the package. */
  readonly models?: readonly string[];
  /** Whether GET /darkroom/gallery/{name} has a picture of it. */
  readonly picture: boolean;
}

/** GET /darkroom/gallery. */
export type GalleryResponse = readonly GalleryExample[];

/** GET /features, and the `feature_flags` message. */
export interface Features {
  readonly supports_preview_metadata: boolean;
  readonly max_upload_size: number;
}

/** GET /userdata?full_info=true. */
export interface UserFile {
  readonly path: string;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly created: number;
}

/** GET /v2/userdata. */
export interface UserEntry {
  readonly name: string;
  readonly path: string;
  readonly type: 'file' | 'directory';
  readonly size?: number;
  readonly modified?: number;
}

/** GET /experiment/models/{folder}. */
export interface ModelFile {
  readonly name: string;
  readonly pathIndex: number;
  readonly modified: number;
  readonly created: number;
  readonly size: number;
}

/** A model file: GET /darkroom/models, and what POST /darkroom/models/describe describes. */
export interface ListedModel {
  readonly folder: string;
  /** Relative to the folder, with `/`. */
  readonly name: string;
  /** In bytes; absent for a model that comes with Darkroom. */
  readonly size?: number;
}

export interface ModelsResponse {
  readonly models: readonly ListedModel[];
}

/** What is in a model file, or why it cannot be used (`problem`). */
export interface DescribedModel extends ListedModel {
  readonly kind?: string;
  readonly architecture?: string;
  /** The folder that it belongs in, where that is another one. */
  readonly belongsIn?: string;
  readonly problem?: string;
  /** `path_index` of /experiment/models/preview, where there is an image beside the file. */
  readonly preview?: number;
}

/** POST /darkroom/models/describe: the first of the requested models, at least one. */
export interface DescriptionsResponse {
  readonly models: readonly DescribedModel[];
}

/** GET /internal/logs/raw, and the `logs` message. */
export interface LogEntry {
  /** ISO time. */
  readonly t: string;
  /** The message. */
  readonly m: string;
}

/** Messages of the WebSocket that the page handles, `{type, data}`: data by type. */
export interface ClientMessages {
  readonly status: { readonly status: QueueStatus; readonly sid?: string };
  readonly execution_start: { readonly prompt_id: string };
  /** `node` is null when the job has ended. */
  readonly executing: { readonly prompt_id: string; readonly node: string | null };
  readonly progress: {
    readonly prompt_id: string;
    readonly node: string;
    readonly value: number;
    readonly max: number;
  };
  /** A model file is being loaded; without `file`, something else is. */
  readonly 'darkroom/loading': {
    readonly file?: string;
    readonly part?: string;
    readonly bytes?: number;
  };
  readonly executed: { readonly prompt_id: string; readonly output: NodeOutput | null };
  readonly execution_success: { readonly prompt_id: string };
  readonly execution_interrupted: { readonly prompt_id: string };
  readonly execution_error: { readonly prompt_id: string; readonly exception_message: string };
}
