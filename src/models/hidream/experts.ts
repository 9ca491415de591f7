// The feed-forward layers of HiDream-I1 (arXiv 2505.22705, section 3; comfy/ldm/hidream/model.py):
// a gated MLP, and for the image a mixture of experts (Shazeer et al. 2017), of which each token
// passes through the two that its scores are highest for, and through one that all tokens share.
import type { Value } from '../../onnx/builder.ts';
import { gatedMlp } from '../dit/blocks.ts';
import { add, linear, type Net } from '../layers/blocks.ts';
import { ACTIVE_EXPERTS } from './config.ts';

/** The gated MLP of [B, N, C]. */
export const gatedFeedForward = (net: Net, x: Value, name: string): Value =>
  gatedMlp(net, x, layersOf(name));

const layersOf = (name: string) => [`${name}.w1`, `${name}.w3`, `${name}.w2`] as const;

/** The mixture of experts, [B, N, C]. Each expert computes the tokens that it is chosen for. */
export function expertMixture(net: Net, x: Value, name: string): Value {
  const { g, w } = net;
  const [experts, width] = w.shape(`${name}.gate.weight`);
  const tokens = g.op('Reshape', [x, g.ints([-1, width])]);
  const scores = g.op('Softmax', [linear(net, tokens, `${name}.gate`)], { axis: -1 });
  const [best, chosen] = g.outputsOf('TopK', [scores, g.ints([ACTIVE_EXPERTS])], 2, { axis: -1 });
  let sum = g.op('Mul', [tokens, g.floats([0])]);
  for (let i = 0; i < experts; i++) {
    const isChosen = g.op('Equal', [chosen, g.ints([i])]);
    // [pairs of token and choice, 2]
    const places = g.op('Transpose', [g.op('NonZero', [isChosen])], { perm: [1, 0] });
    const weights = g.op('Unsqueeze', [g.op('GatherND', [best, places]), g.ints([1])]);
    const rows = g.op('Slice', [places, g.ints([0]), g.ints([1]), g.ints([1])]);
    const own = g.op('GatherND', [tokens, rows]);
    // of tokens [M, C], where M may be 0
    const result = gatedMlp(net, own, layersOf(`${name}.experts.${i}`), linear);
    sum = g.op('ScatterND', [sum, rows, g.op('Mul', [result, weights])], { reduction: 'add' });
  }
  const mixed = g.op('Reshape', [sum, g.op('Shape', [x])]);
  return add(net, mixed, gatedFeedForward(net, x, `${name}.shared_experts`));
}
