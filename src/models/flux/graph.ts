// The graph of FLUX.1: embeddings, double blocks, single blocks, the final layer
// (comfy/ldm/flux/model.py). Chroma shares what follows the modulation.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions, Observe } from '../dit/architecture.ts';
import { jointGuide } from '../dit/attention-guidance.ts';
import {
  blockSkipper,
  joinTokens,
  modulationChunks,
  rotationInputs,
  tokenLinear,
  tokensAfter,
  vectorMlp,
} from '../dit/blocks.ts';
import { linear, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import {
  doubleBlock,
  finalLayer,
  type Modulation,
  type StreamModulation,
  type Streams,
  singleBlock,
} from './blocks.ts';
import { type FluxBlocksConfig, type FluxConfig, PATCH } from './config.ts';

/** The width of the embeddings of time and guidance. */
export const EMBEDDING = 256;

/** Where the modulations of the blocks come from, by the names of the blocks. */
export interface Modulations {
  double(name: string, index: number): Streams<StreamModulation>;
  single(name: string, index: number): Modulation;
  final(): Pick<Modulation, 'shift' | 'scale'>;
}

/** The graph of FLUX.1. */
export function fluxGraph(weights: Weights, config: FluxConfig, options: DitGraphOptions): Graph {
  const { int8, observe = () => undefined } = options;
  const net: Net = { g: createGraph(), w: weights, int8 };
  const vector = silu(net, conditioningVector(net, config, observe));
  const modulation = (layer: string, count: number): readonly Value[] =>
    modulationChunks(net, linear(net, vector, layer), count, config.width);
  const stream = (layer: string): StreamModulation => {
    const [shift, scale, gate, shift2, scale2, gate2] = modulation(layer, 6);
    return [
      { shift, scale, gate },
      { shift: shift2, scale: scale2, gate: gate2 },
    ];
  };
  return fluxBlocks(net, config, options, {
    double: (name) => ({ img: stream(`${name}.img_mod.lin`), txt: stream(`${name}.txt_mod.lin`) }),
    single: (name) => {
      const [shift, scale, gate] = modulation(`${name}.modulation.lin`, 3);
      return { shift, scale, gate };
    },
    final: () => {
      const [shift, scale] = modulation('final_layer.adaLN_modulation.1', 2);
      return { shift, scale };
    },
  });
}

/** The sum of the embedded time, guidance and pooled prompt, [B, C]. */
function conditioningVector(
  net: Net,
  { vectorDim, hasGuidance }: FluxConfig,
  observe: Observe,
): Value {
  const { g } = net;
  const embedded = (name: string, width: number): Value => {
    const mlp = vectorMlp(net, g.input(name, ['B', width]), [
      `${name}_in.in_layer`,
      `${name}_in.out_layer`,
    ]);
    observe(g, `${name}_in`, mlp);
    return mlp;
  };
  const parts = [embedded('time', EMBEDDING)];
  // `guided` is 0 where the conditioning has no guidance
  if (hasGuidance)
    parts.push(g.op('Mul', [embedded('guidance', EMBEDDING), g.input('guided', [1])]));
  if (vectorDim > 0) parts.push(embedded('vector', vectorDim));
  return parts.reduce((sum, part) => g.op('Add', [sum, part]));
}

/** The network of FLUX.1 and Chroma behind their modulations. */
export function fluxBlocks(
  net: Net,
  config: FluxBlocksConfig,
  { observe = () => undefined, guidances }: DitGraphOptions,
  modulations: Modulations,
): Graph {
  const { g } = net;
  const { rope, inChannels, outChannels, contextDim, doubleBlocks, singleBlocks } = config;
  const rotations = rotationInputs(
    net,
    'rope',
    rope.axes.reduce((pairs, width) => pairs + width / 2, 0),
  );
  const embedded = (name: string, input: string, dims: readonly (string | number)[]): Value => {
    const tokens = tokenLinear(net, g.input(input, dims), name);
    observe(g, name, tokens);
    return tokens;
  };
  let streams: Streams = {
    img: embedded('img_in', 'x', ['B', 'N', inChannels * PATCH ** 2]),
    txt: embedded('txt_in', 'context', ['B', 'T', contextDim]),
  };
  const guide = jointGuide(net, guidances);
  const skip = blockSkipper(net, doubleBlocks + singleBlocks);
  for (let i = 0; i < doubleBlocks; i++) {
    const name = `double_blocks.${i}`;
    const at = { ...config, ...modulations.double(name, i), rotations, guide };
    const { img, txt } = doubleBlock(net, name, streams, at);
    streams = { img: skip(i, streams.img, img), txt: skip(i, streams.txt, txt) };
    observe(g, `${name}.img`, streams.img);
    observe(g, `${name}.txt`, streams.txt);
  }
  let x = joinTokens(net, [streams.txt, streams.img]);
  const guideJoined = guide && ((attended: Value) => guide(attended, streams.txt));
  for (let i = 0; i < singleBlocks; i++) {
    const name = `single_blocks.${i}`;
    const modulation = modulations.single(name, i);
    const y = singleBlock(net, name, x, { ...config, modulation, rotations, guide: guideJoined });
    x = skip(doubleBlocks + i, x, y);
    observe(g, name, x);
  }
  const img = tokensAfter(net, x, streams.txt);
  const out = finalLayer(net, img, { ...config, ...modulations.final() });
  observe(g, 'final_layer', out);
  g.output('out', out, ['B', 'N', outChannels * PATCH ** 2]);
  return g;
}
