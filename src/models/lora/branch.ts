// Low-rank patches as branches: layers of low rank beside a weight, which stays as it is.
import type { Graph, Value } from '../../onnx/builder.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { Branch, Weights } from '../weights/tensors.ts';
import type { LoraFile } from './file.ts';
import type { Patch } from './patches.ts';

/** Returns the factor of a patch beside its strength; DoRA applies its own scale. */
export const patchScale = (patch: Patch): number =>
  'scale' in patch && !patch.dora ? patch.scale : 1;

/** Returns whether the patch of a layer's weight of this shape can be a branch. */
export function isBranch(patch: Patch, shape: readonly number[], { tensors }: LoraFile): boolean {
  if (patch.kind !== 'lora' || patch.dora || (shape.length !== 2 && shape.length !== 4))
    return false;
  const shapeOf = (name: string): readonly number[] => tensors.get(name)!.shape;
  const [outputs] = shapeOf(patch.up);
  const inputs = sizeOf(shapeOf(patch.down).slice(1));
  return outputs === shape[0] && inputs === (patch.mid ? shape[1] : sizeOf(shape.slice(1)));
}

/** Returns the branch of a patch; `weights`: the tensors of the LoRA file. */
export function branchOf(patch: Patch, weights: Weights, scale: (graph: Graph) => Value): Branch {
  if (patch.kind !== 'lora') throw new Error(`internal: a branch of the kind ${patch.kind}`);
  const { up, down, mid } = patch;
  return {
    rank: sizeOf(weights.shape(up).slice(1)),
    inner: weights.shape(down)[0],
    scale,
    down: (g, dims) => weights.value(g, down, { dims }),
    mid: mid === undefined ? undefined : (g) => weights.value(g, mid),
    up: (g, dims, rows) => weights.value(g, up, { dims, rows }),
  };
}
