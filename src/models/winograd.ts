// 3x3 convolutions by Winograd's minimal filtering (Lavin & Gray 2015, arXiv 1509.09308): tiles of m x m outputs from (m+2) x (m+2) inputs,
// 4 (m = 4) or 2.25 (m = 2) times fewer products. Written in plain operators, NHWC inside; the kernels are transformed once and kept in
// the cache (derived.ts). Equal to a direct convolution but for rounding, which adds about 2e-6 of the result for m = 4.
import type { Graph, Value } from '../onnx/builder.ts';
import type { Recipe } from './derived.ts';
import type { Weights } from './weights.ts';

export type TileSide = 2 | 4;

/** How 3x3 convolutions are computed. */
export interface WinogradPlan {
  readonly side: TileSide;
  /** One product per place of a tile, with weights that the session lays out; faster for pictures of few tiles. Else one for all. */
  readonly apart?: boolean;
}

export interface WinogradNet {
  readonly g: Graph;
  readonly w: Weights;
  /** Absent: directly. */
  readonly winograd?: WinogradPlan;
}

/** Narrower layers gain nothing. */
const LEAST_CHANNELS = 128;

type Matrix = readonly (readonly number[])[];

interface Transforms {
  readonly input: Matrix;
  readonly kernel: Matrix;
  readonly output: Matrix;
}

/**
 * The transforms along one axis for products at some points and infinity (Toom and Cook). For tiles of 4 these points give the smallest
 * error of those whose numbers float32 holds exactly, a third of that of the usual 0, 1, -1, 2, -2.
 */
function transformsAt(points: readonly number[]): Transforms {
  const side = points.length - 1;
  const powers = (x: number, count: number): number[] => Array.from({ length: count }, (_, i) => x ** i);
  const others = (point: number): number[] => points.filter((other) => other !== point);
  const last = (count: number): number[] => Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : 0));
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

/** The coefficients of the polynomial with these roots, the constant first. */
const polynomial = (roots: readonly number[]): number[] =>
  roots.reduce((all, root) => Array.from({ length: all.length + 1 }, (_, i) => (all[i - 1] ?? 0) - root * (all[i] ?? 0)), [1]);

const TRANSFORMS: Readonly<Record<TileSide, Transforms>> = { 2: transformsAt([0, 1, -1]), 4: transformsAt([0, 1, -1, 1 / 2, -2]) };

/** The transform along both axes at once. */
const both = (matrix: Matrix): Matrix => matrix.flatMap((a) => matrix.map((b) => a.flatMap((x) => b.map((y) => x * y))));

/** Kernels [K, C, 3, 3] as the places of tiles: `all` [P, C, K], or `p0` … [C, K]. */
function kernelRecipe(side: TileSide, apart: boolean): Recipe {
  const places = (side + 2) ** 2;
  return {
    name: `winograd ${side}${apart ? ' apart' : ''}`,
    version: 1,
    outputs: ([[out, channels]]) =>
      apart
        ? Array.from({ length: places }, (_, p) => ({ name: `p${p}`, type: 'f32', dims: [channels, out] }))
        : [{ name: 'all', type: 'f32', dims: [places, channels, out] }],
    compute: ([{ shape, data }]) => {
      const [out, channels] = shape;
      const plane = channels * out;
      const all = transformedKernels(data, out, channels, side);
      if (!apart) return [new Uint8Array(all.buffer)];
      return Array.from({ length: places }, (_, p) => new Uint8Array(all.buffer, 4 * p * plane, 4 * plane));
    },
  };
}

/** Channels that are transformed together, so that reading and writing go by rows. */
const BLOCK = 16;

/** [K, C, 3, 3] -> [(side + 2)², C, K], computed in double precision. */
export function transformedKernels(kernels: Float32Array, out: number, channels: number, side: TileSide): Float32Array<ArrayBuffer> {
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
          for (let x = 0; x < 3; x++) half[i * 3 + x] = a * kernels[at + x] + b * kernels[at + 3 + x] + d * kernels[at + 6 + x];
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

const RECIPES = new Map(([2, 4] as const).flatMap((side) => [false, true].map((apart) => [`${side} ${apart}`, kernelRecipe(side, apart)])));

/** A 3x3 convolution of stride 1 padded by 1 of [B, C, H, W], where the plan wants it and its kernels are kept; else undefined. */
export function winogradConv(
  { g, w, winograd }: WinogradNet,
  x: Value,
  name: string,
  stride: number,
  pads: readonly number[],
): Value | undefined {
  const [out, channels, kernel] = w.shape(`${name}.weight`);
  if (!winograd || kernel !== 3 || stride !== 1 || pads.some((pad) => pad !== 1) || Math.min(out, channels) < LEAST_CHANNELS)
    return undefined;
  const { side, apart = false } = winograd;
  const kernels = w.derived?.(g, [`${name}.weight`], RECIPES.get(`${side} ${apart}`)!);
  if (!kernels) return undefined;
  const bias = w.has(`${name}.bias`) ? w.value(g, `${name}.bias`) : undefined;
  const sizes = tileSizes(g, x, side);
  const inputs = matrixProduct(g, TRANSFORMS[side].input, inputTiles(g, x, sizes, side));
  const products = apart
    ? productsApart(g, inputs, kernels, channels, side, bias)
    : g.op('MatMul', [g.op('Reshape', [inputs, g.ints([(side + 2) ** 2, -1, channels])]), kernels[0]]);
  const outputs = matrixProduct(g, TRANSFORMS[side].output, g.op('Reshape', [products, g.ints([(side + 2) ** 2, -1])]));
  return joined(g, outputs, sizes, out, side, apart ? undefined : bias);
}

interface Sizes {
  /** [2] each: height and width; tiles; tiles times their side. */
  readonly size: Value;
  readonly tiles: Value;
  readonly whole: Value;
  readonly batch: Value;
}

function tileSizes(g: Graph, x: Value, side: TileSide): Sizes {
  const size = g.op('Shape', [x], { start: 2, end: 4 });
  const tiles = g.op('Div', [g.op('Add', [size, g.ints([side - 1])]), g.ints([side])]);
  return { size, tiles, whole: g.op('Mul', [tiles, g.ints([side])]), batch: g.op('Shape', [x], { start: 0, end: 1 }) };
}

/** A transform along both axes of [P, N]. */
const matrixProduct = (g: Graph, matrix: Matrix, x: Value): Value => {
  const rows = both(matrix);
  return g.op('MatMul', [g.floats(rows.flat(), [rows.length, rows[0].length]), x]);
};

/** [B, C, H, W] -> [(side + 2)², tiles C]: each place of all tiles, which overlap by two. */
function inputTiles(g: Graph, x: Value, { size, whole }: Sizes, side: TileSide): Value {
  const after = g.op('Add', [g.op('Sub', [whole, size]), g.ints([1])]);
  const pads = g.op('Concat', [g.ints([0, 1, 1, 0, 0]), after, g.ints([0])], { axis: 0 });
  const padded = g.op('Pad', [g.op('Transpose', [x], { perm: [0, 2, 3, 1] }), pads]);
  // the padded sides are a multiple of `side` and two more: the first two places end two before the end
  const end = (i: number): number => (i < 2 ? i - 2 : Number.MAX_SAFE_INTEGER);
  const every = (all: Value, axis: number): Value => {
    const slice = (i: number): Value => g.op('Slice', [all, g.ints([i]), g.ints([end(i)]), g.ints([axis]), g.ints([side])]);
    return g.op(
      'Concat',
      Array.from({ length: side + 2 }, (_, i) => slice(i)),
      { axis: 0 },
    );
  };
  return g.op('Reshape', [every(every(padded, 2), 1), g.ints([(side + 2) ** 2, -1])]);
}

/** A product for each place; the bias enters where the output transform gives it to every output: at the place of the points 1. */
function productsApart(g: Graph, inputs: Value, kernels: readonly Value[], channels: number, side: TileSide, bias?: Value): Value {
  const rows = g.op('Reshape', [inputs, g.ints([-1, channels])]);
  const products = g
    .outputsOf('Split', [rows], kernels.length, { axis: 0, num_outputs: kernels.length })
    .map((part, place) =>
      bias && place === side + 3 ? g.op('Gemm', [part, kernels[place], bias]) : g.op('MatMul', [part, kernels[place]]),
    );
  return g.op('Concat', products, { axis: 0 });
}

/** [side², tiles K] -> [B, K, H, W]. */
function joined(g: Graph, x: Value, { size, tiles, whole, batch }: Sizes, out: number, side: TileSide, bias?: Value): Value {
  const apart = g.op('Reshape', [x, g.op('Concat', [g.ints([side, side]), batch, tiles, g.ints([out])], { axis: 0 })]);
  const rows = g.op('Transpose', [apart], { perm: [2, 3, 0, 4, 1, 5] });
  const picture = g.op('Reshape', [rows, g.op('Concat', [batch, whole, g.ints([out])], { axis: 0 })]);
  const biased = bias ? g.op('Add', [picture, bias]) : picture;
  const planes = (nhwc: Value): Value => g.op('Transpose', [nhwc], { perm: [0, 3, 1, 2] });
  const fits = g.op('Equal', [g.op('ReduceSum', [g.op('Sub', [whole, size])], { keepdims: 0 }), g.op('Squeeze', [g.ints([0])])]);
  return g.choose(
    fits,
    () => planes(biased),
    () => planes(g.op('Slice', [biased, g.ints([0, 0]), size, g.ints([1, 2])])),
  );
}
