// The graph of Chroma (lodestones 2025; comfy/ldm/chroma/model.py): FLUX.1 whose modulations one
// small network computes from time, guidance and the number of the vector.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions } from '../dit/architecture.ts';
import { MACHINE_EPSILON, rmsNorm, tokenLinear } from '../dit/blocks.ts';
import type { Modulation } from '../flux/blocks.ts';
import { fluxBlocks } from '../flux/graph.ts';
import { add, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import { type ChromaConfig, MODULATIONS } from './config.ts';

/** Widths of the embeddings of time, guidance and the number of a vector. */
export const EMBEDDINGS = { time: 16, guidance: 16, index: 32 } as const;

/** The graph of Chroma. */
export function chromaGraph(
  weights: Weights,
  config: ChromaConfig,
  options: DitGraphOptions,
): Graph {
  const { int8, observe = () => undefined } = options;
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const width = EMBEDDINGS.time + EMBEDDINGS.guidance + EMBEDDINGS.index;
  const vectors = approximator(
    net,
    g.input('modulation', ['B', MODULATIONS, width]),
    config.layers,
  );
  observe?.(g, 'distilled_guidance_layer', vectors);
  const vector = (index: number): Value =>
    g.op('Slice', [vectors, g.ints([index]), g.ints([index + 1]), g.ints([1])]);
  const modulation = (first: number): Modulation => ({
    shift: vector(first),
    scale: vector(first + 1),
    gate: vector(first + 2),
  });
  const { singleBlocks, doubleBlocks } = config;
  const img = 3 * singleBlocks;
  const txt = img + 6 * doubleBlocks;
  return fluxBlocks(net, config, options, {
    single: (_, i) => modulation(3 * i),
    double: (_, i) => ({
      img: [modulation(img + 6 * i), modulation(img + 6 * i + 3)],
      txt: [modulation(txt + 6 * i), modulation(txt + 6 * i + 3)],
    }),
    // the last ones, however many blocks there are
    final: () => ({ shift: vector(MODULATIONS - 2), scale: vector(MODULATIONS - 1) }),
  });
}

/** The vectors [B, MODULATIONS, C] of embedded numbers [B, MODULATIONS, K]. */
function approximator(net: Net, input: Value, layers: number): Value {
  const name = 'distilled_guidance_layer';
  let x = tokenLinear(net, input, `${name}.in_proj`);
  for (let i = 0; i < layers; i++) {
    const normed = rmsNorm(net, x, `${name}.norms.${i}.weight`, MACHINE_EPSILON);
    const inner = silu(net, tokenLinear(net, normed, `${name}.layers.${i}.in_layer`));
    x = add(net, x, tokenLinear(net, inner, `${name}.layers.${i}.out_layer`));
  }
  return tokenLinear(net, x, `${name}.out_proj`);
}
