// Layers in 8-bit integers (W8A8): weights are quantised once, per output channel (quantise.ts), and kept in the cache; activations when
// they are there, in ONNX Runtime's DynamicQuantizeLinear (one scale for a tensor) or with one scale for a row. Sums are int32, what comes
// out is float32. Convolutions are products of their columns, in NHWC. Without kept weights the float32 operators remain.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Recipe } from '../weights/recipe.ts';
import type { TensorView, Weights } from '../weights/tensors.ts';
import { type Im2colTables, im2colTables, pixelRows } from './im2col.ts';
import { nhwcOrder, quantiseColumns } from './quantise.ts';

/** How a layer's activations are scaled: one scale for all of them, or one for each row (token or pixel). */
export type Scaling = 'tensor' | 'row';

/** Which layers compute in 8 bits, and how; undefined: in float32. `shape` is the weight's. */
export type Int8Plan = (layer: string, shape: readonly number[]) => Scaling | undefined;

export interface Int8Net {
  readonly g: Graph;
  readonly w: Weights;
  readonly int8?: Int8Plan;
  /** Of the pictures that are convolved. */
  readonly im2col?: Im2colTables;
}

/** Whether a recipe of kept weights is one of these. */
export const isInt8Recipe = (name: string): boolean => name.startsWith(RECIPE);

const RECIPE = 'int8 columns';

const bytesOf = ({ buffer, byteOffset, byteLength }: Int8Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** [N, C, k, k] or [N, K], or some rows of it, as `values` [K, N] (rows in the order row, column, channel) and `scales` [N]. */
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

/** 8-bit values, the scale of a step and the value that stands for 0; of each row where `rows` is given, as [M, 1] to multiply with. */
interface Activations {
  readonly values: Value;
  readonly scale: Value;
  readonly zero: Value;
  readonly rows?: Value;
}

/** What is quantised once, also where several layers take it. */
const known = new WeakMap<Graph, Map<string, Activations>>();

function quantised(g: Graph, x: Value, scaling: Scaling): Activations {
  const here = known.get(g) ?? new Map<string, Activations>();
  known.set(g, here);
  const key = `${scaling} ${x}`;
  const made = here.get(key) ?? (scaling === 'tensor' ? byTensor(g, x) : byRow(g, x));
  here.set(key, made);
  return made;
}

function byTensor(g: Graph, x: Value): Activations {
  const [values, scale, zero] = g.outputsOf('DynamicQuantizeLinear', [x], 3);
  return { values, scale, zero };
}

/** x [M, K]: scale max |x| / 127 of the row, 128 for 0. */
function byRow(g: Graph, x: Value): Activations {
  const most = g.op('ReduceMax', [g.op('Abs', [x]), g.ints([-1])], { keepdims: 1 });
  const rows = g.op('Mul', [g.op('Max', [most, g.floats([1e-30])]), g.floats([1 / 127])]);
  const one = g.floats([1], []);
  const zero = g.inlineRaw({ type: 'u8', dims: [], bytes: Uint8Array.of(128) });
  return {
    values: g.op('QuantizeLinear', [g.op('Div', [x, rows]), one, zero]),
    scale: one,
    zero,
    rows,
  };
}

/** Fully connected layer on [M, K] where the plan says so and the weights are kept; else undefined. As blocks.ts' linear, without branches. */
export function int8Linear(
  { g, w, int8 }: Int8Net,
  x: Value,
  name: string,
  rows?: TensorView['rows'],
): Value | undefined {
  const scaling = int8?.(name, w.shape(`${name}.weight`));
  const kept = scaling && w.prepacked?.(g, [`${name}.weight`], columnsRecipe(rows));
  if (!kept) return undefined;
  const bias = w.has(`${name}.bias`) ? w.value(g, `${name}.bias`, { rows }) : undefined;
  return product(g, quantised(g, x, scaling), kept, bias);
}

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

/** Convolution of [B, C, H, W] padded by half its odd kernel, where the plan says so and the weights are kept; else undefined. */
export function int8Conv(
  { g, w, int8, im2col: known }: Int8Net,
  x: Value,
  name: string,
  stride: number,
  pads: readonly number[],
): Value | undefined {
  const shape = w.shape(`${name}.weight`);
  const [out, channels, kernel] = shape;
  const before = kernel >> 1;
  if (kernel % 2 === 0 || pads.some((pad) => pad !== before)) return undefined;
  const kept = int8?.(name, shape) && w.prepacked?.(g, [`${name}.weight`], columnsRecipe());
  if (!kept) return undefined;
  const { values, scale, zero } = quantised(g, x, 'tensor');
  const rows = pixelRows(g, values, channels, g.op('Expand', [zero, g.ints([1, channels])]));
  const windows = (known ?? im2colTables(g, x)).windows({
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
  const y = product(g, { values: columns, scale, zero }, kept, bias);
  const sizes = g.op('Concat', [g.op('Shape', [windows], { start: 0, end: 3 }), g.ints([out])], {
    axis: 0,
  });
  return g.op('Transpose', [g.op('Reshape', [y, sizes])], { perm: [0, 3, 1, 2] });
}
