// Weights that are computed in each evaluation depend on the layer's input, so that they are
// computed one after another and released, not all at the start.
import type { Graph, Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';

/** Returns the number 1 [1], computed from `x` (of at least one row). */
export const oneAfter = (g: Graph, x: Value): Value =>
  g.op('Min', [
    g.op('Cast', [g.op('Shape', [x], { start: 0, end: 1 })], { to: ELEMENT.f32 }),
    g.floats([1]),
  ]);

/** Returns the integer 0 [1], computed from `x`. */
export const zeroAfter = (g: Graph, x: Value): Value =>
  g.op('Mul', [g.op('Shape', [x], { start: 0, end: 1 }), g.ints([0])]);
