// Union ControlNets (xinsir, ControlNet++): one network for several kinds of picture. The kind is told to the hint's features, through a
// small transformer, and to the time embedding.
import type { Value } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import {
  add,
  attention,
  batchOf,
  layerNorm,
  linear,
  type Net,
  quickGelu,
  silu,
} from '../layers/blocks.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';

/** Width of the sinusoids of each kind's 0 or 1. */
const WIDTH = 256;
const HEADS = 8;

/** How many kinds of picture a network knows; 0 for ordinary ones. */
export const unionKinds = (weights: Weights): number =>
  weights.has('control_add_embedding.linear_1.weight') ? weights.shape('task_embedding')[0] : 0;

/** The input `kinds` [1, kinds x 256] that names a kind, or none. */
export function kindsVector(kinds: number, kind: number | undefined): Tensor {
  const embedded = timestepEmbedding(
    Array.from({ length: kinds }, (_, i) => (i === kind ? 1 : 0)),
    WIDTH,
  );
  return tensor([1, kinds * WIDTH], embedded.data);
}

/** Declares the input `kinds`; what is added to the time embedding, [1, E]. */
export const kindEmbedding = (net: Net, kinds: number): Value => {
  const input = net.g.input('kinds', [1, kinds * WIDTH]);
  const [first, second] = ['control_add_embedding.linear_1', 'control_add_embedding.linear_2'];
  return linear(net, silu(net, linear(net, input, first)), second);
};

/** The hint's features [N, C, h, w], changed for pictures of a kind. */
export function featuresOfKind(net: Net, hint: Value, kind: number): Value {
  const { g, w } = net;
  const channels = w.shape('task_embedding')[1];
  const mean = g.op('Reshape', [
    g.op('ReduceMean', [hint, g.ints([2, 3])], { keepdims: 0 }),
    g.ints([-1, channels]),
  ]);
  const task = w.value(g, 'task_embedding', { rows: [kind, kind + 1] });
  let x = add(net, mean, task);
  for (let i = 0; w.has(`transformer_layes.${i}.ln_1.weight`); i++)
    x = block(net, x, `transformer_layes.${i}`, channels);
  const alpha = g.op('Unsqueeze', [linear(net, x, 'spatial_ch_projs'), g.ints([2, 3])]);
  return add(net, hint, alpha);
}

/** On one token per picture. Its fused projection is called in_proj_weight where diffusers wrote the file. */
function block(net: Net, x: Value, name: string, channels: number): Value {
  const { g, w } = net;
  const dot = w.has(`${name}.attn.in_proj.weight`) ? '.' : '_';
  const normed = layerNorm(net, x, `${name}.ln_1`);
  const [q, k, v] = [0, 1, 2].map((i) => {
    const rows = [i * channels, (i + 1) * channels] as const;
    const [weight, bias] = ['weight', 'bias'].map((end) =>
      w.value(g, `${name}.attn.in_proj${dot}${end}`, { rows }),
    );
    return g.op('Gemm', [normed, weight, bias], { transB: 1 });
  });
  const attended = attention(net, q, k, v, { batch: batchOf(net, x), channels, heads: HEADS });
  const h = add(net, x, linear(net, attended, `${name}.attn.out_proj`));
  const up = quickGelu(net, linear(net, layerNorm(net, h, `${name}.ln_2`), `${name}.mlp.c_fc`));
  return add(net, h, linear(net, up, `${name}.mlp.c_proj`));
}
