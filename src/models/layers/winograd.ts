// 3x3 convolutions by Winograd's minimal filtering (Lavin & Gray 2015, arXiv 1509.09308): tiles of
// m x m outputs from (m+2) x (m+2) inputs, 4 (m = 4) or 2.25 (m = 2) times fewer products. In plain
// operators, NHWC inside. The transformed kernels are prepacked weights. Equal to a direct
// convolution but for rounding, which adds about 2e-6 of the result for m = 4.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Recipe } from '../weights/recipe.ts';
import type { Weights } from '../weights/tensors.ts';
import { type Im2colTables, im2colTables, pixelRows } from './im2col.ts';

export type TileSide = 2 | 4;

export interface WinogradNet {
  readonly g: Graph;
  readonly w: Weights;
  /** Absent: convolutions are computed directly. */
  readonly winograd?: TileSide;
  /** The index tables for the size of the convolved images. */
  readonly im2col?: Im2colTables;
}

/** Layers with fewer channels gain nothing. */
const MIN_CHANNELS = 128;

type Matrix = readonly (readonly number[])[];

interface Transforms {
  readonly input: Matrix;
  readonly kernel: Matrix;
  readonly output: Matrix;
}

/**
 * Returns the transforms along one axis for products at some points and infinity (Toom and Cook).
 * For tiles of 4 the points below give the smallest error of those whose numbers float32 represents
 * exactly, a third of that of the usual 0, 1, -1, 2, -2.
 */
function transformsAt(points: readonly number[]): Transforms {
  const side = points.length - 1;
  const powers = (x: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => x ** i);
  const others = (point: number): number[] => points.filter((other) => other !== point);
  const last = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : 0));
  const columns = [...points.map((point) => powers(point, side)), last(side)];
  return {
    input: [...points.map((point) => [...polynomial(others(point)), 0]), polynomial(points)],
    kernel: [
      ...points.map((point) => {
        const product = others(point).reduce((n, other) => n * (point - other), 1);
        return powers(point, 3).map((x) => x / product);
      }),
      last(3),
    ],
    output: Array.from({ length: side }, (_, i) => columns.map((column) => column[i])),
  };
}

/** Returns the coefficients of the polynomial with these roots, the constant first. */
const polynomial = (roots: readonly number[]): number[] =>
  roots.reduce(
    (all, root) =>
      Array.from({ length: all.length + 1 }, (_, i) => (all[i - 1] ?? 0) - root * (all[i] ?? 0)),
    [1],
  );

const TRANSFORMS: Readonly<Record<TileSide, Transforms>> = {
  2: transformsAt([0, 1, -1]),
  4: transformsAt([0, 1, -1, 1 / 2, -2]),
};

/** Returns the transform along both axes at once. */
const alongBothAxes = (matrix: Matrix): Matrix =>
  matrix.flatMap((a) => matrix.map((b) => a.flatMap((x) => b.map((y) => x * y))));

/** Kernels [K, C, 3, 3] as [(side + 2)², C, K]: one matrix for each position of a tile. */
const kernelRecipe = (side: TileSide): Recipe => ({
  name: `winograd ${side}`,
  version: 1,
  outputs: ([[out, channels]]) => [
    { name: 'all', type: 'f32', dims: [(side + 2) ** 2, channels, out] },
  ],
  compute: ([{ shape, data }]) => [
    new Uint8Array(transformedKernels(data, shape[0], shape[1], side).buffer),
  ],
});

/** Channels that are transformed together, so that memory is read and written by rows. */
const BLOCK = 16;

/** Returns kernels [K, C, 3, 3] as [(side + 2)², C, K], computed in double precision. */
export function transformedKernels(
  kernels: Float32Array,
  out: number,
  channels: number,
  side: TileSide,
): Float32Array<ArrayBuffer> {
  const { kernel } = TRANSFORMS[side];
  const n = side + 2;
  const plane = channels * out;
  const result = new Float32Array(n * n * plane);
  const half = new Float64Array(n * 3);
  for (let from = 0; from < channels; from += BLOCK)
    for (let k = 0; k < out; k++)
      for (let c = from; c < Math.min(channels, from + BLOCK); c++) {
        const at = (k * channels + c) * 9;
        for (let i = 0; i < n; i++) {
          const [a, b, d] = kernel[i];
          for (let x = 0; x < 3; x++)
            half[i * 3 + x] =
              a * kernels[at + x] + b * kernels[at + 3 + x] + d * kernels[at + 6 + x];
        }
        let to = c * out + k;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            const [a, b, d] = kernel[j];
            result[to] = a * half[i * 3] + b * half[i * 3 + 1] + d * half[i * 3 + 2];
            to += plane;
          }
      }
  return result;
}

const RECIPES: Readonly<Record<TileSide, Recipe>> = { 2: kernelRecipe(2), 4: kernelRecipe(4) };

/**
 * A 3x3 convolution of [B, C, H, W] with stride 1 and padding 1, where it is enabled and its
 * kernels are prepacked; else undefined.
 */
export function winogradConv(
  { g, w, winograd: side, im2col: sharedTables }: WinogradNet,
  x: Value,
  name: string,
  stride: number,
  pads: readonly number[],
): Value | undefined {
  const [out, channels, kernel] = w.shape(`${name}.weight`);
  if (
    !side ||
    kernel !== 3 ||
    stride !== 1 ||
    pads.some((pad) => pad !== 1) ||
    Math.min(out, channels) < MIN_CHANNELS
  )
    return undefined;
  const kernels = w.prepacked?.(g, [`${name}.weight`], RECIPES[side]);
  if (!kernels) return undefined;
  const tables = sharedTables ?? im2colTables(g, x);
  const each = (side + 2) ** 2;
  const rows = pixelRows(g, x, channels, g.floats(new Float32Array(channels), [1, channels]));
  const windows = g.op('Gather', [
    rows,
    tables.windows({ side: side + 2, step: side, before: 1, order: 'positions first' }),
  ]);
  const inputs = matrixProduct(
    g,
    TRANSFORMS[side].input,
    g.op('Reshape', [windows, g.ints([each, -1])]),
  );
  const products = g.op('MatMul', [
    g.op('Reshape', [inputs, g.ints([each, -1, channels])]),
    kernels[0],
  ]);
  const outputs = matrixProduct(
    g,
    TRANSFORMS[side].output,
    g.op('Reshape', [products, g.ints([each, -1])]),
  );
  const image = g.op('Gather', [
    g.op('Reshape', [outputs, g.ints([-1, out])]),
    tables.pixels(side),
  ]);
  const biased = w.has(`${name}.bias`) ? g.op('Add', [image, w.value(g, `${name}.bias`)]) : image;
  return g.op('Transpose', [biased], { perm: [0, 3, 1, 2] });
}

/** Applies a transform along both axes to [P, N]. */
const matrixProduct = (g: Graph, matrix: Matrix, x: Value): Value => {
  const rows = alongBothAxes(matrix);
  return g.op('MatMul', [g.floats(rows.flat(), [rows.length, rows[0].length]), x]);
};
