// Normalized attention guidance (arXiv 2505.21179; comfy_extras/nodes_nag.py) inside a graph: the
// result of self-attention for the positive prompt is guided away from that for the negative one.
import type { Value } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import type { Net } from '../layers/blocks.ts';
import { sliceAt, toIndices } from './number-tables.ts';
import type { AttentionGuidance, UNetPatch } from './unet-patch.ts';

/** Smallest norm that is divided by. */
const EPSILON = 1e-6;

/** Changes the result [B*N, C] of a self-attention. */
type AttentionGuide = (result: Value) => Value;

export interface AttentionGuides {
  /** What acts on the result before merged tokens are parted again, and after it. */
  readonly beforeRestore: AttentionGuide;
  readonly afterRestore: AttentionGuide;
}

const numbersInput = (i: number): string => `guidance${i}`;

/**
 * Declares the inputs of the guidances: `guidanceAway` [B] has for each row the row that it is
 * guided away from, `guidanceRows` [B] 1 for the rows that are guided, and `guidance…` [3] scale,
 * alpha and tau. Undefined without one.
 */
export function attentionGuides(
  net: Net,
  patches: readonly UNetPatch[],
  batch: Value,
): AttentionGuides | undefined {
  const { g } = net;
  const isGuidance = ({ kind }: UNetPatch): boolean => kind === 'attentionGuidance';
  const count = patches.filter(isGuidance).length;
  if (count === 0) return undefined;
  const away = toIndices(g, g.input('guidanceAway', ['B']));
  const isGuided = g.op('Greater', [
    g.op('Unsqueeze', [g.input('guidanceRows', ['B']), g.ints([1, 2])]),
    g.floats([0.5]),
  ]);
  const guides = Array.from({ length: count }, (_, i) => guideNumbers(net, i));
  const apply =
    (from: number, to: number): AttentionGuide =>
    (result) => {
      if (from === to) return result;
      const width = g.op('Slice', [g.op('Shape', [result]), g.ints([-1]), g.ints([2])]);
      const shape = g.op('Concat', [batch, g.ints([-1]), width], { axis: 0 });
      const rows = g.op('Reshape', [result, shape]);
      const guided = guides.slice(from, to).reduce((x, numbers) => {
        const other = g.op('Gather', [x, away], { axis: 0 });
        return g.op('Where', [isGuided, guide(g, x, other, numbers), x]);
      }, rows);
      return g.op('Reshape', [guided, g.op('Shape', [result])]);
    };
  const merging = patches.findIndex(({ kind }) => kind === 'tokenMerging');
  const before = merging < 0 ? count : patches.slice(0, merging).filter(isGuidance).length;
  return { beforeRestore: apply(0, before), afterRestore: apply(before, count) };
}

/** The numbers of a guidance as values of a graph. */
export type GuideNumbers = Readonly<Record<'scale' | 'alpha' | 'tau', Value>>;

/** Declares the input `guidance<i>` [3]. */
export function guideNumbers({ g }: Net, i: number): GuideNumbers {
  const numbers = g.input(numbersInput(i), [3]);
  const [scale, alpha, tau] = [0, 1, 2].map((at) => sliceAt(g, numbers, at));
  return { scale, alpha, tau };
}

/** scale x - (scale - 1) away, limited to tau times the size of x, mixed with x by alpha. */
export function guide(
  g: Net['g'],
  x: Value,
  away: Value,
  { scale, alpha, tau }: GuideNumbers,
): Value {
  const one = g.floats([1]);
  const guided = g.op('Sub', [
    g.op('Mul', [x, scale]),
    g.op('Mul', [away, g.op('Sub', [scale, one])]),
  ]);
  const size = (of: Value): Value =>
    g.op('Max', [g.op('ReduceL1', [of, g.ints([-1])], { keepdims: 1 }), g.floats([EPSILON])]);
  const ratio = g.op('Div', [size(guided), size(x)]);
  const limited = g.op('Mul', [guided, g.op('Div', [g.op('Min', [ratio, tau]), ratio])]);
  return g.op('Add', [g.op('Mul', [limited, alpha]), g.op('Mul', [x, g.op('Sub', [one, alpha])])]);
}

/** The inputs for one evaluation. It guides only where both sides are evaluated together. */
export function guidanceInputs(
  guidances: readonly AttentionGuidance[],
  { x, sides = [] }: DenoiserInputs,
): Record<string, Tensor> {
  if (guidances.length === 0) return {};
  const [batch] = x.shape;
  const rows = Math.floor(batch / Math.max(sides.length, 1));
  const [positive, negative] = [sides.indexOf(0), sides.indexOf(1)];
  const acts = positive >= 0 && negative >= 0;
  const isGuided = (row: number): boolean => acts && Math.floor(row / rows) === positive;
  const away = Float32Array.from({ length: batch }, (_, row) =>
    isGuided(row) ? row + (negative - positive) * rows : row,
  );
  const guided = Float32Array.from({ length: batch }, (_, row) => (isGuided(row) ? 1 : 0));
  return {
    guidanceAway: tensor([batch], away),
    guidanceRows: tensor([batch], guided),
    ...guidanceNumbers(guidances),
  };
}

/** The inputs that guideNumbers declares. */
export const guidanceNumbers = (guidances: readonly AttentionGuidance[]): Record<string, Tensor> =>
  Object.fromEntries(
    guidances.map(({ scale, alpha, tau }, i) => [
      numbersInput(i),
      tensor([3], Float32Array.of(scale, alpha, tau)),
    ]),
  );
