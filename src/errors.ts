// The error type and its catalogue. An error is data: a code, where it happened, and a hint on what
// to do about it. The front ends (cli/, server/) turn `message` and `hint` into text for the user.

/**
 * The exit status of the command line for each code: 1 failed while running, 2 bad usage or
 * workflow.
 */
export const ERROR_CODES = {
  DR_BAD_USAGE: 2,
  DR_FILE_MISSING: 2,
  DR_FILE_UNREADABLE: 2,
  DR_JSON_INVALID: 2,
  /** JSON with more values, or nested deeper, than is read. */
  DR_JSON_TOO_LARGE: 2,
  DR_WORKFLOW_INVALID: 2,
  DR_WORKFLOW_FORMAT: 2,
  DR_MODEL_MISSING: 2,
  DR_SAFETENSORS_INVALID: 1,
  /** A model file is broken, or is not a model file at all. */
  DR_MODEL_INVALID: 1,
  /** A model file names functions that could run programs. */
  DR_MODEL_UNSAFE: 1,
  DR_MODEL_UNSUPPORTED: 1,
  DR_MODEL_PART_MISSING: 1,
  DR_IMAGE_UNREADABLE: 1,
  DR_INPUT_INVALID: 1,
  DR_SHAPE_MISMATCH: 1,
  DR_SEED_RANGE: 1,
  DR_SAMPLING_FAILED: 1,
  /** A sampler that works in ln sigma was to start from or end at 0. */
  DR_SIGMA_ZERO: 1,
  DR_OUTPUT_UNWRITABLE: 1,
  DR_OUT_OF_MEMORY: 1,
  DR_RUNTIME_FAILED: 1,
  /** The requested device is not available here. */
  DR_DEVICE_MISSING: 2,
  DR_NODE_FAILED: 1,
  DR_ENGINE_CRASHED: 1,
  /** The queue has reached the largest number of jobs allowed. */
  DR_QUEUE_FULL: 1,
  /** A request takes more time or memory than the server spends on one. */
  DR_TOO_EXPENSIVE: 1,
  /** The queue's database can't be opened or reached. */
  DR_DATABASE: 1,
  /** A file can't be downloaded: its host refuses, or what it sends is not what was expected. */
  DR_DOWNLOAD: 1,
  /** The bucket of inputs and outputs can't be reached, or refused a request. */
  DR_STORAGE: 1,
  DR_INTERRUPTED: 130,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** One sentence: what happened, and to what. */
  readonly message: string;
  /** One sentence: what to do about it. Starts with a capital letter. */
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

  /** Plain data, for JSON events and for other processes. */
  toJSON(): Record<string, unknown> {
    const { code, message, hint, nodeId, nodeType, input, file } = this;
    return { code, message, hint, nodeId, nodeType, input, file };
  }

  static fromJSON(data: { code: ErrorCode } & ErrorDetails): DarkroomError {
    return new DarkroomError(data.code, data);
  }
}

/** The error that is thrown when work was aborted. */
export const interrupted = (): DarkroomError =>
  new DarkroomError('DR_INTERRUPTED', { message: 'interrupted' });

/** Throws DR_INTERRUPTED if the signal is aborted. Call it between evaluations of a network. */
export function checkAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw interrupted();
}
