// Hypernetworks in a UNet: small networks, selected by the width of the tokens, change the tokens
// from which attention computes its keys and values.
import type { Value } from '../../onnx/builder.ts';
import { add, layerNorm, linear, type Net } from '../layers/blocks.ts';
import { weightsOf } from '../weights/tensors.ts';
import type { Activation, Hypernetwork } from './hypernetwork-file.ts';

/** Returns the tokens [M, width] for keys and those for values that replace `tokens`. */
export type KeyValueSources = (
  tokens: Value,
  width: number,
) => { readonly keys: Value; readonly values: Value };

const ACTIVATION_OPS: Readonly<Record<Activation, (net: Net, x: Value) => Value>> = {
  linear: (_, x) => x,
  relu: ({ g }, x) => g.op('Relu', [x]),
  leakyrelu: ({ g }, x) => g.op('LeakyRelu', [x], { alpha: { float: 0.01 } }),
  elu: ({ g }, x) => g.op('Elu', [x]),
  swish: ({ g }, x) => g.op('HardSwish', [x]),
  tanh: ({ g }, x) => g.op('Tanh', [x]),
  sigmoid: ({ g }, x) => g.op('Sigmoid', [x]),
  softsign: ({ g }, x) => g.op('Softsign', [x]),
  mish: ({ g }, x) => g.op('Mul', [x, g.op('Tanh', [g.op('Softplus', [x])])]),
};

/** Returns a function that applies hypernetworks one after another, each with its strength [1]. */
export function keyValueSources(
  { g }: Net,
  hypernetworks: readonly Hypernetwork[],
  strengths: readonly Value[],
): KeyValueSources {
  const nets = hypernetworks.map(
    ({ file, tensors }): Net => ({ g, w: weightsOf(file, tensors, '') }),
  );
  const cache = new Map<Value, ReturnType<KeyValueSources>>();
  return (tokens, width) => {
    const cached = cache.get(tokens);
    if (cached) return cached;
    let [keys, values] = [tokens, tokens];
    for (const [i, hypernetwork] of hypernetworks.entries()) {
      const pair = hypernetwork.layers.get(width);
      if (!pair) continue;
      const changed = (x: Value, layers: readonly string[]): Value =>
        add(nets[i], x, g.op('Mul', [runLayers(nets[i], hypernetwork, layers, x), strengths[i]]));
      [keys, values] = [changed(keys, pair[0]), changed(values, pair[1])];
    }
    cache.set(tokens, { keys, values });
    return { keys, values };
  };
}

/**
 * Applies the layers. As in the original, a layer counts as the last one by its index among all
 * layers, norms included.
 */
function runLayers(
  net: Net,
  { activation, activateOutput, layerNorm: hasNorms }: Hypernetwork,
  layers: readonly string[],
  x: Value,
): Value {
  let h = x;
  for (let i = 0; i < layers.length; i++) {
    h = linear(net, h, layers[i]);
    if (i < layers.length - 1 || activateOutput) h = ACTIVATION_OPS[activation](net, h);
    if (!hasNorms) continue;
    i += 1;
    if (i < layers.length) h = layerNorm(net, h, layers[i]);
  }
  return h;
}
