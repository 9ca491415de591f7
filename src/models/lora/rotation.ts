// Orthogonal changes as ONNX operators: OFT (arXiv 2306.07280) rotates blocks of a weight's rows,
// BOFT (arXiv 2311.06243) does so several times with the rows in butterfly orders. In float32 and
// in the order of operations of ComfyUI (comfy/weight_adapter/oft.py, boft.py).
import type { Graph, Value } from '../../onnx/builder.ts';
import { sizeOf } from '../../tensor/tensor.ts';

/** What a rotation is computed from. */
export interface RotationSource {
  /** Skew-symmetric after their transpose is subtracted: [n, b, b], or [m, n, b, b] of BOFT. */
  readonly blocks: Value;
  readonly shape: readonly number[];
  /** The largest norm of the blocks; 0 or less means none. */
  readonly constraint: number;
  /** The strength, [1]. */
  readonly strength: Value;
}

/** What is added to the norm of the blocks. */
const TINY = 1e-8;

/** Returns `strength (R^T - 1) weight`, by blocks of rows, for OFT. */
export function rotatedRows(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  from: RotationSource,
): Value {
  const [count, size] = from.shape;
  const scaled = g.op('Mul', [cayley(g, from), from.strength]);
  const rotation = g.op('Sub', [scaled, g.op('Mul', [identity(g, size), from.strength])]);
  const rows = g.op('Reshape', [weight, g.ints([count, size, -1])]);
  const turned = g.op('MatMul', [g.op('Transpose', [rotation], { perm: [0, 2, 1] }), rows]);
  return g.op('Reshape', [turned, g.ints(shape)]);
}

/** Returns the weight after all rotations of BOFT, times `rescale`, minus the weight. */
export function butterflyRows(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  from: RotationSource & { readonly rescale?: Value },
): Value {
  const [steps, count, size] = from.shape;
  const rest = sizeOf(shape.slice(1));
  const rotations = cayley(g, from);
  const unchanged = g.op('Mul', [identity(g, size), g.op('Sub', [g.floats([1]), from.strength])]);
  let x = g.op('Reshape', [weight, g.ints([shape[0], rest])]);
  for (let step = 0; step < steps; step++) {
    const stride = 2 ** step * Math.floor(size / 2);
    const whole = g.op('Gather', [rotations, g.ints([step])], { axis: 0 });
    const rotation = g.op('Add', [
      g.op('Mul', [g.op('Reshape', [whole, g.ints([count, size, size])]), from.strength]),
      unchanged,
    ]);
    const blocks = swapped(g, x, [2, stride], [count, size, rest]);
    x = swapped(g, g.op('MatMul', [rotation, blocks]), [stride, 2], [shape[0], rest]);
  }
  const turned = g.op('Reshape', [x, g.ints(shape)]);
  const scaled = from.rescale === undefined ? turned : g.op('Mul', [turned, from.rescale]);
  return g.op('Sub', [scaled, weight]);
}

/** Transposes groups of [a, b] rows, and returns the rows in another shape. */
function swapped(
  g: Graph,
  rows: Value,
  [a, b]: readonly [number, number],
  shape: readonly [...number[], number],
): Value {
  const rest = shape.at(-1)!;
  const groups = g.op('Reshape', [rows, g.ints([-1, a, b, rest])]);
  return g.op('Reshape', [g.op('Transpose', [groups], { perm: [0, 2, 1, 3] }), g.ints(shape)]);
}

/** Returns the rotations (1 + Q)(1 - Q)^-1 of the blocks Q - Q^T (Cayley's transform). */
function cayley(g: Graph, { blocks, shape, constraint }: RotationSource): Value {
  const axes = shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  const skew = g.op('Sub', [blocks, g.op('Transpose', [blocks], { perm })]);
  const q = constraint > 0 ? constrained(g, skew, constraint) : skew;
  const one = identity(g, shape.at(-1)!);
  return g.op('MatMul', [
    g.op('Add', [one, q]),
    g.op('com.microsoft.Inverse', [g.op('Sub', [one, q])]),
  ]);
}

/** Scales the blocks to the norm `constraint`, where theirs is larger. */
function constrained(g: Graph, skew: Value, constraint: number): Value {
  const limit = g.floats([constraint]);
  const flat = g.op('Reshape', [skew, g.ints([-1])]);
  const norm = g.op('Add', [g.op('ReduceL2', [flat], { keepdims: 1 }), g.floats([TINY])]);
  const scaled = g.op('Div', [g.op('Mul', [skew, limit]), norm]);
  return g.op('Where', [g.op('Greater', [norm, limit]), scaled, skew]);
}

function identity(g: Graph, size: number): Value {
  const values = new Float32Array(size * size);
  for (let i = 0; i < size; i++) values[i * (size + 1)] = 1;
  return g.floats(values, [size, size]);
}
