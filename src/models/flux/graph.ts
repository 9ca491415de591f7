// The graph of FLUX.1 and FLUX.2: embeddings, double blocks, single blocks, the final layer
// (comfy/ldm/flux/model.py). Chroma shares what follows the modulation, ControlNets what precedes
// the final layer.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions, Observe } from '../dit/architecture.ts';
import { jointGuide } from '../dit/attention-guidance.ts';
import {
  blockSkipper,
  joinTokens,
  modulationChunks,
  ropeRotations,
  tokenLinear,
  tokensAfter,
  tokensLike,
  vectorMlp,
} from '../dit/blocks.ts';
import { add, linear, type Net, silu } from '../layers/blocks.ts';
import { toIndices } from '../unet/number-tables.ts';
import type { Weights } from '../weights/tensors.ts';
import {
  doubleBlock,
  finalLayer,
  type Modulation,
  type StreamModulation,
  type Streams,
  singleBlock,
} from './blocks.ts';
import type { FluxBlocksConfig, FluxConfig, FluxStreamsConfig } from './config.ts';

/** The width of the embeddings of time and guidance. */
export const EMBEDDING = 256;

/** Where the modulations of the blocks come from, by the names of the blocks. */
export interface BlockModulations {
  double(name: string, index: number): Streams<StreamModulation>;
  single(name: string, index: number): Modulation;
}

export interface Modulations extends BlockModulations {
  final(): Pick<Modulation, 'shift' | 'scale'>;
}

/** What graphs have beside the plain one. */
export const EXTRAS = {
  /** The residuals of ControlNets: inputs residualInput(…). */
  control: 'control',
  /**
   * Reference images that are modulated by time 0: inputs `timeZero` [B, EMBEDDING], the embedded
   * time, and `referenceTokens` [1], how many of the last tokens they are.
   */
  timeZero: 'time-zero',
  /** What is added to the attention: the input `bias` (DenoiserInputs.attentionBias). */
  bias: 'bias',
} as const;

/** The name of the input with the residual after a block, [1 or B, 1 or N, 1 or C]. */
export const residualInput = (kind: 'double' | 'single', block: number): string =>
  `${kind}Residual${block}`;

/** The graph of FLUX.1 and FLUX.2, with the EXTRAS. */
export function fluxGraph(weights: Weights, config: FluxConfig, options: DitGraphOptions): Graph {
  const net: Net = { g: createGraph(), w: weights, int8: options.int8 };
  return fluxBlocks(net, config, options, vectorModulations(net, config, options));
}

type VectorSizes = Pick<FluxConfig, 'width' | 'vectorDim' | 'hasGuidance' | 'version'>;

/** The layers that compute the modulations of double and single blocks, and of FLUX.2's all. */
const MODULATIONS = {
  own: {
    img: (block: string) => `${block}.img_mod.lin`,
    txt: (block: string) => `${block}.txt_mod.lin`,
    single: (block: string) => `${block}.modulation.lin`,
  },
  shared: {
    img: () => 'double_stream_modulation_img.lin',
    txt: () => 'double_stream_modulation_txt.lin',
    single: () => 'single_stream_modulation.lin',
  },
} as const;

/** The modulations of FLUX: linear layers on the sum of the embedded numbers. */
export function vectorModulations(
  net: Net,
  config: VectorSizes,
  { observe = () => undefined, extras = [] }: Pick<DitGraphOptions, 'observe' | 'extras'> = {},
): Modulations {
  const { time, timeZero } = conditioningVectors(net, config, observe, extras);
  const vectors = [time, ...(timeZero ? [timeZero] : [])].map((vector) => silu(net, vector));
  const tokens = timeZero && toIndices(net.g, net.g.input('referenceTokens', [1]));
  const chunks = (vector: Value, layer: string, count: number): readonly Value[] =>
    modulationChunks(net, linear(net, vector, layer), count, config.width);
  const known = new Map<string, readonly Modulation[]>();
  const modulations = (layer: string, count: number): readonly Modulation[] => {
    const found = known.get(layer);
    if (found) return found;
    const [own, last] = vectors.map((vector) => threes(chunks(vector, layer, 3 * count)));
    const all = own.map((modulation, i) =>
      tokens ? { ...modulation, last: { tokens, modulation: last[i] } } : modulation,
    );
    known.set(layer, all);
    return all;
  };
  const layers = MODULATIONS[config.version.sharesModulations ? 'shared' : 'own'];
  const stream = (layer: string, ofImage: boolean): StreamModulation => {
    const [attention, mlp] = modulations(layer, 2).map((modulation) =>
      ofImage ? modulation : { ...modulation, last: undefined },
    );
    return [attention, mlp];
  };
  return {
    double: (name) => ({
      img: stream(layers.img(name), true),
      txt: stream(layers.txt(name), false),
    }),
    single: (name) => modulations(layers.single(name), 1)[0],
    final: () => {
      const [shift, scale] = chunks(vectors[0], 'final_layer.adaLN_modulation.1', 2);
      return { shift, scale };
    },
  };
}

/** Vectors in the order shift, scale, gate, shift … as modulations. */
const threes = (vectors: readonly Value[]): Modulation[] =>
  Array.from({ length: vectors.length / 3 }, (_, i) => {
    const [shift, scale, gate] = vectors.slice(3 * i);
    return { shift, scale, gate };
  });

/** The sums of the embedded time (and of time 0), guidance and pooled prompt, [B, C]. */
function conditioningVectors(
  net: Net,
  { vectorDim, hasGuidance }: VectorSizes,
  observe: Observe,
  extras: readonly string[],
): { readonly time: Value; readonly timeZero?: Value } {
  const { g } = net;
  const embedded = (input: string, width: number, name = input): Value => {
    const mlp = vectorMlp(net, g.input(input, ['B', width]), [
      `${name}_in.in_layer`,
      `${name}_in.out_layer`,
    ]);
    observe(g, `${name}_in`, mlp);
    return mlp;
  };
  const time = embedded('time', EMBEDDING);
  const others: Value[] = [];
  // `guided` is 0 where the conditioning has no guidance
  if (hasGuidance)
    others.push(g.op('Mul', [embedded('guidance', EMBEDDING), g.input('guided', [1])]));
  if (vectorDim > 0) others.push(embedded('vector', vectorDim));
  const withOthers = (vector: Value): Value =>
    others.reduce((sum, part) => g.op('Add', [sum, part]), vector);
  return {
    time: withOthers(time),
    ...(extras.includes(EXTRAS.timeZero) && {
      timeZero: withOthers(embedded('timeZero', EMBEDDING, 'time')),
    }),
  };
}

/** The network of FLUX and Chroma behind their modulations. */
export function fluxBlocks(
  net: Net,
  config: FluxBlocksConfig,
  { extras = [], observe = () => undefined, guidances, hasStyleTokens }: DitGraphOptions,
  modulations: Modulations,
): Graph {
  const { g } = net;
  const { outChannels, doubleBlocks, singleBlocks, version } = config;
  const isControlled = extras.includes(EXTRAS.control);
  const skip = blockSkipper(net, doubleBlocks + singleBlocks);
  const residual = (kind: 'double' | 'single', block: number, x: Value): Value => {
    if (!isControlled) return x;
    const name = residualInput(kind, block);
    return add(net, x, g.input(name, [`${name}B`, `${name}N`, `${name}C`]));
  };
  let streams = embeddedTokens(net, config, observe);
  if (hasStyleTokens) {
    const style = g.input('style', ['B', 'S', config.width]);
    streams = { ...streams, txt: joinTokens(net, [style, streams.txt]) };
  }
  const bias = extras.includes(EXTRAS.bias) ? attentionBias(net, streams.img) : undefined;
  const blocks = blockRunner(net, config, modulations, { guidances, bias });
  for (let i = 0; i < doubleBlocks; i++) {
    const { img, txt } = blocks.double(i, streams);
    streams = {
      img: residual('double', i, skip(i, streams.img, img)),
      txt: skip(i, streams.txt, txt),
    };
    observe(g, `double_blocks.${i}.img`, streams.img);
    observe(g, `double_blocks.${i}.txt`, streams.txt);
  }
  const { txt } = streams;
  let x = joinTokens(net, [txt, streams.img]);
  for (let i = 0; i < singleBlocks; i++) {
    x = skip(doubleBlocks + i, x, blocks.single(i, x, txt));
    if (isControlled) {
      const img = residual('single', i, tokensAfter(net, x, txt));
      x = joinTokens(net, [tokensLike(net, x, txt), img]);
    }
    observe(g, `single_blocks.${i}`, x);
  }
  const img = tokensAfter(net, x, txt);
  const out = finalLayer(net, img, { ...config, ...modulations.final() });
  observe(g, 'final_layer', out);
  g.output('out', out, ['B', 'N', outChannels * version.patch ** 2]);
  return g;
}

/** The embedded tokens of the inputs `x` and `context`. */
export function embeddedTokens(
  net: Net,
  { inChannels, contextDim, version }: FluxStreamsConfig,
  observe: Observe = () => undefined,
): Streams {
  const embedded = (name: string, input: string, dims: readonly (string | number)[]): Value => {
    const tokens = tokenLinear(net, net.g.input(input, dims), name);
    observe(net.g, name, tokens);
    return tokens;
  };
  return {
    img: embedded('img_in', 'x', ['B', 'N', inChannels * version.patch ** 2]),
    txt: embedded('txt_in', 'context', ['B', 'T', contextDim]),
  };
}

/** Declares the input `bias`, whose last token stands for all those of the image: [B, 1, N, N]. */
function attentionBias({ g }: Net, img: Value): Value {
  const more = g.op('Sub', [g.op('Shape', [img], { start: 1, end: 2 }), g.ints([1])]);
  const pads = g.op('Concat', [g.ints([0, 0, 0, 0]), more, more], { axis: 0 });
  const padded = g.op('Pad', [g.input('bias', ['B', 'K', 'K']), pads], { mode: 'edge' });
  return g.op('Unsqueeze', [padded, g.ints([1])]);
}

/**
 * The blocks by their numbers: double blocks on the streams, single ones on the joined tokens, of
 * which `txt` are the first. Declares the inputs of the rotations.
 */
export function blockRunner(
  net: Net,
  config: Pick<FluxBlocksConfig, 'width' | 'heads' | 'rope' | 'version'>,
  modulations: BlockModulations,
  { guidances, bias }: Pick<DitGraphOptions, 'guidances'> & { readonly bias?: Value } = {},
): {
  readonly double: (index: number, streams: Streams) => Streams;
  readonly single: (index: number, x: Value, txt: Value) => Value;
} {
  const at = { ...config, rotations: ropeRotations(net, config.rope), bias };
  const guide = jointGuide(net, guidances);
  return {
    double: (index, streams) => {
      const name = `double_blocks.${index}`;
      return doubleBlock(net, name, streams, { ...at, ...modulations.double(name, index), guide });
    },
    single: (index, x, txt) => {
      const name = `single_blocks.${index}`;
      const modulation = modulations.single(name, index);
      const guideJoined = guide && ((attended: Value) => guide(attended, txt));
      return singleBlock(net, name, x, { ...at, modulation, guide: guideJoined });
    },
  };
}
