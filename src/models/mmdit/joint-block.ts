// The blocks of MMDiT (arXiv 2403.03206, section 4): a transformer block with its modulation, and
// the joint block, whose streams of prompt and image have weights of their own and attend together.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  headRmsNorm,
  jointAttention,
  modulate,
  modulationChunks,
  plainLayerNorm,
  tokenLinear,
  tokenMlp,
} from '../dit/blocks.ts';
import { type Attended, type AttendingStream, attendTogether } from '../dit/streams.ts';
import { linear, type Net } from '../layers/blocks.ts';
import { HEAD_WIDTH, type MMDiTConfig } from './config.ts';

/** What all blocks of one network have in common. */
export interface BlockContext {
  readonly net: Net;
  readonly config: Pick<MMDiTConfig, 'hidden' | 'heads' | 'qkNorm'>;
  /** SiLU of the embedding of timestep and pooled prompt, [B, hidden]. */
  readonly modulation: Value;
}

const EPSILON = 1e-6;

/** The layer whose parts shift, scale and gate a block's streams, [B, 1, hidden] each. */
export const modulationOf = (
  { net, config, modulation }: BlockContext,
  name: string,
  count: number,
): readonly Value[] =>
  modulationChunks(net, linear(net, modulation, `${name}.1`), count, config.hidden);

/** LayerNorm, shifted and scaled. */
export const modulatedNorm = (
  { net, config }: BlockContext,
  x: Value,
  shift: Value,
  scale: Value,
): Value => modulate(net, plainLayerNorm(net, x, config.hidden, EPSILON), scale, shift);

/** Queries, keys and values of an attention, from the rows of one layer. */
export function queryKeyValue(net: Net, x: Value, name: string): Attended {
  const width = net.w.shape(`${name}.qkv.weight`)[0] / 3;
  const part = (index: number): Value =>
    tokenLinear(net, x, `${name}.qkv`, [index * width, (index + 1) * width]);
  return [part(0), part(1), part(2)];
}

function attended({ net, config }: BlockContext, x: Value, name: string): Attended {
  const { heads, qkNorm } = config;
  const [q, k, v] = queryKeyValue(net, x, name);
  if (!qkNorm) return [q, k, v];
  return [
    headRmsNorm(net, q, `${name}.ln_q.weight`, heads, EPSILON),
    headRmsNorm(net, k, `${name}.ln_k.weight`, heads, EPSILON),
    v,
  ];
}

const attention = ({ net, config }: BlockContext, [q, k, v]: Attended): Value =>
  jointAttention(net, q, k, v, { heads: config.heads, depth: HEAD_WIDTH });

export const mlp = (net: Net, x: Value, name: string): Value =>
  tokenMlp(net, x, [`${name}.fc1`, `${name}.fc2`]);

/** The stream of a whole block; MMDiT-X adds an attention of the stream to itself. */
function stream(
  block: BlockContext,
  x: Value,
  name: string,
  selfAttention = false,
): AttendingStream {
  const { net } = block;
  const [shift, scale, gate, mlpShift, mlpScale, mlpGate, ...second] = modulationOf(
    block,
    `${name}.adaLN_modulation`,
    selfAttention ? 9 : 6,
  );
  const own = (): Value => {
    const [ownShift, ownScale] = second;
    const normed = modulatedNorm(block, x, ownShift, ownScale);
    return attention(block, attended(block, normed, `${name}.attn2`));
  };
  return {
    tokens: x,
    attended: attended(block, modulatedNorm(block, x, shift, scale), `${name}.attn`),
    finish: (result) => {
      let h = gatedAdd(net, x, gate, tokenLinear(net, result, `${name}.attn.proj`));
      if (selfAttention)
        h = gatedAdd(net, h, second[2], tokenLinear(net, own(), `${name}.attn2.proj`));
      const normed = modulatedNorm(block, h, mlpShift, mlpScale);
      return gatedAdd(net, h, mlpGate, mlp(net, normed, `${name}.mlp`));
    },
  };
}

/** A block of one stream, which attends to itself. */
export function selfAttentionBlock(block: BlockContext, x: Value, name: string): Value {
  const { attended: own, finish } = stream(block, x, name);
  return finish(attention(block, own));
}

export interface Streams {
  /** Token features of the prompt, [B, T, hidden]. */
  readonly context: Value;
  /** Token features of the image, [B, N, hidden]. */
  readonly x: Value;
}

export interface JointBlockOptions {
  /** The image also attends to itself alone. */
  readonly selfAttention: boolean;
  /** The prompt's stream ends with this block: it is only attended to. */
  readonly last: boolean;
}

/** A joint block; the prompt's stream is unchanged in the last one. */
export function jointBlock(
  block: BlockContext,
  { context, x }: Streams,
  name: string,
  { selfAttention, last }: JointBlockOptions,
): Streams {
  const image = stream(block, x, `${name}.x_block`, selfAttention);
  const prompt = last
    ? endedStream(block, context, `${name}.context_block`)
    : stream(block, context, `${name}.context_block`);
  const after = attendTogether(block.net, [prompt, image], (...attended) =>
    attention(block, attended),
  );
  return { context: after[0], x: after[1] };
}

function endedStream(block: BlockContext, context: Value, name: string): AttendingStream {
  const [shift, scale] = modulationOf(block, `${name}.adaLN_modulation`, 2);
  return {
    tokens: context,
    attended: attended(block, modulatedNorm(block, context, shift, scale), `${name}.attn`),
    finish: () => context,
  };
}
