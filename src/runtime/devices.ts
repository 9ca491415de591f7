// The devices that networks run on: ONNX Runtime's providers for each, how graphs are transformed
// for it, and the error when it is missing. What a device supports is tested once with small
// graphs, not derived from its name.
import { DarkroomError } from '../errors.ts';
import { createGraph, type Graph } from '../onnx/builder.ts';
import { toFloat16 } from '../onnx/float16.ts';
import { withoutIfNodes } from '../onnx/if-nodes.ts';
import { withPlainAttention } from '../onnx/plain-attention.ts';
import { withPlainNorms } from '../onnx/plain-norm.ts';
import type { Model, Node } from '../onnx/serialize.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { DeviceChoice, DeviceName } from './device-names.ts';
import { findNativeLibrary, ONNX_RUNTIME } from './native-library.ts';
import { openSession } from './session.ts';

export interface Device {
  readonly name: DeviceName;
  readonly providers: readonly string[];
  /** The precision of networks that allow float16. */
  readonly precision: 'fp32' | 'fp16';
  /**
   * Returns how a graph is transformed before it is opened; `float16`: it may compute in float16.
   */
  transform(float16: boolean): (model: Model) => Model;
}

export const CPU: Device = {
  name: 'cpu',
  providers: ['cpu'],
  precision: 'fp32',
  transform: () => (model) => model,
};

/** Opens a device. Throws DR_DEVICE_MISSING for one that is named and does not work here. */
export async function openDevice(
  choice: DeviceChoice,
  precision?: 'fp32' | 'fp16',
): Promise<Device> {
  if (choice === 'cpu') return CPU;
  if (choice === 'webgpu') return openWebGpu(precision);
  if (choice === 'cuda') return openCuda(precision);
  return findNativeLibrary().hasCuda ? openCuda(precision).catch(() => CPU) : CPU;
}

async function openCuda(precision: 'fp32' | 'fp16' = 'fp16'): Promise<Device> {
  if (!findNativeLibrary().hasCuda)
    throw missing('CUDA', 'ONNX Runtime’s library for it is not installed', CUDA_HINT);
  await testDevice('cuda', 'CUDA', (attempt) => attempt(product(), toFloat16), CUDA_HINT);
  const transform = (float16: boolean): ((model: Model) => Model) =>
    float16 && precision === 'fp16' ? (model) => toFloat16(withoutIfNodes(model)) : withoutIfNodes;
  return { name: 'cuda', providers: ['cuda', 'cpu'], precision, transform };
}

const CUDA_HINT =
  'It needs Linux x64, an NVIDIA card, its driver, CUDA 12 with cuDNN 9, and ONNX Runtime’s own ' +
  `library, installed beside Darkroom: npm install onnxruntime-node@${ONNX_RUNTIME}. ` +
  'Or use --device cpu.';

async function openWebGpu(precision?: 'fp32' | 'fp16'): Promise<Device> {
  const { hasFloat16, isAttentionExact } = await testDevice(
    'webgpu',
    'WebGPU',
    async (attempt) => {
      await attempt(product());
      const isExact = async (): Promise<boolean> => {
        const [fused, plain] = [
          await attempt(attention()),
          await attempt(attention(), withPlainAttention),
        ];
        return fused.data.every((value, i) => Math.abs(value - plain.data[i]) < 1e-3);
      };
      const runsFloat16 =
        precision === 'fp32'
          ? false
          : await attempt(product(), toFloat16).then(
              () => true,
              (error) => unsupportedFloat16(error, precision),
            );
      return { hasFloat16: runsFloat16, isAttentionExact: await isExact().catch(() => false) };
    },
    WEBGPU_HINT,
  );
  // WebGPU's attention has no causal mask
  const isReplaced = isAttentionExact
    ? ({ attributes }: Node): boolean => attributes['unidirectional'] === 1
    : undefined;
  return {
    name: 'webgpu',
    providers: ['webgpu', 'cpu'],
    precision: hasFloat16 ? 'fp16' : 'fp32',
    transform: (float16) =>
      float16 && hasFloat16
        ? (model) => toPlainFloat16(model, isReplaced)
        : (model) => toPlainOperators(model, isReplaced),
  };
}

/**
 * Replaces `If` nodes, and the norms and attention that WebGPU computes inexactly, by plain
 * operators. `isReplaced` selects the attention nodes; all by default.
 */
export const toPlainOperators = (model: Model, isReplaced?: (node: Node) => boolean): Model =>
  withPlainNorms(withPlainAttention(withoutIfNodes(model), isReplaced));

/**
 * Does the same as toPlainOperators, and converts to float16. Norms are replaced last, when they
 * are in float32.
 */
export const toPlainFloat16 = (model: Model, isReplaced?: (node: Node) => boolean): Model =>
  withPlainNorms(toFloat16(withPlainAttention(withoutIfNodes(model), isReplaced)));

const WEBGPU_HINT =
  'It needs a graphics card with a driver for Vulkan (Linux), Direct3D 12 (Windows) or Metal ' +
  '(macOS). Or use --device cpu.';

/** Returns false for a device without float16; throws the error when float16 was requested. */
function unsupportedFloat16(error: unknown, precision?: 'fp32' | 'fp16'): false {
  if (precision === 'fp16') throw error;
  return false;
}

type Attempt = (graph: Graph, change?: (model: Model) => Model) => Promise<Tensor>;

/**
 * Calls `work` with a function that runs small graphs on a device. Throws DR_DEVICE_MISSING with
 * the reason.
 */
async function testDevice<T>(
  provider: string,
  name: string,
  work: (attempt: Attempt) => Promise<T>,
  hint: string,
): Promise<T> {
  const attempt: Attempt = async (graph, change) => {
    const session = await openSession(graph.serialize(change), {
      name: `a test of ${name}`,
      folder: '',
      threads: 1,
      providers: [provider],
    });
    try {
      const values = Float32Array.from({ length: ITEMS * WIDTH }, (_, i) => Math.sin(i * 1.3));
      return (await session.run({ x: tensor([1, ITEMS, WIDTH], values) }, ['out'])).out;
    } finally {
      await session.close();
    }
  };
  try {
    return await work(attempt);
  } catch (cause) {
    const reason =
      cause instanceof DarkroomError && cause.cause instanceof Error
        ? cause.cause.message
        : String(cause);
    throw missing(name, lastSentence(reason), hint, cause);
  }
}

const missing = (name: string, reason: string, hint: string, cause?: unknown): DarkroomError =>
  new DarkroomError('DR_DEVICE_MISSING', {
    message: `${name} does not work here: ${reason}`,
    hint,
    cause,
  });

/** Returns a message without the source location that ONNX Runtime puts first. */
const lastSentence = (message: string): string =>
  message
    .trim()
    .split('\n')[0]
    .replace(/^.* was false\. /, '')
    .slice(0, 300);

const ITEMS = 80;
const WIDTH = 64;

/** Returns a graph that multiplies its input [1, ITEMS, WIDTH] with a fixed matrix. */
function product(): Graph {
  const g = createGraph();
  const flat = g.op('Reshape', [g.input('x', [1, 'N', WIDTH]), g.ints([-1, WIDTH])]);
  const weights = g.floats(
    Array.from({ length: 8 * WIDTH }, (_, i) => Math.cos(i) / 8),
    [8, WIDTH],
  );
  g.output('out', g.op('Gemm', [flat, weights], { transB: 1 }), ['N', 8]);
  return g;
}

/** Returns a graph of self-attention with four heads. */
function attention(): Graph {
  const g = createGraph();
  const x = g.input('x', [1, 'N', WIDTH]);
  g.output('out', g.op('com.microsoft.MultiHeadAttention', [x, x, x], { num_heads: 4 }), [
    1,
    'N',
    WIDTH,
  ]);
  return g;
}
