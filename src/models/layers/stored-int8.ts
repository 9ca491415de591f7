// Layers whose weights are stored in 8-bit integers (ComfyUI's int8_tensorwise), computed as such:
// inputs are rotated in groups where the weight is (ConvRot), and quantised in each evaluation with
// one scale per row. Sums are int32, results are float32 (comfy_kitchen int8_linear).
import type { Graph, Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';
import { oneAfter } from '../weights/late.ts';
import { rotated } from '../weights/stored-values.ts';
import type { StoredIntegers, TensorView, Weights } from '../weights/tensors.ts';
import { inRowParts, paysInParts } from './row-parts.ts';

interface StoredInt8Net {
  readonly g: Graph;
  readonly w: Weights;
}

/** 8-bit values with the zero point 128, and the factors of the rows [M, 1]. */
interface QuantisedRows {
  readonly values: Value;
  readonly factors: Value;
}

/** Inputs of several layers are rotated and quantised once. */
const shared = new WeakMap<Graph, Map<string, QuantisedRows | Value>>();

function once<T extends QuantisedRows | Value>(g: Graph, key: string, make: () => T): T {
  const ofGraph = shared.get(g) ?? new Map<string, QuantisedRows | Value>();
  shared.set(g, ofGraph);
  const value = (ofGraph.get(key) as T | undefined) ?? make();
  ofGraph.set(key, value);
  return value;
}

/**
 * A fully connected layer on [M, K] as `linear` of blocks.ts, without the branches beside it, where
 * its weight is stored in integers; else undefined. Beside branches (LoRAs), and in text encoders
 * of float16, the weight is dequantised, as in ComfyUI.
 */
export function storedInt8Linear(
  { g, w }: StoredInt8Net,
  x: Value,
  name: string,
  rows?: TensorView['rows'],
): Value | undefined {
  const weight = `${name}.weight`;
  const stored = w.integers?.(g, weight, rows);
  if (!stored) return undefined;
  const { rotation } = stored;
  const width = w.shape(weight)[1];
  const inputs = rotation
    ? once(g, `rotated ${rotation} ${x}`, () => rotated(g, x, width, rotation))
    : x;
  const bias = w.has(`${name}.bias`) ? w.value(g, `${name}.bias`, { rows }) : undefined;
  const isMultiplied = stored.areMultiplied && !w.branches?.(weight).length;
  const isWide = paysInParts(w.shape(weight));
  return isMultiplied
    ? product(g, inputs, stored, { bias, isWide })
    : dequantised(g, inputs, stored, bias);
}

function product(
  g: Graph,
  x: Value,
  { numbers, scales }: StoredIntegers,
  { bias, isWide }: { readonly bias: Value | undefined; readonly isWide: boolean },
): Value {
  const { values, factors } = once(g, `quantised ${x}`, () => quantisedRows(g, x));
  const columns = g.op('Transpose', [numbers], { perm: [1, 0] });
  const columnScales = g.op('Reshape', [scales, g.ints([1, -1])]);
  const zero = zeroPoint(g);
  const ofRows = ([rows, factorsOfRows]: readonly Value[]): Value => {
    const sums = g.op('MatMulInteger', [rows, columns, zero]);
    // as a product of matrices: ONNX Runtime would fuse one by elements, which it takes for scalars
    const steps = g.op('MatMul', [factorsOfRows, columnScales]);
    const y = g.op('Mul', [g.op('Cast', [sums], { to: ELEMENT.f32 }), steps]);
    return bias === undefined ? y : g.op('Add', [y, bias]);
  };
  return isWide
    ? inRowParts(g, [{ x: values, fill: zero }, { x: factors }], ofRows)
    : ofRows([values, factors]);
}

const zeroPoint = (g: Graph): Value =>
  g.inlineRaw({ type: 'u8', dims: [], bytes: Uint8Array.of(128) });

/** Quantises x [M, K] with the scale max |x| / 127 of each row, ties to even. */
function quantisedRows(g: Graph, x: Value): QuantisedRows {
  const largest = g.op('ReduceMax', [g.op('Abs', [x]), g.ints([-1])], { keepdims: 1 });
  const factors = g.op('Max', [g.op('Div', [largest, g.floats([127])]), g.floats([1e-30])]);
  const values = g.op('QuantizeLinear', [
    g.op('Div', [x, factors]),
    g.floats([1], []),
    zeroPoint(g),
  ]);
  return { values, factors };
}

function dequantised(
  g: Graph,
  x: Value,
  { numbers, scales }: StoredIntegers,
  bias: Value | undefined,
): Value {
  const weight = g.op('DequantizeLinear', [numbers, g.op('Mul', [scales, oneAfter(g, x)])], {
    axis: 0,
  });
  return g.op('Gemm', [x, weight, ...(bias === undefined ? [] : [bias])], { transB: 1 });
}
