// The feed-forward layers of transformers in UNets.
import type { Value } from '../../onnx/builder.ts';
import { gelu, linear, type Net } from '../layers/blocks.ts';

/**
 * GEGLU (Shazeer 2020): the first half of the projection's rows is the value, the second the gate.
 */
export function feedForward(net: Net, x: Value, name: string): Value {
  const projection = `${name}.0.proj`;
  const rows = net.w.shape(`${projection}.weight`)[0];
  const value = linear(net, x, projection, [0, rows / 2]);
  const gate = gelu(net, linear(net, x, projection, [rows / 2, rows]));
  return linear(net, net.g.op('Mul', [value, gate]), `${name}.2`);
}
