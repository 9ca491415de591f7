// One ONNX Runtime session: a graph in memory whose weights lie in files of one folder. The only file that knows onnxruntime.
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { DarkroomError } from '../errors.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

export interface SessionOptions {
  /** What is loaded, for messages. */
  readonly name: string;
  /** Folder that the graph's external tensors are named from. */
  readonly folder: string;
  readonly threads: number;
  readonly providers: readonly string[];
  /** False: the graph is evaluated as it is, for those that run once. */
  readonly optimize?: boolean;
  /** Sums of 8-bit products are kept from overflowing on processors where they would (saturation.ts). */
  readonly avoidInt8Saturation?: boolean;
  /** Writes what the session holds: the graph to this path, the weights to a file of this name beside it. */
  readonly save?: { readonly model: string; readonly weights: string };
  /** How the file's name begins that tells, once the session is closed, what took how long (for measurements). */
  readonly profile?: string;
}

export interface Session {
  /** Evaluates the graph; `wanted` are the outputs to give back. */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    wanted: readonly string[],
  ): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

/** ONNX Runtime's version. */
export const ONNX_RUNTIME: string = env.versions.node ?? env.versions.common;

/** Opens a session from the bytes of an ONNX model or the path of one. Throws DR_OUT_OF_MEMORY or DR_RUNTIME_FAILED. */
export async function openSession(
  model: Uint8Array | string,
  options: SessionOptions,
): Promise<Session> {
  const { save } = options;
  const session = await InferenceSession.create(model as Uint8Array, {
    executionProviders: [...options.providers],
    graphOptimizationLevel: options.optimize === false ? 'disabled' : 'all',
    intraOpNumThreads: options.threads,
    // A plan of the memory for each size of picture takes it twice, and is no faster.
    enableMemPattern: false,
    // Errors are thrown here; nothing is printed beside them.
    logSeverityLevel: 4,
    ...(save && { optimizedModelFilePath: save.model }),
    ...(options.profile && { enableProfiling: true, profileFilePrefix: options.profile }),
    extra: {
      session: {
        // beside the model unless told, when it is a file
        ...(typeof model !== 'string' && {
          model_external_initializers_file_folder_path: options.folder,
        }),
        ...(options.avoidInt8Saturation && { x64quantprecision: '1' }),
        ...(save && {
          optimized_model_external_initializers_file_name: save.weights,
          optimized_model_external_initializers_min_size_in_bytes: '1024',
          save_external_prepacked_constant_initializers: '1',
        }),
      },
    },
  }).catch((cause: unknown) => {
    throw failure(`could not load ${options.name}`, cause);
  });
  return {
    run: async (inputs, wanted) => {
      const feeds: Record<string, OrtTensor> = {};
      for (const [name, x] of Object.entries(inputs))
        feeds[name] = new OrtTensor('float32', x.data, x.shape);
      const results = await session.run(feeds, [...wanted]).catch((cause: unknown) => {
        throw failure(`could not evaluate ${options.name}`, cause);
      });
      return Object.fromEntries(
        wanted.map((name) => [name, tensor(results[name].dims, float32(results[name].data))]),
      );
    },
    close: async () => {
      if (options.profile) session.endProfiling();
      await session.release();
    },
  };
}

/** Values of any number type as float32 (labels of detectors are whole numbers). */
const float32 = (data: OrtTensor['data']): Float32Array =>
  data instanceof Float32Array
    ? data
    : Float32Array.from(data as ArrayLike<number | bigint>, Number);

const OUT_OF_MEMORY = /bad_alloc|bad allocation|out of memory|failed to allocate|allocate memory/i;

function failure(what: string, cause: unknown): DarkroomError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (OUT_OF_MEMORY.test(reason))
    return new DarkroomError('DR_OUT_OF_MEMORY', {
      message: `${what}: not enough memory`,
      hint: 'Make the picture or the batch smaller, decode in tiles, or free memory for this process.',
      cause,
    });
  return new DarkroomError('DR_RUNTIME_FAILED', {
    message: `${what}: ${reason}`,
    hint: 'The file may be damaged, or the sizes of the inputs do not fit the model.',
    cause,
  });
}
