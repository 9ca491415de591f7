// The blocks of Qwen-Image (arXiv 2508.02324, section 2; comfy/ldm/qwen_image/model.py): streams of
// tokens with weights of their kind, prompt or image, and one attention over all. Each is modulated
// by shift, scale and gate (AdaLN) at the time of its stream.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  headRmsNorm,
  jointAttention,
  modulatedNorm,
  modulationChunks,
  type Rotations,
  rotate,
  tokenLinear,
  tokenMlp,
} from '../dit/blocks.ts';
import { type Attended, type AttendingStream, attendTogether } from '../dit/streams.ts';
import { linear, type Net } from '../layers/blocks.ts';
import type { QwenImageConfig } from './config.ts';

/** The layers of a stream by its kind. */
const LAYERS = {
  txt: {
    projections: ['attn.add_q_proj', 'attn.add_k_proj', 'attn.add_v_proj'],
    norms: ['attn.norm_added_q', 'attn.norm_added_k'],
    out: 'attn.to_add_out',
  },
  img: {
    projections: ['attn.to_q', 'attn.to_k', 'attn.to_v'],
    norms: ['attn.norm_q', 'attn.norm_k'],
    out: 'attn.to_out.0',
  },
} as const;

const EPSILON = 1e-6;

export interface Stream {
  readonly kind: keyof typeof LAYERS;
  /** Tokens, [B, N, C]. */
  readonly tokens: Value;
  /** SiLU of the embedded time, [B or 1, C]. */
  readonly time: Value;
}

export interface BlockContext extends Pick<QwenImageConfig, 'width' | 'heads'> {
  readonly net: Net;
  /** Of all streams, one after another. */
  readonly rotations: Rotations;
  /** What is added to the products of queries and keys, [B, 1, 1, N]. */
  readonly bias?: Value;
}

/** Returns the tokens of each stream after a block. */
export const block = (at: BlockContext, name: string, streams: readonly Stream[]): Value[] =>
  attendTogether(
    at.net,
    streams.map((stream) => streamIn(at, name, stream)),
    (q, k, v) => attend(at, q, k, v),
  );

function streamIn(at: BlockContext, name: string, stream: Stream): AttendingStream {
  const { net } = at;
  const { kind, tokens } = stream;
  const [shift, scale, gate, mlpShift, mlpScale, mlpGate] = modulationOf(at, name, stream);
  const mlp = `${name}.${kind}_mlp.net`;
  return {
    tokens,
    attended: queryKeyValue(at, modulatedNorm(at, tokens, shift, scale), name, stream),
    finish: (result) => {
      const attention = tokenLinear(net, result, `${name}.${LAYERS[kind].out}`);
      const y = gatedAdd(net, tokens, gate, attention);
      const inner = modulatedNorm(at, y, mlpShift, mlpScale);
      return gatedAdd(net, y, mlpGate, tokenMlp(net, inner, [`${mlp}.0.proj`, `${mlp}.2`]));
    },
  };
}

/** Shift, scale and gate of the attention, then those of the MLP, [B or 1, 1, C] each. */
const modulationOf = (
  { net, width }: BlockContext,
  name: string,
  { kind, time }: Stream,
): readonly Value[] => modulationChunks(net, linear(net, time, `${name}.${kind}_mod.1`), 6, width);

/** Queries and keys, normalised per head, and values. */
function queryKeyValue(
  { net, heads }: BlockContext,
  x: Value,
  name: string,
  { kind }: Stream,
): Attended {
  const { projections, norms } = LAYERS[kind];
  const [q, k, v] = projections.map((layer) => tokenLinear(net, x, `${name}.${layer}`));
  const normed = (y: Value, norm: string): Value =>
    headRmsNorm(net, y, `${name}.${norm}.weight`, heads, EPSILON);
  return [normed(q, norms[0]), normed(k, norms[1]), v];
}

function attend(at: BlockContext, q: Value, k: Value, v: Value): Value {
  const { net, rotations, heads, width, bias } = at;
  return jointAttention(net, rotate(net, q, rotations), rotate(net, k, rotations), v, {
    heads,
    depth: width / heads,
    bias: bias && forEachQuery(net, bias, q),
  });
}

/** Repeats a bias [B, 1, 1, N] for all queries. */
function forEachQuery({ g }: Net, bias: Value, queries: Value): Value {
  const count = g.op('Shape', [queries], { start: 1, end: 2 });
  const shape = g.op('Concat', [g.ints([1, 1]), count, g.ints([1])], { axis: 0 });
  return g.op('Expand', [bias, shape]);
}
