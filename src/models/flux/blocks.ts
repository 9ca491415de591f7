// The blocks of FLUX.1 and FLUX.2 (Black Forest Labs 2024, 2025; comfy/ldm/flux/layers.py), of
// which Chroma shares the former. Double blocks have weights of their own for the tokens of the
// prompt and of the image, and one attention over both; single blocks have one stream of both, and
// compute attention and MLP side by side. Each is modulated by shift, scale and gate (AdaLN),
// wherever these come from.
import type { Value } from '../../onnx/builder.ts';
import type { JointGuide } from '../dit/attention-guidance.ts';
import {
  gatedAdd,
  geluTanh,
  headRmsNorm,
  joinTokens,
  jointAttention,
  MACHINE_EPSILON,
  modulate,
  plainLayerNorm,
  type Rotations,
  rotate,
  swiGlu,
  tokenLinear,
} from '../dit/blocks.ts';
import { type Attended, type AttendingStream, attendTogether } from '../dit/streams.ts';
import type { Net } from '../layers/blocks.ts';
import type { FluxBlocksConfig } from './config.ts';

/** Vectors [B, 1, C] that act on all tokens, but for the last ones where these have their own. */
export interface Modulation {
  readonly shift: Value;
  readonly scale: Value;
  readonly gate: Value;
  readonly last?: {
    /** How many tokens it acts on, an integer [1]. */
    readonly tokens: Value;
    readonly modulation: Modulation;
  };
}

/** Modulations of attention and of the MLP. */
export type StreamModulation = readonly [attention: Modulation, mlp: Modulation];

/** The tokens of the prompt and of the image, [B, N, C] each. */
export interface Streams<T = Value> {
  readonly txt: T;
  readonly img: T;
}

const STREAMS = ['txt', 'img'] as const;

interface AttentionInputs {
  readonly rotations: Rotations;
  /** What is added to the products of queries and keys, [B, 1, N, N]. */
  readonly bias?: Value;
}

type Sizes = Pick<FluxBlocksConfig, 'width' | 'heads' | 'version'>;

/** A double block. */
export function doubleBlock(
  net: Net,
  name: string,
  streams: Streams,
  at: Streams<StreamModulation> & AttentionInputs & { readonly guide?: JointGuide } & Sizes,
): Streams {
  const [txt, img] = attendTogether(
    net,
    STREAMS.map((kind) => streamIn(net, `${name}.${kind}`, streams[kind], at[kind], at)),
    (...attended) => {
      const plain = attend(net, attended, at);
      return at.guide?.(plain, streams.txt) ?? plain;
    },
  );
  return { txt, img };
}

/** A stream of a double block; `name` is what its layers begin with. */
function streamIn(
  net: Net,
  name: string,
  x: Value,
  [first, second]: StreamModulation,
  at: Sizes,
): AttendingStream {
  const { width } = at;
  return {
    tokens: x,
    attended: queryKeyValue(net, modulatedNorm(net, x, first, width), at, {
      projection: `${name}_attn.qkv`,
      norm: `${name}_attn.norm`,
    }),
    finish: (result) => {
      const y = gated(net, x, first, tokenLinear(net, result, `${name}_attn.proj`));
      const normed = modulatedNorm(net, y, second, width);
      const inner = mlpInner(net, normed, `${name}_mlp.0`, at);
      return gated(net, y, second, tokenLinear(net, inner, `${name}_mlp.2`));
    },
  };
}

/** A single block, on the tokens of the prompt and of the image. */
export function singleBlock(
  net: Net,
  name: string,
  x: Value,
  at: {
    readonly modulation: Modulation;
    /** Changes the result of the attention. */
    readonly guide?: (attended: Value) => Value;
  } & AttentionInputs &
    Sizes,
): Value {
  const { modulation, width } = at;
  const normed = modulatedNorm(net, x, modulation, width);
  const layers = { projection: `${name}.linear1`, norm: `${name}.norm` };
  const plain = attend(net, queryKeyValue(net, normed, at, layers), at);
  const attention = at.guide?.(plain) ?? plain;
  const inner = mlpInner(net, normed, layers.projection, at, 3 * width);
  const both = net.g.op('Concat', [attention, inner], { axis: -1 });
  return gated(net, x, modulation, tokenLinear(net, both, `${name}.linear2`));
}

/** What the second layer of an MLP gets; `from` is the first one's first row in its weight. */
function mlpInner(net: Net, x: Value, layer: string, { version, width }: Sizes, from = 0): Value {
  const inner = version.mlp.ratio * width;
  const part = (index: number): Value =>
    tokenLinear(net, x, layer, [from + index * inner, from + (index + 1) * inner]);
  return version.mlp.isGated ? swiGlu(net, part(0), part(1)) : geluTanh(net, part(0));
}

/** The layer after the blocks: tokens [B, N, outChannels * patch^2]. */
export const finalLayer = (
  net: Net,
  x: Value,
  { shift, scale, width }: Pick<Modulation, 'shift' | 'scale'> & Pick<Sizes, 'width'>,
): Value => tokenLinear(net, modulatedNorm(net, x, { shift, scale }, width), 'final_layer.linear');

const modulatedNorm = (
  net: Net,
  x: Value,
  modulation: Omit<Modulation, 'gate'>,
  width: number,
): Value =>
  modulated(net, [plainLayerNorm(net, x, width)], modulation, ([y], { shift, scale }) =>
    modulate(net, y, scale, shift),
  );

const gated = (net: Net, x: Value, modulation: Modulation, y: Value): Value =>
  modulated(net, [x, y], modulation, (parts, { gate }) => gatedAdd(net, parts[0], gate, parts[1]));

/**
 * Applies `f` to tokens and their modulation, apart to the last ones where these have their own.
 */
function modulated<M extends Omit<Modulation, 'gate'>>(
  net: Net,
  values: readonly Value[],
  modulation: M,
  f: (values: readonly Value[], modulation: M | Modulation) => Value,
): Value {
  const { last } = modulation;
  if (!last) return f(values, modulation);
  const { g } = net;
  const [zero, end, axis] = [0, 2 ** 31 - 1, 1].map((number) => g.ints([number]));
  const cut = g.op('Neg', [last.tokens]);
  const slices = (from: Value, to: Value): Value[] =>
    values.map((value) => g.op('Slice', [value, from, to, axis]));
  return joinTokens(net, [f(slices(zero, cut), modulation), f(slices(cut, end), last.modulation)]);
}

/**
 * Queries and keys, normalised per head, and values. They are rows of one weight, which is read in
 * parts: files may store them apart, and LoRAs may change them apart.
 */
function queryKeyValue(
  net: Net,
  x: Value,
  { width, heads }: Sizes,
  { projection, norm }: { readonly projection: string; readonly norm: string },
): Attended {
  const [q, k, v] = [0, 1, 2].map((part) =>
    tokenLinear(net, x, projection, [part * width, (part + 1) * width]),
  );
  const normed = (y: Value, kind: string): Value =>
    headRmsNorm(net, y, `${norm}.${kind}_norm.weight`, heads, MACHINE_EPSILON);
  return [normed(q, 'query'), normed(k, 'key'), v];
}

const attend = (
  net: Net,
  [q, k, v]: Attended,
  { rotations, bias, heads, width }: Sizes & AttentionInputs,
): Value =>
  jointAttention(net, rotate(net, q, rotations), rotate(net, k, rotations), v, {
    heads,
    depth: width / heads,
    bias,
  });
