// Numbers that a graph reads from its inputs.
import type { Graph, Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';

/** Converts the numbers of an input, which are float32, to indices. */
export const toIndices = (g: Graph, x: Value): Value => g.op('Cast', [x], { to: ELEMENT.i64 });

/** Returns one number of a list [n], or one row of a table [n, …], with the first dimension 1. */
export const sliceAt = (g: Graph, list: Value, index: number): Value =>
  g.op('Slice', [list, g.ints([index]), g.ints([index + 1])]);

/** Returns one row of a table [n, …] without the first dimension. */
export const rowAt = (g: Graph, table: Value, index: number): Value =>
  g.op('Gather', [table, g.op('Squeeze', [g.ints([index])])], { axis: 0 });
