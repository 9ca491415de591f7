// Anima's adapter (comfy/ldm/anima/model.py): tokens of T5's vocabulary attend to each other and to
// the text encoder's states of the same prompt, and become the prompt's features.
import type { Value } from '../../onnx/builder.ts';
import {
  headRmsNorm,
  jointAttention,
  type Rotations,
  rmsNorm,
  rotateHalves,
  rotationInputs,
  tokenLinear,
} from '../dit/blocks.ts';
import { add, gelu, type Net } from '../layers/blocks.ts';
import { toIndices } from '../unet/number-tables.ts';
import type { AdapterConfig } from './config.ts';

const EPSILON = 1e-6;
const NAME = 'llm_adapter';

/** The prompt's features have at least so many tokens, the last ones zeros. */
export const LEAST_TOKENS = 512;

/**
 * Returns the features of `tokens` [B, L, 2], ids and weights, beside the text encoder's `states`
 * [B, T, K]. Declares the inputs of both rotations, and `padding` [B, P, K], what follows them.
 */
export function adaptedPrompt(
  net: Net,
  config: AdapterConfig,
  states: Value,
  tokens: Value,
): Value {
  const { g } = net;
  const { width, outWidth, blocks, depth } = config;
  const [ids, weights] = g.outputsOf('Split', [tokens, g.ints([1, 1])], 2, { axis: -1 });
  let x = embedded(net, ids, outWidth);
  if (width !== outWidth) x = tokenLinear(net, x, `${NAME}.in_proj`);
  const own = rotationInputs(net, 'token', depth / 2);
  const others = rotationInputs(net, 'state', depth / 2);
  for (let i = 0; i < blocks; i++) {
    const name = `${NAME}.blocks.${i}`;
    const attend = (part: string, y: Value, context: Value, rotations: Rotations): Value =>
      attention(
        net,
        config,
        `${name}.${part}`,
        { x: y, rotations: own },
        { x: context, rotations },
      );
    const normed = rmsNorm(net, x, `${name}.norm_self_attn.weight`, EPSILON);
    x = add(net, x, attend('self_attn', normed, normed, own));
    const crossed = rmsNorm(net, x, `${name}.norm_cross_attn.weight`, EPSILON);
    x = add(net, x, attend('cross_attn', crossed, states, others));
    const inner = tokenLinear(
      net,
      rmsNorm(net, x, `${name}.norm_mlp.weight`, EPSILON),
      `${name}.mlp.0`,
    );
    x = add(net, x, tokenLinear(net, gelu(net, inner), `${name}.mlp.2`));
  }
  const out = rmsNorm(net, tokenLinear(net, x, `${NAME}.out_proj`), `${NAME}.norm.weight`, EPSILON);
  const padding = g.input('padding', ['B', 'P', outWidth]);
  return g.op('Concat', [g.op('Mul', [out, weights]), padding], { axis: 1 });
}

/** The vectors [B, L, width] of ids [B, L, 1]. */
function embedded({ g, w }: Net, ids: Value, width: number): Value {
  const table = `${NAME}.embed.weight`;
  const places = toIndices(g, g.op('Reshape', [ids, g.ints([-1])]));
  const rows =
    w.rowsAt?.(g, table, places) ?? g.op('Gather', [w.value(g, table), places], { axis: 0 });
  const shape = g.op('Concat', [g.op('Shape', [ids], { start: 0, end: 2 }), g.ints([width])], {
    axis: 0,
  });
  return g.op('Reshape', [rows, shape]);
}

/** Tokens and their positions. */
interface Placed {
  readonly x: Value;
  readonly rotations: Rotations;
}

function attention(
  net: Net,
  { heads, depth }: AdapterConfig,
  name: string,
  queries: Placed,
  context: Placed,
): Value {
  const placed = ({ x, rotations }: Placed, part: 'q' | 'k'): Value => {
    const y = tokenLinear(net, x, `${name}.${part}_proj`);
    const normed = headRmsNorm(net, y, `${name}.${part}_norm.weight`, heads, EPSILON);
    return rotateHalves(net, normed, rotations);
  };
  const v = tokenLinear(net, context.x, `${name}.v_proj`);
  const attended = jointAttention(net, placed(queries, 'q'), placed(context, 'k'), v, {
    heads,
    depth,
  });
  return tokenLinear(net, attended, `${name}.o_proj`);
}
