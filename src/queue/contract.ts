// The interface of the queue. Graphs and messages are JSON text, which preserves big integers and
// `8.0`; ComfyUI's answers are put together from these texts as they are.
import type { Engine, EngineOptions } from '../engine/client.ts';

/** A validated job, ready to run. */
export interface NewJob {
  /** Chosen by the client; a random UUID by default. */
  readonly promptId?: string;
  /** The validated graph: JSON text. */
  readonly prompt: string;
  /**
   * `extra_data` of /prompt without secrets, as JSON text of an object. Its `extra_pnginfo` is
   * saved in the images.
   */
  readonly extra?: string;
  /** The client that receives the job's messages. */
  readonly clientId?: string;
  /** Smaller numbers run first; the queue's next number by default. */
  readonly number?: number;
  /** Runs the job before all others: its number is the next one, negated. */
  readonly front?: boolean;
  /** The output nodes to run (`outputs_to_execute`). */
  readonly outputs: readonly string[];
  /** Address that receives a POST when the job has ended; http or https, and public. */
  readonly webhook?: string;
  /** A second job with the same key is not added; `add` returns the first. */
  readonly idempotencyKey?: string;
}

export interface AcceptedJob {
  readonly promptId: string;
  readonly number: number;
  /** False when a job with the idempotency key exists. */
  readonly added: boolean;
}

/** The state of a job. A job reaches exactly one end state. */
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
  /** The number of pending jobs that run before it. */
  readonly jobsAhead: number;
  /** How often the job was started. */
  readonly attempts: number;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** The error of a job that failed: `{code, message, hint, nodeId …}` as JSON text. */
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
  /** ComfyUI's `queue_remaining`: the sum of both. */
  readonly remaining: number;
}

/** Events of the queue, also of jobs on other machines. Events of one job arrive in order. */
export type QueueEvent =
  /** The number of jobs has changed: ComfyUI sends `status` to all clients. */
  | { readonly type: 'changed'; readonly counts: QueueCounts }
  /**
   * A WebSocket message as ComfyUI sends it: `text` is the whole `{"type": …, "data": …}`. It is
   * sent to the job's client only, or to all clients when `broadcast`.
   */
  | {
      readonly type: 'message';
      readonly promptId: string;
      readonly clientId?: string;
      readonly broadcast: boolean;
      readonly event: string;
      readonly text: string;
    }
  /** The content of the binary frames 1 and 4. */
  | {
      readonly type: 'preview';
      readonly promptId: string;
      readonly clientId?: string;
      /**
       * `{node_id, prompt_id, display_node_id, parent_node_id, real_node_id, image_type}` as JSON
       * text.
       */
      readonly metadata: string;
      readonly mime: 'image/jpeg' | 'image/png';
      readonly image: Uint8Array;
      /** A result: the client receives it whether it shows previews or not. */
      readonly isResult?: boolean;
    }
  /** The last event of a job. */
  | {
      readonly type: 'ended';
      readonly promptId: string;
      readonly clientId?: string;
      readonly state: EndState;
    };

export interface Queue {
  /**
   * Adds a job. Once the promise resolves, the job survives a crash. Throws DR_QUEUE_FULL,
   * DR_BAD_USAGE (webhook), DR_DATABASE.
   */
  add(job: NewJob): Promise<AcceptedJob>;
  /** The jobs in the order in which they run. They are read while the lists are iterated, once. */
  list(): Promise<{
    readonly running: AsyncIterable<QueuedJob>;
    readonly pending: AsyncIterable<QueuedJob>;
  }>;
  counts(): Promise<QueueCounts>;
  /** The status of a job, also of one in the history; undefined for an unknown or deleted one. */
  status(promptId: string): Promise<JobStatus | undefined>;
  /**
   * Waits for the end of a job; returns undefined for an unknown id. Throws DR_INTERRUPTED when the
   * signal is aborted, which does not stop the job, and DR_DATABASE when the database has not been
   * reached for a minute.
   */
  waitForEnd(promptId: string, signal?: AbortSignal): Promise<JobStatus | undefined>;
  /** Removes pending jobs; ignores unknown and running ones. */
  remove(promptIds: readonly string[]): Promise<void>;
  /** Removes all pending jobs. */
  clear(): Promise<void>;
  /** Stops the running job of this id, or all running jobs. */
  interrupt(promptId?: string): Promise<void>;
  /** ComfyUI's /free: after its current job, each worker releases its networks and results. */
  free(): Promise<void>;
  readonly history: {
    /**
     * Oldest first. `maxItems` without `offset` lists the newest; `offset` counts from the oldest.
     * Entries are read while the list is iterated, once.
     */
    list(options?: {
      readonly maxItems?: number;
      readonly offset?: number;
    }): Promise<AsyncIterable<HistoryEntry>>;
    get(promptId: string): Promise<HistoryEntry | undefined>;
    delete(promptIds: readonly string[]): Promise<void>;
    clear(): Promise<void>;
  };
  /** Returns a function that ends the subscription. */
  subscribe(listener: (event: QueueEvent) => void): () => void;
  /**
   * Requests previews of the jobs for which `includes` returns true, from workers here and on other
   * machines. Until the first request, previews are computed for every job with a client.
   */
  requestPreviews(includes: (job: { readonly clientId?: string }) => boolean): void;
  /** Starts a worker that runs jobs, one at a time, in an engine process of its own. */
  startWorker(options: WorkerOptions): Worker;
  /** Closes the workers (see `Worker.close`) and the database. */
  close(): Promise<void>;
}

export interface QueueOptions {
  /**
   * `postgres://…`, or the folder of the embedded database, which is created if needed; in memory
   * when undefined.
   */
  readonly database?: string;
  /** Attempts after the first, when the worker or its engine process died (1). */
  readonly retries?: number;
  /** The number of pending jobs at which `add` throws DR_QUEUE_FULL; no limit by default. */
  readonly limit?: number;
  /**
   * The lease: a job whose worker sends no heartbeat for so long is started again elsewhere (15).
   */
  readonly leaseSeconds?: number;
  /** The number of entries that the history holds (10000). */
  readonly historyLimit?: number;
  /**
   * Hosts, addresses and CIDR ranges that webhooks may call although they are not public: loopback,
   * private, link-local and the like. None by default.
   */
  readonly webhookAllow?: readonly string[];
  /** Whether this process calls the webhooks of the queue (true). */
  readonly callsWebhooks?: boolean;
  /** Is called with failures that no caller waits for: a lost connection, an unanswered webhook. */
  readonly onProblem?: (message: string, error: unknown) => void;
}

export interface WorkerOptions {
  readonly engine: EngineOptions;
  /** Opens the engine with these options; by default a process of its own. */
  readonly openEngine?: () => Engine;
  /**
   * The resident bytes at which the engine process is replaced between two jobs (half the machine's
   * memory).
   */
  readonly maxBytes?: number;
  /** Whether `preview` events of a job are sent; those of `Queue.requestPreviews` by default. */
  readonly previews?: (job: { readonly promptId: string; readonly clientId?: string }) => boolean;
}

export interface Worker {
  /** The prompt id of the running job. */
  currentJob(): string | undefined;
  /** Process id of the engine, while one runs. */
  enginePid(): number | undefined;
  /**
   * Closes the worker. The running job may go on for `finishMs` (0); then it is released and starts
   * again elsewhere, which does not count as an attempt. A second call without `finishMs` releases
   * it at once.
   */
  close(options?: { readonly finishMs?: number }): Promise<void>;
}
