// LoRAs in a graph: what a patch needs of the LoRA's file, and when it is a layer of low rank beside a weight.

import type { Graph, Value } from '../../onnx/builder.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { Branch, Weights } from '../weights/tensors.ts';
import type { LoraFile, Patch } from './file.ts';
import { broadcasts } from './merge.ts';

/** A LoRA with its strength, and what it changes by the network's names of tensors. */
export interface AppliedLora {
  readonly lora: LoraFile;
  readonly strength: number;
  readonly patches: ReadonlyMap<string, Patch>;
}

/** The factor of a patch beside its strength. */
export const scaleOf = (patch: Patch): number =>
  'scale' in patch && !patch.dora ? patch.scale : 1;

/** Whether the change of a layer's weight of this shape is a layer of lower rank beside it. */
export function isBranch(patch: Patch, shape: readonly number[], { tensors }: LoraFile): boolean {
  if (patch.kind !== 'lora' || patch.dora || (shape.length !== 2 && shape.length !== 4))
    return false;
  const size = (name: string) => tensors.get(name)!.shape;
  const inner = patch.mid ? size(patch.down).slice(1) : undefined;
  return (
    size(patch.up)[0] === shape[0] &&
    (inner
      ? sizeOf(inner) === shape[1]
      : sizeOf(size(patch.down).slice(1)) === sizeOf(shape.slice(1)))
  );
}

/** That layer, of the LoRA's tensors `file`. */
export function branchOf(patch: Patch, file: Weights, scale: (graph: Graph) => Value): Branch {
  if (patch.kind !== 'lora') throw new Error(`internal: a branch of the kind ${patch.kind}`);
  const { up, down, mid } = patch;
  return {
    rank: sizeOf(file.shape(up).slice(1)),
    inner: file.shape(down)[0],
    scale,
    down: (g, dims) => file.value(g, down, { dims }),
    mid: mid === undefined ? undefined : (g) => file.value(g, mid),
    up: (g, dims, rows) => file.value(g, up, { dims, rows }),
  };
}

/** Whether a patch can be applied to a weight of this shape; ComfyUI leaves those that can't out. */
export function patchFits(patch: Patch, shape: readonly number[], { tensors }: LoraFile): boolean {
  const of = (name: string): readonly number[] => tensors.get(name)!.shape;
  const pair = ([a, b]: readonly [string, string]): number =>
    of(a).length === 2 && of(b).length === 2 && of(a)[1] === of(b)[0] ? of(a)[0] * of(b)[1] : -1;
  const cored = ([a, b]: readonly [string, string], core: string): number => {
    const [i, j, ...rest] = of(core);
    const fits =
      of(a).length === 2 &&
      of(b).length === 2 &&
      rest.length === 2 &&
      of(a)[0] === i &&
      of(b)[0] === j;
    return fits ? of(a)[1] * of(b)[1] * sizeOf(rest) : -1;
  };
  const size = sizeOf(shape);
  if ('dora' in patch && patch.dora && !(shape.length >= 2 && broadcasts(of(patch.dora), shape)))
    return false;
  switch (patch.kind) {
    case 'diff':
    case 'set':
      return `${of(patch.tensor)}` === `${shape}`;
    case 'lora': {
      const [up, down] = [of(patch.up), of(patch.down)];
      if (up.length < 2 || down.length < 2) return false;
      const rank = sizeOf(up.slice(1));
      if (!patch.mid) return rank === down[0] && up[0] * sizeOf(down.slice(1)) === size;
      const mid = of(patch.mid);
      return (
        mid.length === 4 &&
        sizeOf(down.slice(2)) === 1 &&
        mid[1] === down[0] &&
        mid[0] === rank &&
        up[0] * down[1] * mid[2] * mid[3] === size
      );
    }
    case 'loha': {
      const { first, second, cores } = patch;
      const sizes = cores
        ? [cored(first, cores[0]), cored(second, cores[1])]
        : [pair(first), pair(second)];
      return sizes.every((n) => n === size);
    }
    case 'lokr': {
      const whole = (name: string, dims: readonly number[]): number =>
        dims.includes(of(name).length) ? sizeOf(of(name)) : -1;
      const left = typeof patch.left === 'string' ? whole(patch.left, [2]) : pair(patch.left);
      const right =
        typeof patch.right === 'string' ? whole(patch.right, [2, 4]) : pair(patch.right);
      // torch.kron refuses the strides that the original's product around a core has: it reports an error and keeps the weight
      return !patch.core && left > 0 && right > 0 && left * right === size;
    }
  }
}
