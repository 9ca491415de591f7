// Anima's adapter (comfy/ldm/anima/model.py): tokens of T5's vocabulary attend to each other and to
// the text encoder's states of the same prompt, and become the prompt's features.
import type { Value } from '../../onnx/builder.ts';
import { rmsNorm, rotationInputs, tableRows, tokenLinear } from '../dit/blocks.ts';
import { add, gelu, type Net } from '../layers/blocks.ts';
import { toIndices } from '../unet/number-tables.ts';
import { attention, type Placed } from './attention.ts';
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
    const attend = (part: string, queries: Placed, context: Placed): Value =>
      attention(net, config, `${name}.${part}`, { queries, context, out: 'o_proj' });
    const normed = rmsNorm(net, x, `${name}.norm_self_attn.weight`, EPSILON);
    const itself = { x: normed, rotations: own };
    x = add(net, x, attend('self_attn', itself, itself));
    const crossed = rmsNorm(net, x, `${name}.norm_cross_attn.weight`, EPSILON);
    const context = { x: states, rotations: others };
    x = add(net, x, attend('cross_attn', { x: crossed, rotations: own }, context));
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
function embedded(net: Net, ids: Value, width: number): Value {
  const { g } = net;
  const places = toIndices(g, g.op('Reshape', [ids, g.ints([-1])]));
  const rows = tableRows(net, `${NAME}.embed.weight`, places);
  const shape = g.op('Concat', [g.op('Shape', [ids], { start: 0, end: 2 }), g.ints([width])], {
    axis: 0,
  });
  return g.op('Reshape', [rows, shape]);
}
