// Low-rank patches as branches: layers of low rank beside a weight, which stays as it is.
import type { Graph, Value } from '../../onnx/builder.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { Branch, TensorView, Weights } from '../weights/tensors.ts';
import type { LoraFile } from './file.ts';
import { partShape } from './fit.ts';
import type { Patch } from './patches.ts';

/** Returns the factor of a patch beside its strength; DoRA applies its own scale. */
export const patchScale = (patch: Patch): number =>
  'scale' in patch && !patch.dora ? patch.scale : 1;

/** Returns whether the patch of a layer's weight of this shape can be a branch. */
export function isBranch(patch: Patch, whole: readonly number[], { tensors }: LoraFile): boolean {
  const shape = partShape(patch, whole);
  if (patch.kind !== 'lora' || patch.dora || !shape) return false;
  if (shape.length !== 2 && (shape.length !== 4 || patch.part)) return false;
  const shapeOf = (name: string): readonly number[] => tensors.get(name)!.shape;
  const [outputs] = shapeOf(patch.up);
  const inputs = sizeOf(shapeOf(patch.down).slice(1));
  return outputs === shape[0] && inputs === (patch.mid ? shape[1] : sizeOf(shape.slice(1)));
}

/** Returns the branch of a patch; `weights`: the tensors of the LoRA file. */
export function branchOf(patch: Patch, weights: Weights, scale: (graph: Graph) => Value): Branch {
  if (patch.kind !== 'lora') throw new Error(`internal: a branch of the kind ${patch.kind}`);
  const { up, down, mid, part } = patch;
  return {
    outputs: part?.rows,
    rank: sizeOf(weights.shape(up).slice(1)),
    inner: weights.shape(down)[0],
    scale,
    down: (g, dims) => weights.value(g, down, { dims }),
    mid: mid === undefined ? undefined : (g) => weights.value(g, mid),
    up: (g, dims, rows) =>
      part?.isSwapped
        ? swappedRows(g, weights, up, { dims, rows })
        : weights.value(g, up, { dims, rows }),
  };
}

/** Returns a factor [N, R], or some of its rows, with the halves of the rows swapped. */
function swappedRows(
  g: Graph,
  weights: Weights,
  name: string,
  { dims, rows }: TensorView & { readonly dims: readonly number[] },
): Value {
  const [count] = weights.shape(name);
  const half = count / 2;
  const halves = (
    [
      [half, count],
      [0, half],
    ] as const
  ).map((own) => weights.value(g, name, { dims: [half, dims[1]], rows: own }));
  const whole = g.op('Concat', halves, { axis: 0 });
  if (!rows) return whole;
  return g.op('Slice', [whole, g.ints([rows[0]]), g.ints([rows[1]]), g.ints([0])]);
}
