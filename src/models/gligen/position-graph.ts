// GLIGEN's network of positions: the features of a text and its box become a token. Rows without an
// object get learned features instead. Source: ComfyUI comfy/gligen.py (PositionNet).
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { linear, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';

/** Frequencies of a box's sines and cosines: 100^(0/8), 100^(1/8) … */
const FREQUENCIES = Array.from({ length: 8 }, (_, i) => Math.fround(100 ** (i / 8)));

/**
 * Inputs `boxes` [N, 4] (left, top, right, bottom, as fractions), `features` [N, K] and `mask`
 * [N, 1]; output `tokens` [N, K].
 */
export function positionGraph(weights: Weights, rows: number): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights };
  const [keyWidth] = weights.shape('position_net.null_positive_feature');
  const boxes = g.input('boxes', [rows, 4]);
  const mask = g.input('mask', [rows, 1]);
  const empty = g.op('Sub', [g.floats([1]), mask]);
  const masked = (x: Value, other: string): Value =>
    g.op('Add', [
      g.op('Mul', [x, mask]),
      g.op('Mul', [empty, weights.value(g, `position_net.${other}`)]),
    ]);
  const waves = FREQUENCIES.flatMap((frequency) => {
    const angle = g.op('Mul', [boxes, g.floats([frequency])]);
    return [g.op('Sin', [angle]), g.op('Cos', [angle])];
  });
  const joined = g.op(
    'Concat',
    [
      masked(g.input('features', [rows, keyWidth]), 'null_positive_feature'),
      masked(g.op('Concat', waves, { axis: 1 }), 'null_position_feature'),
    ],
    { axis: 1 },
  );
  const first = silu(net, linear(net, joined, 'position_net.linears.0'));
  const second = silu(net, linear(net, first, 'position_net.linears.2'));
  const [out] = weights.shape('position_net.linears.4.weight');
  g.output('tokens', linear(net, second, 'position_net.linears.4'), [rows, out]);
  return g;
}
