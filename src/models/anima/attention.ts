// The attention of Anima's blocks (comfy/ldm/cosmos/predict2.py) and of its adapter
// (comfy/ldm/anima/model.py).
import type { Value } from '../../onnx/builder.ts';
import {
  headRmsNorm,
  jointAttention,
  type Rotations,
  rotateHalves,
  tokenLinear,
} from '../dit/blocks.ts';
import type { Net } from '../layers/blocks.ts';

const EPSILON = 1e-6;

/** Tokens and their positions. */
export interface Placed {
  readonly x: Value;
  /** Absent: they have none. */
  readonly rotations?: Rotations;
}

/** Attention of queries over a context; `out` is the name of the last layer. */
export function attention(
  net: Net,
  { heads, depth }: { readonly heads: number; readonly depth: number },
  name: string,
  {
    queries,
    context,
    out,
  }: { readonly queries: Placed; readonly context: Placed; readonly out: string },
): Value {
  const placed = ({ x, rotations }: Placed, part: 'q' | 'k'): Value => {
    const y = tokenLinear(net, x, `${name}.${part}_proj`);
    const normed = headRmsNorm(net, y, `${name}.${part}_norm.weight`, heads, EPSILON);
    return rotations ? rotateHalves(net, normed, rotations) : normed;
  };
  const v = tokenLinear(net, context.x, `${name}.v_proj`);
  const sizes = { heads, depth };
  const attended = jointAttention(net, placed(queries, 'q'), placed(context, 'k'), v, sizes);
  return tokenLinear(net, attended, `${name}.${out}`);
}
