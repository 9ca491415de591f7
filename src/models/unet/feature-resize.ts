// Resizes of feature maps inside a graph. How positions are mixed is an input, so that one session
// serves all sizes, and the identity where nothing is resized: matrices for the linear methods,
// pairs of positions for bislerp (comfy.utils.bislerp), indices for nearest.
import type { Size } from '../../image/geometry.ts';
import { bislerpPairs } from '../../image/resize/bislerp.ts';
import { interpolationMatrix, nearestIndices } from '../../image/resize/torch-interpolate.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { sliceAt, toIndices } from './number-tables.ts';
import type { FeatureResize } from './unet-patch.ts';

/** A change of size. */
export interface Resize {
  readonly from: Size;
  readonly to: Size;
}

type Inputs = Record<string, Tensor>;

const rowsOf = (name: string): string => `${name}Rows`;
const columnsOf = (name: string): string => `${name}Columns`;

/**
 * Resizes x [B, C, h, w] along both axes. Declares the inputs that `resizeInputs` returns for
 * `name`.
 */
export function resizeFeatures(g: Graph, x: Value, name: string, method: FeatureResize): Value {
  if (method === 'bislerp') {
    const across = mixPairs(g, x, g.input(columnsOf(name), [3, columnsOf(name)]), 3);
    return mixPairs(g, across, g.input(rowsOf(name), [3, rowsOf(name)]), 2);
  }
  const rows = g.input(rowsOf(name), [rowsOf(name), `${name}H`]);
  const columns = g.input(columnsOf(name), [columnsOf(name), `${name}W`]);
  const across = g.op('MatMul', [x, g.op('Transpose', [columns], { perm: [1, 0] })]);
  return g.op('MatMul', [rows, across]);
}

/** The inputs of one resize. */
export function resizeInputs(name: string, method: FeatureResize, { from, to }: Resize): Inputs {
  const axis = (length: number, newLength: number): Tensor =>
    method === 'bislerp'
      ? pairs(length, newLength)
      : interpolationMatrix(length, newLength, method);
  return {
    [rowsOf(name)]: axis(from.height, to.height),
    [columnsOf(name)]: axis(from.width, to.width),
  };
}

/** Two positions and the ratio of their mix, [3, length]. */
function pairs(from: number, to: number): Tensor {
  const { first, second, ratio } = bislerpPairs(from, to);
  return tensor([3, to], Float32Array.of(...first, ...second, ...ratio));
}

/** Mixes pairs of channel vectors along the sphere; parallel ones are copied, opposite ones not. */
function mixPairs(g: Graph, x: Value, table: Value, axis: number): Value {
  const row = (i: number): Value => g.op('Squeeze', [sliceAt(g, table, i), g.ints([0])]);
  const [a, b] = [0, 1].map((i) => g.op('Gather', [x, toIndices(g, row(i))], { axis }));
  const ratio = g.op('Reshape', [row(2), g.ints(axis === 3 ? [1, 1, 1, -1] : [1, 1, -1, 1])]);
  const back = g.op('Sub', [g.floats([1]), ratio]);
  const mul = (p: Value, q: Value): Value => g.op('Mul', [p, q]);
  const add = (p: Value, q: Value): Value => g.op('Add', [p, q]);
  const [normA, normB] = [a, b].map((v) => g.op('ReduceL2', [v, g.ints([1])], { keepdims: 1 }));
  const unit = (v: Value, norm: Value): Value =>
    g.op('Where', [g.op('Equal', [norm, g.floats([0])]), g.floats([0]), g.op('Div', [v, norm])]);
  const [unitA, unitB] = [unit(a, normA), unit(b, normB)];
  const dot = g.op('ReduceSum', [mul(unitA, unitB), g.ints([1])], { keepdims: 1 });
  const omega = g.op('Acos', [dot]);
  const sine = g.op('Sin', [omega]);
  const share = (part: Value): Value => g.op('Div', [g.op('Sin', [mul(part, omega)]), sine]);
  const length = add(mul(normA, back), mul(normB, ratio));
  const mixed = mul(add(mul(share(back), unitA), mul(share(ratio), unitB)), length);
  const notParallel = g.op('Where', [g.op('Greater', [dot, g.floats([1 - 1e-5])]), a, mixed]);
  const straight = add(mul(a, back), mul(b, ratio));
  return g.op('Where', [g.op('Less', [dot, g.floats([1e-5 - 1])]), straight, notParallel]);
}

/** Resizes x [B, C, h, w] to the nearest positions. */
export function resizeNearest(g: Graph, x: Value, name: string): Value {
  const index = (axisName: string): Value => toIndices(g, g.input(axisName, [axisName]));
  const across = g.op('Gather', [x, index(columnsOf(name))], { axis: 3 });
  return g.op('Gather', [across, index(rowsOf(name))], { axis: 2 });
}

/** The inputs of `resizeNearest`. */
export function nearestInputs(name: string, { from, to }: Resize): Inputs {
  const indices = (length: number, newLength: number): Tensor =>
    tensor([newLength], Float32Array.from(nearestIndices(length, newLength)));
  return {
    [rowsOf(name)]: indices(from.height, to.height),
    [columnsOf(name)]: indices(from.width, to.width),
  };
}
