// ControlNets stored as changes of a UNet: control LoRAs (low-rank factors beside the UNet's
// weights) and differences to its weights.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Branch, TensorView, Weights } from '../weights/tensors.ts';

/**
 * Returns the weights of a control LoRA over a UNet: its own where the file contains them whole,
 * else the UNet's plus the product of the factors `….up` and `….down`.
 */
export function controlLoraWeights(own: Weights, base: Weights): Weights {
  const sourceOf = (name: string): Weights => (own.has(name) ? own : base);
  const branchesOf = (layer: string): Branch[] => {
    const [up, down] = [`${layer}.up`, `${layer}.down`];
    if (!own.has(up) || !own.has(down)) return [];
    const rank = own.shape(down)[0];
    return [
      {
        rank,
        scale: (g) => g.floats([1]),
        down: (g, dims) => own.value(g, down, { dims }),
        up: (g, dims, rows) => own.value(g, up, { dims, rows }),
      },
    ];
  };
  return {
    ...own,
    names: () => new Set([...own.names(), ...base.names()]),
    has: (name) => own.has(name) || base.has(name),
    hasPrefix: (prefix) => own.hasPrefix(prefix) || base.hasPrefix(prefix),
    shape: (name) => sourceOf(name).shape(name),
    isExact: (name) => sourceOf(name).isExact?.(name) ?? false,
    value: (g, name, view) => sourceOf(name).value(g, name, view),
    integers: (g, name, rows) => sourceOf(name).integers?.(g, name, rows),
    branches: (name) => [
      ...(sourceOf(name).branches?.(name) ?? []),
      ...branchesOf(name.replace(/\.weight$/, '')),
    ],
  };
}

/**
 * Returns the weights of a file of differences: the UNet's plus the differences. As in the
 * original, they are added in the stored type.
 */
export function differenceWeights(own: Weights, base: Weights): Weights {
  const isDifference = (name: string): boolean =>
    base.has(name) && `${base.shape(name)}` === `${own.shape(name)}`;
  const value = (g: Graph, name: string, view?: TensorView): Value => {
    const difference = own.value(g, name, view);
    if (!isDifference(name)) return difference;
    const type = own.typeOf(name);
    const rounded = (unrounded: Value): Value =>
      type === 'f32' || type === 'f64' ? unrounded : g.round(unrounded, type);
    return rounded(g.op('Add', [difference, rounded(base.value(g, name, view))]));
  };
  return {
    ...own,
    value,
    integers: undefined,
    branches: (name) => (isDifference(name) ? (base.branches?.(name) ?? []) : []),
  };
}
