// The graph of Qwen-Image: embeddings, blocks, the final layer (comfy/ldm/qwen_image/model.py).
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions } from '../dit/architecture.ts';
import {
  blockSkipper,
  modulatedNorm,
  modulationChunks,
  rmsNorm,
  ropeRotations,
  tokenLinear,
  vectorMlp,
} from '../dit/blocks.ts';
import { add, linear, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { block, type Stream } from './blocks.ts';
import { LAYERS, PATCH, type QwenImageConfig, type QwenImageStreamsConfig } from './config.ts';
import { blockControls } from './layer-control.ts';

/** The width of the embedding of time. */
export const EMBEDDING = 256;

/** What graphs have beside the plain one. */
export const EXTRAS = {
  /** The input `references` [B, M, K], tokens that follow those of the latent. */
  references: 'references',
  /** Time 0 modulates the references: the input `timeZero` [1, EMBEDDING], the embedded time. */
  timeZero: 'time-zero',
  /** The input `bias` [B, 1, 1, N], which is added to the products of queries and keys. */
  mask: 'mask',
  /** The inputs residualInput(…), which ControlNets add. */
  control: 'control',
} as const;

/** The name of the input with the residual after a block, [1 or B, 1 or N, 1 or C]. */
export const residualInput = (index: number): string => `residual${index}`;

const TIME_MLP = [
  'time_text_embed.timestep_embedder.linear_1',
  'time_text_embed.timestep_embedder.linear_2',
] as const;

/** The graph of Qwen-Image, with the EXTRAS. */
export function qwenImageGraph(
  weights: Weights,
  config: QwenImageConfig,
  { extras = [], int8, layerControls = [], observe = () => undefined }: DitGraphOptions,
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const { blocks } = config;
  let streams = embeddedStreams(net, config, extras);
  observe(g, 'img_in', streams[1].tokens);
  observe(g, 'txt_in', streams[0].tokens);
  const at = {
    ...config,
    net,
    rotations: ropeRotations(net, config.rope),
    bias: extras.includes(EXTRAS.mask) ? g.input('bias', ['B', 1, 1, 'A']) : undefined,
  };
  const skip = blockSkipper(net, blocks);
  const controlled = blockControls(net, layerControls);
  for (let i = 0; i < blocks; i++) {
    const after = block(at, `transformer_blocks.${i}`, streams);
    streams = streams.map((stream, s) => ({ ...stream, tokens: skip(i, stream.tokens, after[s]) }));
    streams = withImage(streams, (image) => controlled(i, image));
    if (extras.includes(EXTRAS.control))
      streams = withImage(streams, (image) => withResidual(net, image, i));
    observe(g, `transformer_blocks.${i}.txt`, streams[0].tokens);
    observe(g, `transformer_blocks.${i}.img`, streams[1].tokens);
  }
  const { tokens, time } = streams[1];
  const [scale, shift] = modulationChunks(
    net,
    linear(net, time, 'norm_out.linear'),
    2,
    config.width,
  );
  const normed = modulatedNorm(at, tokens, shift, scale);
  observe(g, 'norm_out', normed);
  const out = tokenLinear(net, normed, 'proj_out');
  observe(g, 'proj_out', out);
  g.output('out', out, ['B', 'N', config.outChannels * PATCH ** 2]);
  return g;
}

/** The embedded tokens of the prompt, of the latent and of references. */
export function embeddedStreams(
  net: Net,
  config: QwenImageStreamsConfig,
  extras: readonly string[] = [],
): readonly Stream[] {
  const { g } = net;
  const { inChannels, contextDim } = config;
  const context = rmsNorm(net, g.input('context', ['B', 'T', contextDim]), 'txt_norm.weight', 1e-6);
  const patches = (name: string, count: string): Value =>
    tokenLinear(net, g.input(name, ['B', count, inChannels * PATCH ** 2]), 'img_in');
  const time = embeddedTime(net, config, 'time', 'B');
  const streams: Stream[] = [
    { kind: 'txt', tokens: tokenLinear(net, context, 'txt_in'), time },
    { kind: 'img', tokens: patches('x', 'N'), time },
  ];
  if (!extras.includes(EXTRAS.references)) return streams;
  const own = extras.includes(EXTRAS.timeZero) ? embeddedTime(net, config, 'timeZero', 1) : time;
  return [...streams, { kind: 'img', tokens: patches('references', 'M'), time: own }];
}

/** SiLU of the embedding of time, [rows, C], from the input of this name. */
function embeddedTime(
  net: Net,
  { hasLayers }: QwenImageStreamsConfig,
  name: string,
  rows: string | number,
): Value {
  const { g, w } = net;
  const embedded = vectorMlp(net, g.input(name, [rows, EMBEDDING]), TIME_MLP);
  // ComfyUI never says that a picture is a layer
  return silu(net, hasLayers ? add(net, embedded, w.value(g, LAYERS, { rows: [0, 1] })) : embedded);
}

/** Changes the tokens of the latent. */
const withImage = (
  streams: readonly Stream[],
  change: (image: Value) => Value,
): readonly Stream[] =>
  streams.map((stream, s) => (s === 1 ? { ...stream, tokens: change(stream.tokens) } : stream));

function withResidual(net: Net, image: Value, index: number): Value {
  const name = residualInput(index);
  return add(net, image, net.g.input(name, [`${name}B`, `${name}N`, `${name}C`]));
}
