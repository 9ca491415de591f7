// Union ControlNets (xinsir, ControlNet++): one network for several control types (depth, pose …).
// The type changes the hint's features, by a small transformer, and the time embedding.
import type { Value } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { clipBlock } from '../clip/block.ts';
import type { ClipBlock } from '../clip/config.ts';
import { add, batchOf, linear, type Net, silu } from '../layers/blocks.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';

/** Width of the sinusoidal embedding of the 0 or 1 of each type. */
const WIDTH = 256;
const HEADS = 8;

/** Returns the number of control types; 0 for other ControlNets. */
export const unionKinds = (weights: Weights): number =>
  weights.has('control_add_embedding.linear_1.weight') ? weights.shape('task_embedding')[0] : 0;

/** Returns the input `kinds` [1, kinds x 256] for one control type, or for none. */
export function kindsVector(kinds: number, kind: number | undefined): Tensor {
  const embedded = timestepEmbedding(
    Array.from({ length: kinds }, (_, i) => (i === kind ? 1 : 0)),
    WIDTH,
  );
  return tensor([1, kinds * WIDTH], embedded.data);
}

/**
 * Declares the input `kinds` and returns its embedding [1, E], which is added to the time
 * embedding.
 */
export const kindEmbedding = (net: Net, kinds: number): Value => {
  const input = net.g.input('kinds', [1, kinds * WIDTH]);
  const [first, second] = ['control_add_embedding.linear_1', 'control_add_embedding.linear_2'];
  return linear(net, silu(net, linear(net, input, first)), second);
};

/** Returns the hint's features [N, C, h, w] changed for a control type. */
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
    x = clipBlock(net, x, blockNames(net, `transformer_layes.${i}`), batchOf(net, x), {
      width: channels,
      heads: HEADS,
      activation: 'quickGelu',
    });
  const change = g.op('Unsqueeze', [linear(net, x, 'spatial_ch_projs'), g.ints([2, 3])]);
  return add(net, hint, change);
}

/**
 * Names of a block; its fused projection is called in_proj_weight in files that diffusers wrote.
 */
function blockNames({ w }: Net, name: string): ClipBlock {
  const fused = w.has(`${name}.attn.in_proj.weight`)
    ? `${name}.attn.in_proj.`
    : `${name}.attn.in_proj_`;
  return {
    norm1: `${name}.ln_1`,
    norm2: `${name}.ln_2`,
    qkv: { weight: `${fused}weight`, bias: `${fused}bias` },
    out: `${name}.attn.out_proj`,
    up: `${name}.mlp.c_fc`,
    down: `${name}.mlp.c_proj`,
  };
}
