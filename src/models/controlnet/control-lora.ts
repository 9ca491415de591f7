// ControlNets stored as changes of a UNet: control LoRAs (low-rank factors beside the UNet's
// weights) and differences to its weights.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { Branch, TensorView, Weights } from '../weights/tensors.ts';

/**
 * Returns the weights of a control LoRA over a UNet: its own where the file has them whole, else
 * the UNet's with the product of `….up` and `….down` added.
 */
export function loraOver(own: Weights, base: Weights): Weights {
  const from = (name: string): Weights => (own.has(name) ? own : base);
  const branch = (layer: string): Branch[] => {
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
    shape: (name) => from(name).shape(name),
    value: (g, name, view) => from(name).value(g, name, view),
    branches: (name) => [
      ...(from(name).branches?.(name) ?? []),
      ...branch(name.replace(/\.weight$/, '')),
    ],
  };
}

/**
 * Returns the weights of a file of differences over a UNet, added in the stored type, as the
 * original does.
 */
export function differencesOver(own: Weights, base: Weights): Weights {
  const shared = (name: string): boolean =>
    base.has(name) && `${base.shape(name)}` === `${own.shape(name)}`;
  const whole = (g: Graph, name: string, view?: TensorView): Value => {
    const difference = own.value(g, name, view);
    if (!shared(name)) return difference;
    const type = own.typeOf(name);
    const rounded = (value: Value): Value =>
      type === 'f32' || type === 'f64' ? value : g.round(value, type);
    return rounded(g.op('Add', [difference, rounded(base.value(g, name, view))]));
  };
  return {
    ...own,
    value: whole,
    branches: (name) => (shared(name) ? (base.branches?.(name) ?? []) : []),
  };
}
