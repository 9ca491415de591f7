// The one error type and its catalogue. An error is data: a code, where it happened, and what to do about it (hint).
// Sentences for people are made at the edge (cli/, server/) from `message` and `hint`.

/** What each code means for a process: the exit status of the command line (1 failed while running, 2 bad usage or invalid workflow). */
export const ERROR_CODES = {
  DR_BAD_USAGE: 2,
  DR_FILE_MISSING: 2,
  DR_FILE_UNREADABLE: 2,
  DR_JSON_INVALID: 2,
  DR_WORKFLOW_INVALID: 2,
  DR_WORKFLOW_FORMAT: 2,
  DR_MODEL_MISSING: 2,
  DR_SAFETENSORS_INVALID: 1,
  /** A model file that is broken, or no model file at all. */
  DR_MODEL_INVALID: 1,
  /** A model file that asks for what could run programs. */
  DR_MODEL_UNSAFE: 1,
  DR_MODEL_UNSUPPORTED: 1,
  DR_MODEL_PART_MISSING: 1,
  DR_IMAGE_UNREADABLE: 1,
  DR_INPUT_INVALID: 1,
  DR_SHAPE_MISMATCH: 1,
  DR_SEED_RANGE: 1,
  DR_SAMPLING_FAILED: 1,
  /** A sampler that works in ln sigma was asked to start from or end at 0. */
  DR_SIGMA_ZERO: 1,
  DR_OUTPUT_UNWRITABLE: 1,
  DR_OUT_OF_MEMORY: 1,
  DR_RUNTIME_FAILED: 1,
  /** The device that was asked for does not work here. */
  DR_DEVICE_MISSING: 2,
  DR_NODE_FAILED: 1,
  DR_ENGINE_CRASHED: 1,
  /** The queue has as many jobs as it may have. */
  DR_QUEUE_FULL: 1,
  /** The database of the queue can't be opened or reached. */
  DR_DATABASE: 1,
  /** The bucket of inputs and outputs can't be reached, or refuses. */
  DR_STORAGE: 1,
  DR_INTERRUPTED: 130,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** One sentence: what is wrong, naming the thing. */
  readonly message: string;
  /** One sentence: what to do. */
  readonly hint?: string;
  readonly nodeId?: string;
  readonly nodeType?: string;
  readonly input?: string;
  readonly file?: string;
  readonly cause?: unknown;
}

export class DarkroomError extends Error implements ErrorDetails {
  readonly code: ErrorCode;
  readonly hint?: string;
  nodeId?: string;
  nodeType?: string;
  readonly input?: string;
  readonly file?: string;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.message, { cause: details.cause });
    this.name = 'DarkroomError';
    this.code = code;
    this.hint = details.hint;
    this.nodeId = details.nodeId;
    this.nodeType = details.nodeType;
    this.input = details.input;
    this.file = details.file;
  }

  /** Plain data for JSON events and for crossing a process border. */
  toJSON(): Record<string, unknown> {
    const { code, message, hint, nodeId, nodeType, input, file } = this;
    return { code, message, hint, nodeId, nodeType, input, file };
  }

  static fromJSON(data: { code: ErrorCode } & ErrorDetails): DarkroomError {
    return new DarkroomError(data.code, data);
  }
}

/** The error thrown when an AbortSignal took effect. */
export const interrupted = (): DarkroomError =>
  new DarkroomError('DR_INTERRUPTED', { message: 'interrupted' });

/** Throws DR_INTERRUPTED if the signal is aborted. Called between network evaluations. */
export function checkAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw interrupted();
}
