// The blocks of Qwen-Image 2.1 (comfy/ldm/qwen_image21/model.py): one stream of tokens, of which
// prompt and reference images see only what is before them. Scales and gates (AdaLN) are the same
// in all blocks: those of time 0 before the latent, those of its time in it.
import type { Value } from '../../onnx/builder.ts';
import {
  gatedAdd,
  headRmsNorm,
  joinTokens,
  jointAttention,
  modulate,
  plainLayerNorm,
  type Rotations,
  rotate,
  swiGlu,
  tokenLinear,
} from '../dit/blocks.ts';
import type { Net } from '../layers/blocks.ts';
import { JOINED_GATES, type QwenImage21Config } from './config.ts';
import { storedKeys } from './key-cache.ts';
import type { Segment } from './sequence.ts';

export const EPSILON = 1e-6;

/** What an embedded time is in all blocks, [B or 1, 1, C] each. */
export interface Modulation {
  readonly scale: Value;
  readonly gate: Value;
  readonly mlpScale: Value;
  readonly mlpGate: Value;
}

/** A segment of the prefix in a graph. */
export interface SegmentValues {
  /** Where it begins and ends, int64 [1]. */
  readonly start: Value;
  readonly end: Value;
  /** Hides later tokens of a text, [1, 1, its tokens, those before its end]. */
  readonly bias?: Value;
}

export interface BlockContext
  extends Pick<QwenImage21Config, 'width' | 'heads' | 'hasJoinedGates'> {
  readonly net: Net;
  /** Of the prefix, then of the latent. */
  readonly rotations: Rotations;
  readonly segments: readonly SegmentValues[];
  /** The bits that keys and values of the prefix are stored in, where the latent sees them. */
  readonly cacheBits?: 4 | 8;
  /** Of the prefix and of the latent. */
  readonly modulations: readonly [prefix: Modulation, latent: Modulation];
}

export type { Segment };

const REST = 2 ** 31 - 1;

/** Tokens from `from` to `to`, int64 [1] each. */
const slice = ({ g }: Net, x: Value, from: Value, to: Value): Value =>
  g.op('Slice', [x, from, to, g.ints([1])]);

/** The tokens of the prefix and of the latent. */
export const partsOf = (
  { net, segments }: Pick<BlockContext, 'net' | 'segments'>,
  x: Value,
): readonly [prefix: Value, latent: Value] => {
  const { end } = segments.at(-1)!;
  return [slice(net, x, net.g.ints([0]), end), slice(net, x, end, net.g.ints([REST]))];
};

/** Returns the tokens after a block. */
export function block(at: BlockContext, name: string, x: Value): Value {
  const attended = attention(at, modulatedNorm(at, x, 'scale'), `${name}.attn`);
  const y = gatedResidual(at, x, attended, 'gate');
  const inner = mlp(at, modulatedNorm(at, y, 'mlpScale'), `${name}.img_mlp`);
  return gatedResidual(at, y, inner, 'mlpGate');
}

/** LayerNorm, scaled by the times of the parts. */
function modulatedNorm(at: BlockContext, x: Value, which: 'scale' | 'mlpScale'): Value {
  const { net, width, modulations } = at;
  const parts = partsOf(at, plainLayerNorm(net, x, width, EPSILON));
  return joinTokens(
    net,
    parts.map((part, i) => modulate(net, part, modulations[i][which])),
  );
}

function gatedResidual(at: BlockContext, x: Value, y: Value, which: 'gate' | 'mlpGate'): Value {
  const added = partsOf(at, y);
  return joinTokens(
    at.net,
    partsOf(at, x).map((part, i) => gatedAdd(at.net, part, at.modulations[i][which], added[i])),
  );
}

function attention(at: BlockContext, x: Value, name: string): Value {
  const { net, heads, rotations, width, segments, cacheBits } = at;
  const headsOf = (part: 'q' | 'k'): Value => {
    const y = tokenLinear(net, x, `${name}.to_${part}`);
    return rotate(
      net,
      headRmsNorm(net, y, `${name}.norm_${part}.weight`, heads, EPSILON),
      rotations,
    );
  };
  const [q, k, v] = [headsOf('q'), headsOf('k'), tokenLinear(net, x, `${name}.to_v`)];
  const depth = width / heads;
  const attended = segments.map(({ start, end, bias }) => {
    const seen = (y: Value): Value => slice(net, y, net.g.ints([0]), end);
    const sizes = { heads, depth, bias };
    return jointAttention(net, slice(net, q, start, end), seen(k), seen(v), sizes);
  });
  const seenByLatent = [k, v].map((y) => {
    if (cacheBits === undefined) return y;
    const [prefix, latent] = partsOf(at, y);
    return joinTokens(net, [storedKeys(net, prefix, { bits: cacheBits, depth }), latent]);
  });
  const latent = jointAttention(net, partsOf(at, q)[1], seenByLatent[0], seenByLatent[1], {
    heads,
    depth,
  });
  return tokenLinear(net, joinTokens(net, [...attended, latent]), `${name}.to_out.0`);
}

/** SwiGLU. */
function mlp({ net, hasJoinedGates }: BlockContext, x: Value, name: string): Value {
  const both = hasJoinedGates
    ? net.g.outputsOf('Split', [tokenLinear(net, x, joinedGates(name))], 2, {
        axis: -1,
        num_outputs: 2,
      })
    : ['gate_layer', 'proj'].map((layer) => tokenLinear(net, x, `${name}.${layer}`));
  return tokenLinear(net, swiGlu(net, both[0], both[1]), `${name}.out`);
}

const joinedGates = (mlpName: string): string => mlpName.replace(/img_mlp$/, JOINED_GATES);
