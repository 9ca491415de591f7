// The blocks of AuraFlow (comfy/ldm/aura/mmdit.py): those of SD3 and of one stream for all tokens,
// whose attention is added only to what their MLP sees, and not to the tokens themselves.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  gatedMlp,
  headLayerNorm,
  jointAttention,
  modulatedNorm,
  modulationChunks,
  tokenLinear,
} from '../dit/blocks.ts';
import { type AttendingStream, attendTogether } from '../dit/streams.ts';
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

/** Prompt and image, [B, N, width], after a block with weights for each. */
export const doubleBlock = (
  at: BlockContext,
  name: string,
  [prompt, image]: readonly [Value, Value],
): readonly Value[] =>
  block(at, [stream(at, prompt, name, PROMPT), stream(at, image, name, IMAGE)]);

/** All tokens, [B, N, width], after a block with one set of weights. */
export const singleBlock = (at: BlockContext, name: string, tokens: Value): Value =>
  block(at, [stream(at, tokens, name, ALL)])[0];

const block = (
  { net, heads, width }: BlockContext,
  streams: readonly AttendingStream[],
): readonly Value[] =>
  attendTogether(net, streams, (q, k, v) =>
    jointAttention(net, q, k, v, { heads, depth: width / heads }),
  );

function stream(at: BlockContext, x: Value, name: string, layers: StreamLayers): AttendingStream {
  const { net, width, heads, time } = at;
  const modulation = linear(net, time, `${name}.${layers.modulation}`);
  const [shift, scale, gate, mlpShift, mlpScale, mlpGate] = modulationChunks(
    net,
    modulation,
    6,
    width,
  );
  const inner = modulatedNorm(at, x, shift, scale, EPSILON);
  const part = (which: string): Value =>
    tokenLinear(net, inner, `${name}.${layers.attention}${which}`);
  const perHead = (y: Value): Value =>
    headLayerNorm(net, y, { heads, depth: width / heads }, EPSILON);
  return {
    tokens: x,
    attended: [perHead(part('q')), perHead(part('k')), part('v')],
    finish: (result) => {
      const attention = tokenLinear(net, result, `${name}.${layers.attention}o`);
      const y = gatedAdd(net, x, gate, attention);
      const seen = modulatedNorm(at, y, mlpShift, mlpScale, EPSILON);
      return gatedAdd(net, x, mlpGate, mlp(net, seen, `${name}.${layers.mlp}`));
    },
  };
}

const mlp = (net: Net, x: Value, name: string): Value =>
  gatedMlp(net, x, [`${name}.c_fc1`, `${name}.c_fc2`, `${name}.c_proj`]);
