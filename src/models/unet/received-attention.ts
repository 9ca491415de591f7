// What self-attention guidance reads from a UNet (arXiv 2210.00939; comfy_extras/nodes_sag.py).
import type { Graph, Value } from '../../onnx/builder.ts';
import type { RecordedAttention } from './unet-layers.ts';

/**
 * The attention that each token gets from all tokens, the mean over the heads: q [B*M, C] and
 * k [B*N, C] -> [B, N].
 */
export function receivedAttention(
  g: Graph,
  { q, k, batch, channels, heads }: RecordedAttention,
): Value {
  const width = channels / heads;
  const shape = g.op('Concat', [batch, g.ints([-1, heads, width])], { axis: 0 });
  const byHead = (x: Value, perm: readonly number[]): Value =>
    g.op('Transpose', [g.op('Reshape', [x, shape])], { perm });
  const products = g.op('MatMul', [byHead(q, [0, 2, 1, 3]), byHead(k, [0, 2, 3, 1])]);
  const weights = g.op('Softmax', [g.op('Mul', [products, g.floats([width ** -0.5])])], {
    axis: -1,
  });
  const mean = g.op('ReduceMean', [weights, g.ints([1])], { keepdims: 0 });
  return g.op('ReduceSum', [mean, g.ints([1])], { keepdims: 0 });
}
