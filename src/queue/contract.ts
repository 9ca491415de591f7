// The queue's contract. Graphs and messages are JSON text: big integers and `8.0` survive, and ComfyUI's answers are put together from it as it is.
import type { EngineOptions } from '../engine/client.ts';

/** A checked job, ready to run. */
export interface NewJob {
  /** Chosen by the client; a UUID unless given. */
  readonly promptId?: string;
  /** The validated graph: JSON text. */
  readonly prompt: string;
  /** `extra_data` of /prompt without secrets: JSON text of an object; its `extra_pnginfo` goes into the pictures. */
  readonly extra?: string;
  /** Whose socket hears of it. */
  readonly clientId?: string;
  /** Smaller numbers run first; the installation's next number unless given. */
  readonly number?: number;
  /** Before all others: the next number, negated. */
  readonly front?: boolean;
  /** The output nodes to run (outputs_to_execute). */
  readonly outputs: readonly string[];
  /** Called with a POST when the job has ended; http or https. */
  readonly webhook?: string;
  /** A second job with the same key is not added; the first is answered. */
  readonly idempotencyKey?: string;
}

export interface AcceptedJob {
  readonly promptId: string;
  readonly number: number;
  /** False when the idempotency key was known. */
  readonly added: boolean;
}

/** Where a job is. The last four are end states; a job reaches exactly one of them. */
export type JobState = 'pending' | 'running' | EndState;
export type EndState = 'success' | 'error' | 'interrupted' | 'removed';

export interface QueuedJob {
  readonly promptId: string;
  readonly number: number;
  readonly clientId?: string;
  /** ComfyUI's item of /queue: `[number, prompt_id, prompt, extra_data, outputs_to_execute]`. */
  readonly json: string;
}

export interface JobStatus {
  readonly promptId: string;
  readonly number: number;
  readonly clientId?: string;
  readonly state: JobState;
  /** Pending jobs that run before it. */
  readonly jobsAhead: number;
  /** How often it was started. */
  readonly attempts: number;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** Of a job that failed: `{code, message, hint, nodeId …}` as JSON text. */
  readonly error?: string;
}

export interface HistoryEntry {
  readonly promptId: string;
  readonly number: number;
  readonly state: 'success' | 'error' | 'interrupted';
  /** ComfyUI's value of /history: `{"prompt": […], "outputs": {…}, "meta": {…}, "status": {…}}`. */
  readonly json: string;
}

export interface QueueCounts {
  readonly running: number;
  readonly pending: number;
  /** ComfyUI's `queue_remaining`: both. */
  readonly remaining: number;
}

/** What the queue tells, also of jobs that run on other machines. Events of one job keep their order. */
export type QueueEvent =
  /** ComfyUI's `status` is due to all clients. */
  | { readonly type: 'changed'; readonly counts: QueueCounts }
  /**
   * A WebSocket message as ComfyUI sends it: `text` is the whole `{"type": …, "data": …}`. To the job's client only, and to nobody without one,
   * except when `broadcast`.
   */
  | {
      readonly type: 'message';
      readonly promptId: string;
      readonly clientId?: string;
      readonly broadcast: boolean;
      readonly event: string;
      readonly text: string;
    }
  /** For binary frames 1 and 4. */
  | {
      readonly type: 'preview';
      readonly promptId: string;
      readonly clientId?: string;
      /** `{node_id, prompt_id, display_node_id, parent_node_id, real_node_id, image_type}` as JSON text. */
      readonly metadata: string;
      readonly mime: 'image/jpeg' | 'image/png';
      readonly image: Uint8Array;
    }
  /** After everything else about a job. */
  | {
      readonly type: 'ended';
      readonly promptId: string;
      readonly clientId?: string;
      readonly state: EndState;
    };

export interface Queue {
  /** Throws DR_QUEUE_FULL, DR_BAD_USAGE (webhook), DR_DATABASE. When it has answered, the job survives a crash. */
  add(job: NewJob): Promise<AcceptedJob>;
  /** Jobs in the order in which they run. */
  list(): Promise<{
    readonly running: readonly QueuedJob[];
    readonly pending: readonly QueuedJob[];
  }>;
  counts(): Promise<QueueCounts>;
  /** Also of jobs that are in the history; undefined for an id never seen (or forgotten with the history). */
  status(promptId: string): Promise<JobStatus | undefined>;
  /** Waits for a job's end; undefined for an unknown id. Throws DR_INTERRUPTED when the signal is aborted (the job goes on). */
  waitForEnd(promptId: string, signal?: AbortSignal): Promise<JobStatus | undefined>;
  /** Takes pending jobs out; unknown and running ones are left alone. */
  remove(promptIds: readonly string[]): Promise<void>;
  /** Takes all pending jobs out. */
  clear(): Promise<void>;
  /** Stops the running job of this id, or whatever runs. */
  interrupt(promptId?: string): Promise<void>;
  /** /free: the workers forget their networks and results, after the job that runs. */
  free(): Promise<void>;
  readonly history: {
    /** Oldest first. With `maxItems` and no offset the last ones; `offset` counts from the oldest. */
    list(options?: {
      readonly maxItems?: number;
      readonly offset?: number;
    }): Promise<readonly HistoryEntry[]>;
    get(promptId: string): Promise<HistoryEntry | undefined>;
    delete(promptIds: readonly string[]): Promise<void>;
    clear(): Promise<void>;
  };
  /** Gives a function that ends the subscription. */
  subscribe(listener: (event: QueueEvent) => void): () => void;
  /**
   * Says whose clients look at what is being sampled, to workers here and on other machines: previews are made for those only.
   * For every job with a client while no server has called it.
   */
  requestPreviews(wants: (job: { readonly clientId?: string }) => boolean): void;
  /** Starts taking jobs, one at a time, in an engine process of its own. */
  startWorker(options: WorkerOptions): Worker;
  /** Closes the workers (see `Worker.close`) and the database. */
  close(): Promise<void>;
}

export interface QueueOptions {
  /** `postgres://…`, or the folder of the embedded database (made when missing); in memory when undefined. */
  readonly database?: string;
  /** Attempts after the first when the worker or its engine process died (1). */
  readonly retries?: number;
  /** Pending jobs from which on `add` throws DR_QUEUE_FULL; no limit unless given. */
  readonly limit?: number;
  /** A job whose worker was not heard of for so long is started again elsewhere (15). */
  readonly leaseSeconds?: number;
  /** Entries of the history that are kept (10000). */
  readonly historyLimit?: number;
  /** Whether a webhook may be called; http and https are, unless told. */
  readonly allowWebhook?: (url: URL) => boolean;
  /** Hears of failures that nobody waits for: a database that went away, a webhook that nobody answers. */
  readonly onProblem?: (message: string, error: unknown) => void;
}

export interface WorkerOptions {
  readonly engine: EngineOptions;
  /** What the engine process may grow to before it is replaced between two jobs (half the machine's memory). */
  readonly maxBytes?: number;
  /** Whether somebody looks at what a job is sampling (`preview` events); as `Queue.looking` says, unless given. */
  readonly previews?: (job: { readonly promptId: string; readonly clientId?: string }) => boolean;
}

export interface Worker {
  /** The job that runs here. */
  currentJob(): string | undefined;
  /** Process id of the engine, when one runs. */
  enginePid(): number | undefined;
  /** Ends soon: the running job may go on for `finishMs` (0), then it is given back and starts again elsewhere, without counting as an attempt. Called again without, it is given back now. */
  close(options?: { readonly finishMs?: number }): Promise<void>;
}
