// The graph of Qwen-Image 2.1: embeddings, blocks, the last layer
// (comfy/ldm/qwen_image21/model.py).
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions } from '../dit/architecture.ts';
import {
  blockSkipper,
  joinTokens,
  modulate,
  modulationChunks,
  plainLayerNorm,
  rmsNormByOneMore,
  ropeRotations,
  tokenLinear,
  tokenMlp,
  vectorMlp,
} from '../dit/blocks.ts';
import { linear, type Net, silu } from '../layers/blocks.ts';
import { toIndices } from '../unet/number-tables.ts';
import type { Weights } from '../weights/tensors.ts';
import { block, EPSILON, type Modulation, partsOf, type SegmentValues } from './blocks.ts';
import type { QwenImage21Config } from './config.ts';
import type { CacheBits } from './key-cache.ts';
import type { Segment } from './sequence.ts';

/** The width of the embedding of time. */
export const EMBEDDING = 256;

const TIME_MLP = [
  'time_text_embed.timestep_embedder.linear_1',
  'time_text_embed.timestep_embedder.linear_2',
] as const;

/** What graphs have beside the plain one, whose prefix is the prompt alone. */
export const EXTRAS = {
  /**
   * The kinds of the prefix's segments in their order; the inputs `references` [B, M, K] and
   * `order` [P], which selects the prefix's tokens from those of the prompt and of the references.
   */
  segments: (segments: readonly Pick<Segment, 'kind'>[]): string =>
    `segments ${segments.map(({ kind }) => kind).join('-')}`,
  /** The bits that the prefix's keys and values are stored in. */
  cache: (bits: CacheBits): string => `cache ${bits}`,
} as const;

/** The kinds of the segments that extras name, and the bits of the cache. */
function readExtras(extras: readonly string[]): {
  readonly kinds: readonly Segment['kind'][];
  readonly hasReferences: boolean;
  readonly cacheBits?: CacheBits;
} {
  const named = new Map(extras.map((extra) => extra.split(' ') as [string, string]));
  const kinds = named.get('segments')?.split('-') as Segment['kind'][] | undefined;
  const bits = named.get('cache');
  return {
    kinds: kinds ?? ['text'],
    hasReferences: kinds !== undefined,
    ...(bits !== undefined && { cacheBits: Number(bits) as CacheBits }),
  };
}

/** The input that hides later tokens of a text, [1, 1, its tokens, those before its end]. */
export const biasInput = (segment: number): string => `bias${segment}`;

/**
 * The graph, with the EXTRAS. Inputs `x` [B, N, channels], `context` [B, T, width], `ends` [S] of
 * the prefix's segments, and for each text biasInput(…).
 */
export function qwenImage21Graph(
  weights: Weights,
  config: QwenImage21Config,
  { extras = [], int8, observe = () => undefined }: DitGraphOptions,
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const { width, blocks, rope, outChannels } = config;
  const { kinds, hasReferences, cacheBits } = readExtras(extras);
  const times = [embeddedTime(net, 'timeZero', 1), embeddedTime(net, 'time', 'B')] as const;
  const [prefixTime, latentTime] = times.map((time) => modulationOf(net, time, width));
  const at = {
    ...config,
    net,
    cacheBits,
    segments: segmentValues(net, kinds),
    rotations: ropeRotations(net, rope),
    modulations: [prefixTime, latentTime] as const,
  };
  let x = embedded(net, config, hasReferences);
  observe(g, 'embedded', x);
  const skip = blockSkipper(net, blocks);
  for (let i = 0; i < blocks; i++) {
    x = skip(i, x, block(at, `transformer_blocks.${i}`, x));
    observe(g, `transformer_blocks.${i}`, x);
  }
  const scale = g.op('Unsqueeze', [linear(net, times[1], 'norm_out.linear'), g.ints([1])]);
  const last = plainLayerNorm(net, partsOf(at, x)[1], width, EPSILON);
  const out = tokenLinear(net, modulate(net, last, scale), 'proj_out');
  g.output('out', out, ['B', 'N', outChannels]);
  return g;
}

/** The tokens of the prefix, then of the latent. */
function embedded(
  net: Net,
  { inChannels, contextDim }: QwenImage21Config,
  hasReferences: boolean,
): Value {
  const { g } = net;
  const latents = (name: string, count: string): Value =>
    tokenLinear(net, g.input(name, ['B', count, inChannels]), 'img_in');
  const context = g.input('context', ['B', 'T', contextDim]);
  const normed = rmsNormByOneMore(net, context, 'txt_in.text_norm.weight', EPSILON);
  const prompt = tokenMlp(net, normed, ['txt_in.in_layer', 'txt_in.out_layer']);
  const x = latents('x', 'N');
  if (!hasReferences) return joinTokens(net, [prompt, x]);
  const all = joinTokens(net, [prompt, latents('references', 'M')]);
  const order = toIndices(g, g.input('order', ['P']));
  return joinTokens(net, [g.op('Gather', [all, order], { axis: 1 }), x]);
}

function segmentValues({ g }: Net, kinds: readonly Segment['kind'][]): SegmentValues[] {
  const ends = toIndices(g, g.input('ends', [kinds.length]));
  const bounds = [
    g.ints([0]),
    ...kinds.map((_, i) => g.op('Slice', [ends, g.ints([i]), g.ints([i + 1]), g.ints([0])])),
  ];
  return kinds.map((kind, i) => ({
    start: bounds[i],
    end: bounds[i + 1],
    ...(kind === 'text' && {
      bias: g.input(biasInput(i), [1, 1, `Q${i}`, `K${i}`]),
    }),
  }));
}

/** SiLU of the embedding of time, [rows, C], from the input of this name. */
const embeddedTime = (net: Net, name: string, rows: string | number): Value =>
  silu(net, vectorMlp(net, net.g.input(name, [rows, EMBEDDING]), TIME_MLP));

function modulationOf(net: Net, time: Value, width: number): Modulation {
  const [scale, gate, mlpScale, mlpGate] = modulationChunks(
    net,
    linear(net, time, 'modulation.1'),
    4,
    width,
  );
  const bounded = (value: Value): Value => net.g.op('Tanh', [value]);
  return { scale, gate: bounded(gate), mlpScale, mlpGate: bounded(mlpGate) };
}
