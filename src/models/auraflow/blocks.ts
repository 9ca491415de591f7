// The blocks of AuraFlow (comfy/ldm/aura/mmdit.py): those of SD3 and of one stream for all tokens,
// whose attention is added only to what their MLP sees, and not to the tokens themselves.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  headLayerNorm,
  joinTokens,
  jointAttention,
  modulate,
  modulationChunks,
  plainLayerNorm,
  swiGlu,
  tokenLinear,
  tokensAfter,
  tokensLike,
} from '../dit/blocks.ts';
import { linear, type Net } from '../layers/blocks.ts';
import type { AuraFlowConfig } from './config.ts';

const EPSILON = 1e-5;

/** The names of a stream's layers inside of a block. */
interface StreamLayers {
  readonly modulation: string;
  /** Before `q`, `k`, `v` and `o`. */
  readonly attention: string;
  readonly mlp: string;
}

const PROMPT: StreamLayers = { modulation: 'modC.1', attention: 'attn.w1', mlp: 'mlpC' };
const IMAGE: StreamLayers = { modulation: 'modX.1', attention: 'attn.w2', mlp: 'mlpX' };
const ALL: StreamLayers = { modulation: 'modCX.1', attention: 'attn.w1', mlp: 'mlp' };

export interface BlockContext extends Pick<AuraFlowConfig, 'width' | 'heads'> {
  readonly net: Net;
  /** SiLU of the embedded time, [B, width]. */
  readonly time: Value;
}

interface Stream {
  /** Queries, keys and values. */
  readonly attended: readonly Value[];
  /** Returns the stream after the block. */
  finish(result: Value): Value;
}

/** Prompt and image, [B, N, width], after a block with weights for each. */
export function doubleBlock(
  at: BlockContext,
  name: string,
  [prompt, image]: readonly [Value, Value],
): readonly [Value, Value] {
  const { net } = at;
  const streams = [stream(at, prompt, name, PROMPT), stream(at, image, name, IMAGE)];
  const [q, k, v] = [0, 1, 2].map((part) =>
    joinTokens(
      net,
      streams.map(({ attended }) => attended[part]),
    ),
  );
  const result = attend(at, q, k, v);
  return [
    streams[0].finish(tokensLike(net, result, prompt)),
    streams[1].finish(tokensAfter(net, result, prompt)),
  ];
}

/** All tokens, [B, N, width], after a block with one set of weights. */
export function singleBlock(at: BlockContext, name: string, tokens: Value): Value {
  const { attended, finish } = stream(at, tokens, name, ALL);
  const [q, k, v] = attended;
  return finish(attend(at, q, k, v));
}

function stream(at: BlockContext, x: Value, name: string, layers: StreamLayers): Stream {
  const { net, width, heads, time } = at;
  const modulation = linear(net, time, `${name}.${layers.modulation}`);
  const [shift, scale, gate, mlpShift, mlpScale, mlpGate] = modulationChunks(
    net,
    modulation,
    6,
    width,
  );
  const normed = (y: Value): Value => plainLayerNorm(net, y, width, EPSILON);
  const inner = modulate(net, normed(x), scale, shift);
  const part = (which: string): Value =>
    tokenLinear(net, inner, `${name}.${layers.attention}${which}`);
  const perHead = (y: Value): Value =>
    headLayerNorm(net, y, { heads, depth: width / heads }, EPSILON);
  return {
    attended: [perHead(part('q')), perHead(part('k')), part('v')],
    finish: (result) => {
      const attention = tokenLinear(net, result, `${name}.${layers.attention}o`);
      const seen = modulate(net, normed(gatedAdd(net, x, gate, attention)), mlpScale, mlpShift);
      return gatedAdd(net, x, mlpGate, mlp(net, seen, `${name}.${layers.mlp}`));
    },
  };
}

const attend = ({ net, heads, width }: BlockContext, q: Value, k: Value, v: Value): Value =>
  jointAttention(net, q, k, v, { heads, depth: width / heads });

const mlp = (net: Net, x: Value, name: string): Value =>
  tokenLinear(
    net,
    swiGlu(net, tokenLinear(net, x, `${name}.c_fc1`), tokenLinear(net, x, `${name}.c_fc2`)),
    `${name}.c_proj`,
  );
