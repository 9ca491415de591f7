// The layers that networks share, in the operators that ONNX Runtime runs fastest on a CPU. Token
// features are [B*N, C], so that linear layers are Gemm; images are [B, C, H, W]. All sizes but the
// channels are free.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Branch, TensorView, Weights } from '../weights/tensors.ts';
import type { Im2colTables } from './im2col.ts';
import { type Int8Plan, int8Conv, int8Linear } from './int8.ts';
import { storedInt8Linear } from './stored-int8.ts';
import { subpixelConv, subpixelKernels } from './subpixel.ts';
import { type TileSide, winogradConv } from './winograd.ts';

/** A graph under construction, and its weights. */
export interface Net {
  readonly g: Graph;
  readonly w: Weights;
  /** The layers that compute in 8-bit integers; absent: none. */
  readonly int8?: Int8Plan;
  /** The tile side of Winograd 3x3 convolutions; absent: they are computed directly. */
  readonly winograd?: TileSide;
  /**
   * The index tables for the size of the convolved images; absent: each convolution makes its own.
   */
  readonly im2col?: Im2colTables;
}

export const GROUPS = 32;

/**
 * A fully connected layer on [M, K], of a weight [N, K] or a 1x1 kernel; `rows` selects some of the
 * N.
 */
export function linear(net: Net, x: Value, name: string, rows?: TensorView['rows']): Value {
  const { g, w } = net;
  const [out, ...rest] = w.shape(`${name}.weight`);
  const width = rest.reduce((n, d) => n * d, 1);
  const plain = (): Value => {
    const weight = w.value(g, `${name}.weight`, {
      dims: [rows ? rows[1] - rows[0] : out, width],
      rows,
      after: x,
    });
    const bias = w.has(`${name}.bias`) ? [w.value(g, `${name}.bias`, { rows })] : [];
    return g.op('Gemm', [x, weight, ...bias], { transB: 1 });
  };
  const y = storedInt8Linear(net, x, name, rows) ?? int8Linear(net, x, name, rows) ?? plain();
  return branchesOf(w, name).reduce((sum, branch) => {
    const { rank, scale, down } = branch;
    const up = branchOutputs(g, branch, rows ?? [0, out], out);
    if (up === undefined) return sum;
    const low = g.op('Gemm', [x, down(g, [rank, width])], { transB: 1 });
    return g.op('Gemm', [g.op('Mul', [low, scale(g)]), up, sum], { transB: 1 });
  }, y);
}

/**
 * Returns the last factor of a branch for the outputs `from` to `to` of its layer, with zeros for
 * those that it is not added to; undefined where it is added to none of them.
 */
function branchOutputs(
  g: Graph,
  { outputs, rank, up }: Branch,
  [from, to]: readonly [number, number],
  count: number,
): Value | undefined {
  const [first, last] = outputs ?? [0, count];
  const [start, stop] = [Math.max(from, first), Math.min(to, last)];
  if (start >= stop) return undefined;
  const isWhole = start === first && stop === last;
  const own = up(g, [stop - start, rank], isWhole ? undefined : [start - first, stop - first]);
  return stop - start === to - from
    ? own
    : g.op('Pad', [own, g.ints([start - from, 0, to - stop, 0])]);
}

const branchesOf = (w: Weights, layer: string): readonly Branch[] =>
  w.branches?.(`${layer}.weight`) ?? [];

export interface ConvOptions {
  readonly stride?: number;
  /** Top, left, bottom, right; half the kernel by default. */
  readonly pads?: readonly [number, number, number, number];
}

/** A convolution of [B, C, H, W], with the branches beside it. */
export function conv(
  net: Net,
  x: Value,
  name: string,
  { stride = 1, pads }: ConvOptions = {},
): Value {
  const { g, w } = net;
  const [out, width, k] = w.shape(`${name}.weight`);
  const half = k >> 1;
  const around = pads ?? [half, half, half, half];
  const wide = { kernel_shape: [k, k], pads: around, strides: [stride, stride] };
  const point = { kernel_shape: [1, 1] };
  const plain = (): Value => {
    const bias = w.has(`${name}.bias`) ? [w.value(g, `${name}.bias`)] : [];
    return g.op('Conv', [x, w.value(g, `${name}.weight`, { after: x }), ...bias], wide);
  };
  const y =
    int8Conv(net, x, name, stride, around) ?? winogradConv(net, x, name, stride, around) ?? plain();
  return branchesOf(w, name).reduce((sum, { rank, inner = rank, scale, down, mid, up }) => {
    const low = mid
      ? g.op('Conv', [g.op('Conv', [x, down(g, [inner, width, 1, 1])], point), mid(g)], wide)
      : g.op('Conv', [x, down(g, [rank, width, k, k])], wide);
    const raised = g.op('Conv', [g.op('Mul', [low, scale(g)]), up(g, [out, rank, 1, 1])], point);
    return g.op('Add', [sum, raised]);
  }, y);
}

/** GroupNorm of 32 groups on [B, C, H, W]. */
export function groupNorm(
  { g, w }: Net,
  x: Value,
  name: string,
  epsilon: number,
  groups = GROUPS,
): Value {
  const channels = w.shape(`${name}.weight`)[0];
  const grouped = g.op('Reshape', [x, g.ints([0, groups, -1])]);
  const ones = g.floats(new Array(groups).fill(1));
  const zeros = g.floats(new Array(groups).fill(0));
  const normed = g.op('InstanceNormalization', [grouped, ones, zeros], {
    epsilon: { float: epsilon },
  });
  const y = g.op('Reshape', [normed, g.op('Shape', [x])]);
  const scaled = g.op('Mul', [y, w.value(g, `${name}.weight`, { dims: [channels, 1, 1] })]);
  return g.op('Add', [scaled, w.value(g, `${name}.bias`, { dims: [channels, 1, 1] })]);
}

/** LayerNorm over the last axis. */
export function layerNorm({ g, w }: Net, x: Value, name: string, epsilon = 1e-5): Value {
  const affine = [w.value(g, `${name}.weight`), w.value(g, `${name}.bias`)];
  return g.op('LayerNormalization', [x, ...affine], { epsilon: { float: epsilon }, axis: -1 });
}

export const silu = ({ g }: Net, x: Value): Value =>
  g.op('com.microsoft.QuickGelu', [x], { alpha: { float: 1 } });
export const quickGelu = ({ g }: Net, x: Value): Value =>
  g.op('com.microsoft.QuickGelu', [x], { alpha: { float: 1.702 } });
/** The exact GELU (erf). */
export const gelu = ({ g }: Net, x: Value): Value => g.op('com.microsoft.Gelu', [x]);
export const add = ({ g }: Net, a: Value, b: Value): Value => g.op('Add', [a, b]);

/** Returns the first dimension of a value as a one-element int64 tensor. */
export const batchOf = ({ g }: Net, x: Value): Value => g.op('Shape', [x], { start: 0, end: 1 });

/** Multi-head attention: q [B*N, C], k and v [B*M, C] -> [B*N, C]; `batch` is batchOf the image. */
export function attention(
  { g }: Net,
  q: Value,
  k: Value,
  v: Value,
  at: { batch: Value; channels: number; heads: number; causal?: boolean },
): Value {
  const shape = g.op('Concat', [at.batch, g.ints([-1, at.channels])], { axis: 0 });
  const ins = [q, k, v].map((x) => g.op('Reshape', [x, shape]));
  const y = g.op('com.microsoft.MultiHeadAttention', ins, {
    num_heads: at.heads,
    unidirectional: at.causal ? 1 : 0,
  });
  return g.op('Reshape', [y, g.ints([-1, at.channels])]);
}

/** [B, C, H, W] -> [B*H*W, C]. */
export function toTokens({ g }: Net, x: Value, channels: number): Value {
  const flat = g.op('Transpose', [g.op('Reshape', [x, g.ints([0, channels, -1])])], {
    perm: [0, 2, 1],
  });
  return g.op('Reshape', [flat, g.ints([-1, channels])]);
}

/** [B*H*W, C] -> [B, C, H, W], with the sizes of `like`. */
export function fromTokens({ g }: Net, x: Value, channels: number, like: Value): Value {
  const batched = g.op('Reshape', [
    x,
    g.op('Concat', [g.op('Shape', [like], { start: 0, end: 1 }), g.ints([-1, channels])], {
      axis: 0,
    }),
  ]);
  const sizes = g.op(
    'Concat',
    [
      g.op('Shape', [like], { start: 0, end: 1 }),
      g.ints([channels]),
      g.op('Shape', [like], { start: 2, end: 4 }),
    ],
    {
      axis: 0,
    },
  );
  return g.op('Reshape', [g.op('Transpose', [batched], { perm: [0, 2, 1] }), sizes]);
}

const NEAREST = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
};

/** Nearest-neighbour upsampling to twice the size. */
export const upsampleNearest2x = ({ g }: Net, x: Value): Value =>
  g.op('Resize', [x, '', g.floats([1, 1, 2, 2])], NEAREST);

/** Nearest-neighbour upsampling to twice the size, and a 3x3 convolution. */
export function upsampleConv(net: Net, x: Value, name: string): Value {
  if (isDirect(net, name))
    return conv({ ...net, im2col: undefined }, upsampleNearest2x(net, x), name);
  const { g } = net;
  const [kernel, bias] = kernelOf(net, name);
  return subpixelConv(g, x, subpixelKernels(g, kernel), bias);
}

/**
 * Nearest-neighbour upsampling to the height and width of `like`, which are twice those of x or one
 * less, and a 3x3 convolution.
 */
export function upsampleConvTo(net: Net, x: Value, like: Value, name: string): Value {
  const { g } = net;
  const targetSize = g.op('Shape', [like], { start: 2, end: 4 });
  const sizes = g.op('Concat', [g.op('Shape', [x], { start: 0, end: 2 }), targetSize], { axis: 0 });
  const enlarged = (): Value => g.op('Resize', [x, '', '', sizes], NEAREST);
  if (isDirect(net, name)) return conv({ ...net, im2col: undefined }, enlarged(), name);
  const [kernel, bias] = kernelOf(net, name);
  // outside of the branch: ONNX Runtime cannot save a session with weights computed inside
  const kernels = subpixelKernels(g, kernel);
  const twice = g.op('Mul', [g.op('Shape', [x], { start: 2, end: 4 }), g.ints([2])]);
  const rest = g.op('ReduceSum', [g.op('Sub', [twice, targetSize])], { keepdims: 0 });
  return g.choose(
    g.op('Equal', [rest, g.op('Squeeze', [g.ints([0])])]),
    () => subpixelConv(g, x, kernels, bias),
    () => g.op('Conv', [enlarged(), kernel, ...bias], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  );
}

/**
 * Whether the convolution after an upsampling is computed directly: with a branch beside it, or in
 * integers.
 */
const isDirect = ({ w, int8 }: Net, name: string): boolean =>
  branchesOf(w, name).length > 0 ||
  int8?.(name, w.shape(`${name}.weight`)) !== undefined ||
  w.shape(`${name}.weight`)[2] !== 3;

const kernelOf = ({ g, w }: Net, name: string): [Value, Value[]] => [
  w.value(g, `${name}.weight`),
  w.has(`${name}.bias`) ? [w.value(g, `${name}.bias`)] : [],
];
