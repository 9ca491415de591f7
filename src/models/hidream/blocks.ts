// The blocks of HiDream-I1 (comfy/ldm/hidream/model.py): those with weights for image and prompt
// each, and those with one set for all tokens. The image comes first.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  jointAttention,
  modulatedNorm,
  modulationChunks,
  type Rotations,
  rmsNorm,
  rotate,
  tokenLinear,
} from '../dit/blocks.ts';
import { type AttendingStream, attendTogether } from '../dit/streams.ts';
import { linear, type Net } from '../layers/blocks.ts';
import type { HiDreamConfig } from './config.ts';
import { expertMixture, gatedFeedForward } from './experts.ts';

const HEADS_EPSILON = 1e-5;

export interface BlockContext extends Pick<HiDreamConfig, 'width' | 'heads'> {
  readonly net: Net;
  /** SiLU of the embedding of time and pooled prompt, [B, width]. */
  readonly condition: Value;
  /** Of all tokens. */
  readonly rotations: Rotations;
}

/** The layers of a stream: what follows their names, and its feed-forward layer. */
interface StreamKind {
  readonly suffix: '' | '_t';
  readonly feedForward: (net: Net, x: Value, name: string) => Value;
  readonly layer: 'ff_i' | 'ff_t';
}

const IMAGE: StreamKind = { suffix: '', feedForward: expertMixture, layer: 'ff_i' };
const PROMPT: StreamKind = { suffix: '_t', feedForward: gatedFeedForward, layer: 'ff_t' };

/** Image and prompt, [B, N, width] each, after a block with weights for each. */
export function doubleBlock(
  at: BlockContext,
  name: string,
  [image, prompt]: readonly [Value, Value],
): readonly Value[] {
  const parts = modulationOf(at, name, 12);
  return block(at, [
    stream(at, image, name, IMAGE, parts.slice(0, 6)),
    stream(at, prompt, name, PROMPT, parts.slice(6)),
  ]);
}

/** All tokens, [B, N, width], after a block with one set of weights. */
export const singleBlock = (at: BlockContext, name: string, tokens: Value): Value =>
  block(at, [stream(at, tokens, name, IMAGE, modulationOf(at, name, 6))])[0];

const block = (
  { net, heads, width, rotations }: BlockContext,
  streams: readonly AttendingStream[],
): readonly Value[] =>
  attendTogether(net, streams, (q, k, v) =>
    jointAttention(net, rotate(net, q, rotations), rotate(net, k, rotations), v, {
      heads,
      depth: width / heads,
    }),
  );

const modulationOf = (
  { net, condition, width }: BlockContext,
  name: string,
  count: number,
): readonly Value[] =>
  modulationChunks(net, linear(net, condition, `${name}.adaLN_modulation.1`), count, width);

function stream(
  at: BlockContext,
  x: Value,
  name: string,
  { suffix, feedForward, layer }: StreamKind,
  [shift, scale, gate, mlpShift, mlpScale, mlpGate]: readonly Value[],
): AttendingStream {
  const { net } = at;
  const attention = `${name}.attn1`;
  const inner = modulatedNorm(at, x, shift, scale);
  const part = (which: string): Value =>
    tokenLinear(net, inner, `${attention}.to_${which}${suffix}`);
  const normed = (which: string): Value =>
    rmsNorm(net, part(which), `${attention}.${which}_rms_norm${suffix}.weight`, HEADS_EPSILON);
  return {
    tokens: x,
    attended: [normed('q'), normed('k'), part('v')],
    finish: (result) => {
      const out = tokenLinear(net, result, `${attention}.to_out${suffix}`);
      const y = gatedAdd(net, x, gate, out);
      const wide = feedForward(net, modulatedNorm(at, y, mlpShift, mlpScale), `${name}.${layer}`);
      return gatedAdd(net, y, mlpGate, wide);
    },
  };
}
