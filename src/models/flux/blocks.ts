// The blocks of FLUX.1 (Black Forest Labs 2024; comfy/ldm/flux/layers.py), which Chroma shares.
// Double blocks have weights of their own for the tokens of the prompt and of the image, and one
// attention over both; single blocks have one stream of both, and compute attention and MLP side
// by side. Each is modulated by shift, scale and gate (AdaLN), wherever these come from.
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
  tokenLinear,
  tokensAfter,
  tokensLike,
} from '../dit/blocks.ts';
import type { Net } from '../layers/blocks.ts';
import { type FluxBlocksConfig, MLP_RATIO } from './config.ts';

/** Vectors [B, 1, C] that act on all tokens. */
export interface Modulation {
  readonly shift: Value;
  readonly scale: Value;
  readonly gate: Value;
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
}

type Sizes = Pick<FluxBlocksConfig, 'width' | 'heads'>;

/** A double block. */
export function doubleBlock(
  net: Net,
  name: string,
  { txt, img }: Streams,
  at: Streams<StreamModulation> & AttentionInputs & { readonly guide?: JointGuide } & Sizes,
): Streams {
  const { width } = at;
  const own = STREAMS.map((stream) => {
    const x = stream === 'txt' ? txt : img;
    const [modulation] = at[stream];
    const layer = `${name}.${stream}_attn`;
    return queryKeyValue(net, modulatedNorm(net, x, modulation, width), at, {
      projection: `${layer}.qkv`,
      norm: `${layer}.norm`,
    });
  });
  const joined = [0, 1, 2].map((part) =>
    joinTokens(
      net,
      own.map((qkv) => qkv[part]),
    ),
  );
  const plain = attend(net, joined, at);
  const attended = at.guide?.(plain, txt) ?? plain;
  const update = (stream: keyof Streams, x: Value, attention: Value): Value => {
    const [first, second] = at[stream];
    const projected = tokenLinear(net, attention, `${name}.${stream}_attn.proj`);
    const y = gatedAdd(net, x, first.gate, projected);
    const inner = tokenLinear(net, modulatedNorm(net, y, second, width), `${name}.${stream}_mlp.0`);
    const mlp = tokenLinear(net, geluTanh(net, inner), `${name}.${stream}_mlp.2`);
    return gatedAdd(net, y, second.gate, mlp);
  };
  return {
    txt: update('txt', txt, tokensLike(net, attended, txt)),
    img: update('img', img, tokensAfter(net, attended, txt)),
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
  const inner = tokenLinear(net, normed, layers.projection, [3 * width, (3 + MLP_RATIO) * width]);
  const both = net.g.op('Concat', [attention, geluTanh(net, inner)], { axis: -1 });
  return gatedAdd(net, x, modulation.gate, tokenLinear(net, both, `${name}.linear2`));
}

/** The layer after the blocks: tokens [B, N, outChannels * PATCH^2]. */
export const finalLayer = (
  net: Net,
  x: Value,
  { shift, scale, width }: Pick<Modulation, 'shift' | 'scale'> & Pick<Sizes, 'width'>,
): Value => tokenLinear(net, modulatedNorm(net, x, { shift, scale }, width), 'final_layer.linear');

const modulatedNorm = (
  net: Net,
  x: Value,
  { shift, scale }: Pick<Modulation, 'shift' | 'scale'>,
  width: number,
): Value => modulate(net, plainLayerNorm(net, x, width), scale, shift);

/**
 * Queries and keys, normalised per head, and values. They are rows of one weight, which is read in
 * parts: files may store them apart, and LoRAs may change them apart.
 */
function queryKeyValue(
  net: Net,
  x: Value,
  { width, heads }: Sizes,
  { projection, norm }: { readonly projection: string; readonly norm: string },
): readonly Value[] {
  const [q, k, v] = [0, 1, 2].map((part) =>
    tokenLinear(net, x, projection, [part * width, (part + 1) * width]),
  );
  const normed = (y: Value, kind: string): Value =>
    headRmsNorm(net, y, `${norm}.${kind}_norm.weight`, heads, MACHINE_EPSILON);
  return [normed(q, 'query'), normed(k, 'key'), v];
}

const attend = (
  net: Net,
  [q, k, v]: readonly Value[],
  { rotations, heads, width }: Sizes & { readonly rotations: Rotations },
): Value =>
  jointAttention(net, rotate(net, q, rotations), rotate(net, k, rotations), v, {
    heads,
    depth: width / heads,
  });
