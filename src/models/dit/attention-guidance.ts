// Normalized attention guidance in transformers with one attention over prompt and image (arXiv
// 2505.21179; comfy_extras/nodes_nag.py): on the tokens of the image, the result for the positive
// prompt is guided away from that for the negative one, and takes its place in both.
import type { Value } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import type { Net } from '../layers/blocks.ts';
import { guidanceNumbers, guide, guideNumbers } from '../unet/attention-guidance.ts';
import { toIndices } from '../unet/number-tables.ts';
import type { AttentionGuidance } from '../unet/unet-patch.ts';
import { joinTokens, tokensAfter, tokensLike } from './blocks.ts';

/** Changes the result of an attention over the tokens of the prompt and of the image, [B, N, C]. */
export type JointGuide = (attended: Value, prompt: Value) => Value;

/**
 * Declares the inputs of `count` guidances: `guidanceToward` and `guidanceAway` [B] have for each
 * row the rows that it is guided to and away from, `guidanceRows` [B] 1 for the rows that are
 * guided. The function returned takes the prompt's tokens for their number. Undefined without a
 * guidance.
 */
export function jointGuide(net: Net, count = 0): JointGuide | undefined {
  const { g } = net;
  if (count === 0) return undefined;
  const [toward, away] = ['Toward', 'Away'].map((name) =>
    toIndices(g, g.input(`guidance${name}`, ['B'])),
  );
  const isGuided = g.op('Greater', [
    g.op('Unsqueeze', [g.input('guidanceRows', ['B']), g.ints([1, 2])]),
    g.floats([0.5]),
  ]);
  const numbers = Array.from({ length: count }, (_, i) => guideNumbers(net, i));
  const rows = (x: Value, indices: Value): Value => g.op('Gather', [x, indices], { axis: 0 });
  return (attended, prompt) => {
    const image = numbers.reduce(
      (x, own) => g.op('Where', [isGuided, guide(g, rows(x, toward), rows(x, away), own), x]),
      tokensAfter(net, attended, prompt),
    );
    return joinTokens(net, [tokensLike(net, attended, prompt), image]);
  };
}

/** The inputs for one evaluation. It guides only where both sides are evaluated together. */
export function jointGuideInputs(
  guidances: readonly AttentionGuidance[],
  { x, sides = [] }: DenoiserInputs,
): Record<string, Tensor> {
  if (guidances.length === 0) return {};
  const [batch] = x.shape;
  const rows = Math.floor(batch / Math.max(sides.length, 1));
  const [positive, negative] = [sides.indexOf(0), sides.indexOf(1)];
  const acts = positive >= 0 && negative >= 0;
  const isGuided = (row: number): boolean =>
    acts && [positive, negative].includes(Math.floor(row / rows));
  const table = (value: (row: number) => number): Tensor =>
    tensor(
      [batch],
      Float32Array.from({ length: batch }, (_, row) => value(row)),
    );
  const rowOf = (condition: number) => (row: number) =>
    isGuided(row) ? condition * rows + (row % rows) : row;
  return {
    guidanceToward: table(rowOf(positive)),
    guidanceAway: table(rowOf(negative)),
    guidanceRows: table((row) => (isGuided(row) ? 1 : 0)),
    ...guidanceNumbers(guidances),
  };
}
