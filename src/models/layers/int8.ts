// Layers in 8-bit integers (W8A8). Weights are quantised once, per output channel (quantise.ts),
// and prepacked. Activations are quantised in each evaluation, by ONNX Runtime's
// DynamicQuantizeLinear (one scale per tensor) or with one scale per row. Sums are int32, results
// are float32. Convolutions are matrix products of their im2col rows, in NHWC. Without prepacked
// weights the float32 operators are used.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Recipe } from '../weights/recipe.ts';
import type { TensorView, Weights } from '../weights/tensors.ts';
import { type Im2colTables, im2colTables, pixelRows } from './im2col.ts';
import { nhwcOrder, quantiseColumns } from './quantise.ts';
import { inRowParts, paysInParts } from './row-parts.ts';

/**
 * The scales of a layer's activations: one for all of them, or one for each row (token or pixel).
 */
export type Scaling = 'tensor' | 'row';

/**
 * Returns how a layer is computed in 8 bits; undefined: in float32. `shape`: the shape of its
 * weight.
 */
export type Int8Plan = (layer: string, shape: readonly number[]) => Scaling | undefined;

export interface Int8Net {
  readonly g: Graph;
  readonly w: Weights;
  readonly int8?: Int8Plan;
  /** The index tables for the size of the convolved images. */
  readonly im2col?: Im2colTables;
}

/** Returns whether a recipe is one of int8 weights. */
export const isInt8Recipe = (name: string): boolean => name.startsWith(RECIPE);

const RECIPE = 'int8 columns';

const bytesOf = ({ buffer, byteOffset, byteLength }: Int8Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/**
 * Quantises [N, C, k, k] or [N, K], or some rows of it, to `values` [K, N] (K in the order row,
 * column, channel) and `scales` [N].
 */
function columnsRecipe(rows?: TensorView['rows']): Recipe {
  const countOf = ([n]: readonly number[]): number => (rows ? rows[1] - rows[0] : n);
  return {
    name: rows ? `${RECIPE} ${rows[0]}-${rows[1]}` : RECIPE,
    version: 1,
    outputs: ([shape]) => [
      {
        name: 'values',
        type: 'i8',
        dims: [shape.slice(1).reduce((n, d) => n * d, 1), countOf(shape)],
      },
      { name: 'scales', type: 'f32', dims: [countOf(shape)] },
    ],
    compute: ([{ shape, data }]) => {
      const [n, channels, kernel = 1] = shape;
      const order = kernel > 1 ? nhwcOrder(channels, kernel) : undefined;
      const { values, scales } = quantiseColumns(data, n, { order, rows });
      return [bytesOf(values), bytesOf(scales)];
    },
  };
}

/**
 * 8-bit values, their scale, and the zero point. With one scale per row, the scale is 1 and `rows`
 * [M, 1] are the factors of the rows of a product.
 */
interface Activations {
  readonly values: Value;
  readonly scale: Value;
  readonly zero: Value;
  readonly rows?: Value;
}

/** Values that several layers of a graph use are quantised once. */
const quantisedValues = new WeakMap<Graph, Map<string, Activations>>();

function quantised(g: Graph, x: Value, scaling: Scaling): Activations {
  const ofGraph = quantisedValues.get(g) ?? new Map<string, Activations>();
  quantisedValues.set(g, ofGraph);
  const key = `${scaling} ${x}`;
  const activations = ofGraph.get(key) ?? (scaling === 'tensor' ? byTensor(g, x) : byRow(g, x));
  ofGraph.set(key, activations);
  return activations;
}

function byTensor(g: Graph, x: Value): Activations {
  const [values, scale, zero] = g.outputsOf('DynamicQuantizeLinear', [x], 3);
  return { values, scale, zero };
}

/** Quantises x [M, K] with the scale max |x| / 127 of each row and the zero point 128. */
function byRow(g: Graph, x: Value): Activations {
  const largest = g.op('ReduceMax', [g.op('Abs', [x]), g.ints([-1])], { keepdims: 1 });
  const rows = g.op('Mul', [g.op('Max', [largest, g.floats([1e-30])]), g.floats([1 / 127])]);
  const one = g.floats([1], []);
  const zero = g.inlineRaw({ type: 'u8', dims: [], bytes: Uint8Array.of(128) });
  return {
    values: g.op('QuantizeLinear', [g.op('Div', [x, rows]), one, zero]),
    scale: one,
    zero,
    rows,
  };
}

/**
 * A fully connected layer on [M, K] as `linear` of blocks.ts, without branches, where the plan
 * selects it and its weights are prepacked; else undefined.
 */
export function int8Linear(
  { g, w, int8 }: Int8Net,
  x: Value,
  name: string,
  rows?: TensorView['rows'],
): Value | undefined {
  const scaling = int8?.(name, w.shape(`${name}.weight`));
  const prepacked = scaling && w.prepacked?.(g, [`${name}.weight`], columnsRecipe(rows));
  if (!prepacked) return undefined;
  const bias = w.has(`${name}.bias`) ? w.value(g, `${name}.bias`, { rows }) : undefined;
  const activations = quantised(g, x, scaling);
  const isSplit = activations.rows && paysInParts(w.shape(`${name}.weight`));
  return (isSplit ? productInParts : product)(g, activations, prepacked, bias);
}

/** `product` of activations with a scale per row, part by part. */
const productInParts = (
  g: Graph,
  { values, scale, zero, rows }: Activations,
  weights: readonly Value[],
  bias: Value | undefined,
): Value =>
  inRowParts(g, [{ x: values, fill: zero }, { x: rows! }], ([part, factors]) =>
    product(g, { values: part, scale, zero, rows: factors }, weights, bias),
  );

function product(
  g: Graph,
  a: Activations,
  [values, scales]: readonly Value[],
  bias: Value | undefined,
): Value {
  const inside = bias && !a.rows ? [bias] : [];
  const y = g.op('com.microsoft.MatMulIntegerToFloat', [
    a.values,
    values,
    a.scale,
    scales,
    a.zero,
    '',
    ...inside,
  ]);
  if (!a.rows) return y;
  const scaled = g.op('Mul', [y, a.rows]);
  return bias ? g.op('Add', [scaled, bias]) : scaled;
}

/**
 * A convolution of [B, C, H, W] padded by half its odd kernel, where the plan selects it and its
 * weights are prepacked; else undefined.
 */
export function int8Conv(
  { g, w, int8, im2col: sharedTables }: Int8Net,
  x: Value,
  name: string,
  stride: number,
  pads: readonly number[],
): Value | undefined {
  const shape = w.shape(`${name}.weight`);
  const [out, channels, kernel] = shape;
  const before = kernel >> 1;
  if (kernel % 2 === 0 || pads.some((pad) => pad !== before)) return undefined;
  const prepacked = int8?.(name, shape) && w.prepacked?.(g, [`${name}.weight`], columnsRecipe());
  if (!prepacked) return undefined;
  const { values, scale, zero } = quantised(g, x, 'tensor');
  const rows = pixelRows(g, values, channels, g.op('Expand', [zero, g.ints([1, channels])]));
  const windows = (sharedTables ?? im2colTables(g, x)).windows({
    side: kernel,
    step: stride,
    before,
    order: 'windows first',
  });
  const columns = g.op('Reshape', [
    g.op('Gather', [rows, windows]),
    g.ints([-1, channels * kernel * kernel]),
  ]);
  const bias = w.has(`${name}.bias`) ? w.value(g, `${name}.bias`) : undefined;
  const y = product(g, { values: columns, scale, zero }, prepacked, bias);
  const sizes = g.op('Concat', [g.op('Shape', [windows], { start: 0, end: 3 }), g.ints([out])], {
    axis: 0,
  });
  return g.op('Transpose', [g.op('Reshape', [y, sizes])], { perm: [0, 3, 1, 2] });
}
