// The blocks of Krea 2 (comfy/ldm/krea2/model.py): attention whose result a gate weighs, and
// SwiGLU. Norms multiply by 1 + their weight.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  gatedMlp,
  headRmsNorm,
  joinTokens,
  jointAttention,
  modulate,
  type Rotations,
  rmsNormByOneMore,
  rotate,
  tokenLinear,
} from '../dit/blocks.ts';
import { splitTokens } from '../dit/streams.ts';
import { add, type Net } from '../layers/blocks.ts';
import type { AttentionSizes } from './config.ts';

const EPSILON = 1e-5;

/** Tokens [B, N, C] and the modulations of their time. */
export interface Stream {
  readonly tokens: Value;
  /** Scale, shift and gate of the attention, then those of the MLP, [B or 1, 1, C] each. */
  readonly modulations: readonly Value[];
}

interface AttentionContext {
  readonly net: Net;
  readonly sizes: AttentionSizes;
  /** Of all streams, one after another; absent: tokens have no positions. */
  readonly rotations?: Rotations;
  /** Changes the result of the attention. */
  readonly guide?: (attended: Value) => Value;
}

/** RMSNorm; `name` is without `scale`. */
export const norm = (net: Net, x: Value, name: string): Value =>
  rmsNormByOneMore(net, x, `${name}.scale`, EPSILON);

/** Returns the tokens of each stream after a block, which attends to all streams at once. */
export function block(at: AttentionContext, name: string, streams: readonly Stream[]): Value[] {
  const { net } = at;
  const normed = streams.map(({ tokens, modulations: [scale, shift] }) =>
    modulate(net, norm(net, tokens, `${name}.prenorm`), scale, shift),
  );
  const attended = splitTokens(
    net,
    attention(at, joinTokens(net, normed), `${name}.attn`),
    streams.map(({ tokens }) => tokens),
  );
  return streams.map(({ tokens, modulations: [, , gate, scale, shift, mlpGate] }, i) => {
    const y = gatedAdd(net, tokens, gate, attended[i]);
    const inner = modulate(net, norm(net, y, `${name}.postnorm`), scale, shift);
    return gatedAdd(net, y, mlpGate, mlp(net, inner, `${name}.mlp`));
  });
}

/** A block of the prompt's states, without positions and modulation. */
export function fusionBlock(net: Net, x: Value, name: string, sizes: AttentionSizes): Value {
  const normed = norm(net, x, `${name}.prenorm`);
  const y = add(net, x, attention({ net, sizes }, normed, `${name}.attn`));
  return add(net, y, mlp(net, norm(net, y, `${name}.postnorm`), `${name}.mlp`));
}

/** Attention of tokens over themselves, times the sigmoid of their gates. */
function attention(
  { net, sizes, rotations, guide }: AttentionContext,
  x: Value,
  name: string,
): Value {
  const { g } = net;
  const [q, k, v, gate] = ['wq', 'wk', 'wv', 'gate'].map((layer) =>
    tokenLinear(net, x, `${name}.${layer}`),
  );
  const placed = (y: Value, part: 'qnorm' | 'knorm', heads: number): Value => {
    const scale = `${name}.qknorm.${part}.scale`;
    const normed = headRmsNorm(net, y, scale, heads, EPSILON, rmsNormByOneMore);
    return rotations ? rotate(net, normed, rotations) : normed;
  };
  const [queries, keys] = [placed(q, 'qnorm', sizes.heads), placed(k, 'knorm', sizes.kvHeads)];
  const attended = jointAttention(net, queries, keys, v, sizes);
  const guided = guide?.(attended) ?? attended;
  return tokenLinear(net, g.op('Mul', [guided, g.op('Sigmoid', [gate])]), `${name}.wo`);
}

const mlp = (net: Net, x: Value, name: string): Value =>
  gatedMlp(net, x, [`${name}.gate`, `${name}.up`, `${name}.down`]);
