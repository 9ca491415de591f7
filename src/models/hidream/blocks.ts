// The blocks of HiDream-I1 (comfy/ldm/hidream/model.py): those with weights for image and prompt
// each, and those with one set for all tokens. The image comes first.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  joinTokens,
  jointAttention,
  modulate,
  modulationChunks,
  plainLayerNorm,
  type Rotations,
  rmsNorm,
  rotate,
  tokenLinear,
  tokensAfter,
  tokensLike,
} from '../dit/blocks.ts';
import { linear, type Net } from '../layers/blocks.ts';
import type { HiDreamConfig } from './config.ts';
import { expertMixture, gatedMlp } from './experts.ts';

const NORM_EPSILON = 1e-6;
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
const PROMPT: StreamKind = { suffix: '_t', feedForward: gatedMlp, layer: 'ff_t' };

interface Stream {
  /** Queries, keys and values. */
  readonly attended: readonly Value[];
  /** Returns the stream after the block. */
  finish(result: Value): Value;
}

/** Image and prompt, [B, N, width] each, after a block with weights for each. */
export function doubleBlock(
  at: BlockContext,
  name: string,
  [image, prompt]: readonly [Value, Value],
): readonly [Value, Value] {
  const { net } = at;
  const parts = modulationOf(at, name, 12);
  const own = stream(at, image, name, IMAGE, parts.slice(0, 6));
  const other = stream(at, prompt, name, PROMPT, parts.slice(6));
  const [q, k, v] = [0, 1, 2].map((i) => joinTokens(net, [own.attended[i], other.attended[i]]));
  const result = attend(at, q, k, v);
  return [
    own.finish(tokensLike(net, result, image)),
    other.finish(tokensAfter(net, result, image)),
  ];
}

/** All tokens, [B, N, width], after a block with one set of weights. */
export function singleBlock(at: BlockContext, name: string, tokens: Value): Value {
  const { attended, finish } = stream(at, tokens, name, IMAGE, modulationOf(at, name, 6));
  const [q, k, v] = attended;
  return finish(attend(at, q, k, v));
}

const modulationOf = (
  { net, condition, width }: BlockContext,
  name: string,
  count: number,
): readonly Value[] =>
  modulationChunks(net, linear(net, condition, `${name}.adaLN_modulation.1`), count, width);

/** LayerNorm, shifted and scaled. */
export const modulatedNorm = (
  { net, width }: Pick<BlockContext, 'net' | 'width'>,
  x: Value,
  shift: Value,
  scale: Value,
): Value => modulate(net, plainLayerNorm(net, x, width, NORM_EPSILON), scale, shift);

function stream(
  at: BlockContext,
  x: Value,
  name: string,
  { suffix, feedForward, layer }: StreamKind,
  [shift, scale, gate, mlpShift, mlpScale, mlpGate]: readonly Value[],
): Stream {
  const { net } = at;
  const attention = `${name}.attn1`;
  const inner = modulatedNorm(at, x, shift, scale);
  const part = (which: string): Value =>
    tokenLinear(net, inner, `${attention}.to_${which}${suffix}`);
  const normed = (which: string): Value =>
    rmsNorm(net, part(which), `${attention}.${which}_rms_norm${suffix}.weight`, HEADS_EPSILON);
  return {
    attended: [normed('q'), normed('k'), part('v')],
    finish: (result) => {
      const out = tokenLinear(net, result, `${attention}.to_out${suffix}`);
      const y = gatedAdd(net, x, gate, out);
      const wide = feedForward(net, modulatedNorm(at, y, mlpShift, mlpScale), `${name}.${layer}`);
      return gatedAdd(net, y, mlpGate, wide);
    },
  };
}

const attend = ({ net, heads, width, rotations }: BlockContext, q: Value, k: Value, v: Value) =>
  jointAttention(net, rotate(net, q, rotations), rotate(net, k, rotations), v, {
    heads,
    depth: width / heads,
  });
