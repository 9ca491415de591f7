// Products of 8-bit integers part by part of their rows. ONNX Runtime keeps the int32 sums of all
// rows and reads them again for every block of K; those of some hundred rows stay in a core's
// cache. With 4000 rows and wide layers a product is faster by a quarter (docs/benchmarks.md); its
// numbers are the same. The parts are the steps of a `Scan`, so that the weights are packed once.
import type { Graph, Value } from '../../onnx/builder.ts';
import { sizeOf } from '../../tensor/tensor.ts';

const MANY_WEIGHTS = 2 ** 22;
const ROWS_OF_PART = 640;

/** Returns whether a layer with a weight of this shape is large enough. */
export const paysInParts = (shape: readonly number[]): boolean => sizeOf(shape) >= MANY_WEIGHTS;

/** A value [M, K], and what missing rows of its last part are filled with; 0 by default. */
interface Rows {
  readonly x: Value;
  readonly fill?: Value;
}

/** Computes [M, N] from values of M rows each; `body` gets the same rows of all of them. */
export function inRowParts(
  g: Graph,
  inputs: readonly Rows[],
  body: (parts: readonly Value[]) => Value,
): Value {
  const rows = g.op('Shape', [inputs[0].x], { start: 0, end: 1 });
  const count = divideUp(g, rows, g.ints([ROWS_OF_PART]));
  const size = divideUp(g, rows, count);
  const missing = g.op('Sub', [g.op('Mul', [count, size]), rows]);
  const pads = g.op('Concat', [g.ints([0, 0]), missing, g.ints([0])], { axis: 0 });
  const parts = inputs.map(({ x, fill }) => {
    const padded = g.op('Pad', fill === undefined ? [x, pads] : [x, pads, fill]);
    return reshape(g, padded, [count, size, width(g, x)]);
  });
  const y = g.scan(parts, body);
  return g.op('Slice', [reshape(g, y, [g.ints([-1]), width(g, y)]), g.ints([0]), rows]);
}

const divideUp = (g: Graph, a: Value, b: Value): Value =>
  g.op('Div', [g.op('Sub', [g.op('Add', [a, b]), g.ints([1])]), b]);

const width = (g: Graph, x: Value): Value => g.op('Shape', [x], { start: -1 });

const reshape = (g: Graph, x: Value, sizes: readonly Value[]): Value =>
  g.op('Reshape', [x, g.op('Concat', sizes, { axis: 0 })]);
