// The graph of FLUX.1: embeddings, double blocks, single blocks, the final layer
// (comfy/ldm/flux/model.py). Chroma shares what follows the modulation, ControlNets what precedes
// the final layer.
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
  tokensLike,
  vectorMlp,
} from '../dit/blocks.ts';
import { add, linear, type Net, silu } from '../layers/blocks.ts';
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
export interface BlockModulations {
  double(name: string, index: number): Streams<StreamModulation>;
  single(name: string, index: number): Modulation;
}

export interface Modulations extends BlockModulations {
  final(): Pick<Modulation, 'shift' | 'scale'>;
}

/** The variant of the graph that adds the residuals of ControlNets. */
export const CONTROLLED = 'control';

/** The name of the input with the residual after a block, [1 or B, 1 or N, 1 or C]. */
export const residualInput = (kind: 'double' | 'single', block: number): string =>
  `${kind}Residual${block}`;

/** The graph of FLUX.1; the variant CONTROLLED has the inputs residualInput(…). */
export function fluxGraph(weights: Weights, config: FluxConfig, options: DitGraphOptions): Graph {
  const net: Net = { g: createGraph(), w: weights, int8: options.int8 };
  return fluxBlocks(net, config, options, vectorModulations(net, config, options.observe));
}

/** The modulations of FLUX.1: linear layers on the sum of the embedded numbers. */
export function vectorModulations(
  net: Net,
  config: Pick<FluxConfig, 'width' | 'vectorDim' | 'hasGuidance'>,
  observe: Observe = () => undefined,
): Modulations {
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
  return {
    double: (name) => ({ img: stream(`${name}.img_mod.lin`), txt: stream(`${name}.txt_mod.lin`) }),
    single: (name) => {
      const [shift, scale, gate] = modulation(`${name}.modulation.lin`, 3);
      return { shift, scale, gate };
    },
    final: () => {
      const [shift, scale] = modulation('final_layer.adaLN_modulation.1', 2);
      return { shift, scale };
    },
  };
}

/** The sum of the embedded time, guidance and pooled prompt, [B, C]. */
function conditioningVector(
  net: Net,
  { vectorDim, hasGuidance }: Pick<FluxConfig, 'vectorDim' | 'hasGuidance'>,
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
  { variant, observe = () => undefined, guidances, hasStyleTokens }: DitGraphOptions,
  modulations: Modulations,
): Graph {
  const { g } = net;
  const { outChannels, doubleBlocks, singleBlocks } = config;
  const blocks = blockRunner(net, config, modulations, guidances);
  const skip = blockSkipper(net, doubleBlocks + singleBlocks);
  const residual = (kind: 'double' | 'single', block: number, x: Value): Value => {
    if (variant !== CONTROLLED) return x;
    const name = residualInput(kind, block);
    return add(net, x, g.input(name, [`${name}B`, `${name}N`, `${name}C`]));
  };
  let streams = embeddedTokens(net, config, observe);
  if (hasStyleTokens) {
    const style = g.input('style', ['B', 'S', config.width]);
    streams = { ...streams, txt: joinTokens(net, [style, streams.txt]) };
  }
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
    if (variant === CONTROLLED) {
      const img = residual('single', i, tokensAfter(net, x, txt));
      x = joinTokens(net, [tokensLike(net, x, txt), img]);
    }
    observe(g, `single_blocks.${i}`, x);
  }
  const img = tokensAfter(net, x, txt);
  const out = finalLayer(net, img, { ...config, ...modulations.final() });
  observe(g, 'final_layer', out);
  g.output('out', out, ['B', 'N', outChannels * PATCH ** 2]);
  return g;
}

/** The embedded tokens of the inputs `x` and `context`. */
export function embeddedTokens(
  net: Net,
  { inChannels, contextDim }: Pick<FluxBlocksConfig, 'inChannels' | 'contextDim'>,
  observe: Observe = () => undefined,
): Streams {
  const embedded = (name: string, input: string, dims: readonly (string | number)[]): Value => {
    const tokens = tokenLinear(net, net.g.input(input, dims), name);
    observe(net.g, name, tokens);
    return tokens;
  };
  return {
    img: embedded('img_in', 'x', ['B', 'N', inChannels * PATCH ** 2]),
    txt: embedded('txt_in', 'context', ['B', 'T', contextDim]),
  };
}

/**
 * The blocks by their numbers: double blocks on the streams, single ones on the joined tokens, of
 * which `txt` are the first. Declares the inputs of the rotations.
 */
export function blockRunner(
  net: Net,
  config: Pick<FluxBlocksConfig, 'width' | 'heads' | 'rope'>,
  modulations: BlockModulations,
  guidances?: DitGraphOptions['guidances'],
): {
  readonly double: (index: number, streams: Streams) => Streams;
  readonly single: (index: number, x: Value, txt: Value) => Value;
} {
  const pairs = config.rope.axes.reduce((sum, width) => sum + width / 2, 0);
  const at = { ...config, rotations: rotationInputs(net, 'rope', pairs) };
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
