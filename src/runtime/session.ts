// A session of ONNX Runtime: a graph in memory whose weights are in files of one folder.
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import { DarkroomError } from '../errors.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { registerNativeBackend } from './native-backend.ts';

export interface SessionOptions {
  /** The name of the network, for messages. */
  readonly name: string;
  /** The folder that the locations of external tensors are relative to. */
  readonly folder: string;
  readonly threads: number;
  readonly providers: readonly string[];
  /** False evaluates the graph as it is, for graphs that run once. */
  readonly optimize?: boolean;
  /** Leaves weights in their files: none are converted or laid out when the session is opened. */
  readonly streamsWeights?: boolean;
  /** Whether sums of 8-bit products are computed so that they cannot overflow (saturation.ts). */
  readonly avoidInt8Saturation?: boolean;
  /** Saves the optimised graph to this path, and its weights to a file of this name beside it. */
  readonly save?: { readonly model: string; readonly weights: string };
  /** Prefix of the profile file that is written when the session is closed (for measurements). */
  readonly profile?: string;
}

export interface Session {
  /** Evaluates the graph and returns the named outputs. */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    outputs: readonly string[],
  ): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

/**
 * Opens a session from the bytes of an ONNX model or the path of one. Throws DR_OUT_OF_MEMORY or
 * DR_RUNTIME_FAILED.
 */
export async function openSession(
  model: Uint8Array | string,
  options: SessionOptions,
): Promise<Session> {
  registerNativeBackend();
  const { save, streamsWeights } = options;
  const session = await InferenceSession.create(model as Uint8Array, {
    executionProviders: [...options.providers],
    graphOptimizationLevel: optimizationOf(options),
    intraOpNumThreads: options.threads,
    // a memory plan for each image size doubles the memory, and is no faster
    enableMemPattern: false,
    // errors are thrown; nothing is printed in addition
    logSeverityLevel: 4,
    ...(save && { optimizedModelFilePath: save.model }),
    ...(options.profile && { enableProfiling: true, profileFilePrefix: options.profile }),
    extra: {
      ...(streamsWeights && { optimization: { disable_specified_optimizers: 'ConstantFolding' } }),
      session: {
        ...(streamsWeights && { disable_prepacking: '1' }),
        // the default for a model in a file is its own folder
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
    run: async (inputs, outputs) => {
      const feeds: Record<string, OrtTensor> = {};
      for (const [name, x] of Object.entries(inputs))
        feeds[name] = new OrtTensor('float32', x.data, x.shape);
      const results = await session.run(feeds, [...outputs]).catch((cause: unknown) => {
        throw failure(`could not evaluate ${options.name}`, cause);
      });
      return Object.fromEntries(
        outputs.map((name) => [name, tensor(results[name].dims, float32(results[name].data))]),
      );
    },
    close: async () => {
      if (options.profile) session.endProfiling();
      await session.release();
    },
  };
}

// 'all' folds constants once more
const optimizationOf = ({ optimize, streamsWeights }: SessionOptions) =>
  optimize === false ? 'disabled' : streamsWeights ? 'extended' : 'all';

/** Returns values of any number type as float32 (labels of detectors are integers). */
const float32 = (data: OrtTensor['data']): Float32Array =>
  data instanceof Float32Array
    ? data
    : Float32Array.from(data as ArrayLike<number | bigint>, Number);

const OUT_OF_MEMORY = /bad_alloc|bad allocation|out of memory|failed to allocate|allocate memory/i;

function failure(action: string, cause: unknown): DarkroomError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (OUT_OF_MEMORY.test(reason))
    return new DarkroomError('DR_OUT_OF_MEMORY', {
      message: `${action}: not enough memory`,
      hint:
        'Make the image or the batch smaller, decode in tiles, ' +
        'or free memory for this process.',
      cause,
    });
  return new DarkroomError('DR_RUNTIME_FAILED', {
    message: `${action}: ${reason}`,
    hint: 'The file may be damaged, or the sizes of the inputs do not fit the model.',
    cause,
  });
}
