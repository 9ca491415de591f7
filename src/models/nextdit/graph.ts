// NextDiT (Lumina-Image 2.0, arXiv 2503.21758; Z-Image, arXiv 2511.22699) as a graph: refiners of
// the prompt and of the image, then layers over both. Batch and numbers of tokens are free.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { DitGraphOptions } from '../dit/architecture.ts';
import {
  gatedAdd,
  gatedMlp,
  headRmsNorm,
  joinRotations,
  joinTokens,
  jointAttention,
  MACHINE_EPSILON,
  modulate,
  modulationChunks,
  plainLayerNorm,
  type Rotations,
  rmsNorm,
  rotate,
  rotationInputs,
  tokenLinear,
  tokensAfter,
  tokensLike,
  vectorMlp,
} from '../dit/blocks.ts';
import { add, linear, type Net, silu } from '../layers/blocks.ts';
import type { Weights } from '../weights/tensors.ts';
import type { NextDitConfig } from './config.ts';
import { layerControls } from './layer-control.ts';

/** The width of the sinusoidal embedding of times. */
export const TIME_WIDTH = 256;

/** The extra of reference images, whose tokens are modulated for a time without noise. */
export const WITH_REFERENCES = 'references';

const NORM_EPSILON = 1e-5;

/** What modulates the tokens of a stream: an embedding of the time for each row of the batch. */
interface Modulation {
  readonly time: Value;
  /** With references: the embedding for tokens without noise, and which tokens have noise. */
  readonly clean?: { readonly time: Value; readonly isNoisy: Value };
}

/**
 * Builds the graph. Inputs: `x` [B, N, patchSize] and `context` [B, L, contextDim], tokens with
 * rows for padding; `time` [B, 256]; `imageCos`, `imageSin` [N, headDim/2], `textCos`, `textSin`
 * [L, headDim/2]; with pad tokens `imagePads` [N, 1] and `textPads` [L, 1], above 0.5 for padding;
 * with references `cleanTime` [B, 256], `imageNoise` [N, 1] and `textNoise` [L, 1]. Output `out`
 * [B, N, patchSize]: the negative of the flow.
 */
export function nextDitGraph(
  weights: Weights,
  config: NextDitConfig,
  {
    int8,
    extras = [],
    layerControls: controlNets = [],
    observe = () => undefined,
  }: DitGraphOptions = {},
): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const seen = (name: string, value: Value): Value => {
    observe(g, name, value);
    return value;
  };
  const [textRotations, imageRotations] = ['text', 'image'].map((name) =>
    rotationInputs(net, name, config.headDim / 2),
  );
  const times = modulations(net, extras.includes(WITH_REFERENCES), seen);
  const controls = layerControls(net, controlNets, imageRotations, (own, x, name, rotations) =>
    layer({ net: own, config, name }, x, rotations, times.image),
  );
  const block = (x: Value, name: string, rotations: Rotations, modulation?: Modulation): Value =>
    seen(name, layer({ net, config, name }, x, rotations, modulation));

  let text = g.input('context', ['B', 'L', config.contextDim]);
  text = rmsNorm(net, text, 'cap_embedder.0.weight', NORM_EPSILON);
  text = padded(
    net,
    config,
    seen('cap_embedder', tokenLinear(net, text, 'cap_embedder.1')),
    'text',
  );
  for (let i = 0; i < config.refiners; i++)
    text = block(text, `context_refiner.${i}`, textRotations);

  let image = g.input('x', ['B', 'N', config.patchSize]);
  image = padded(net, config, seen('x_embedder', tokenLinear(net, image, 'x_embedder')), 'image');
  const embedded = image;
  for (let i = 0; i < config.refiners; i++) {
    image = block(image, `noise_refiner.${i}`, imageRotations, times.image);
    image = controls.afterRefiner(i, image, embedded);
  }

  let all = joinTokens(net, [text, image]);
  const rotations = joinRotations(net, [textRotations, imageRotations]);
  for (let i = 0; i < config.layers; i++) {
    all = block(all, `layers.${i}`, rotations, times.joint);
    if (controlNets.length === 0) continue;
    const controlled = controls.afterLayer(i, tokensAfter(net, all, text), image);
    all = joinTokens(net, [tokensLike(net, all, text), controlled]);
  }

  const out = finalLayer(net, config, tokensAfter(net, all, text), times.image);
  g.output('out', seen('final_layer', out), ['B', 'N', config.patchSize]);
  return g;
}

/** Puts the learnt token of a stream into its rows for padding. */
function padded(
  { g, w }: Net,
  { padMultiple }: NextDitConfig,
  x: Value,
  stream: 'text' | 'image',
): Value {
  if (padMultiple === 1) return x;
  const pads = g.input(`${stream}Pads`, [`${stream}N`, 1]);
  const token = w.value(g, stream === 'text' ? 'cap_pad_token' : 'x_pad_token');
  return g.op('Where', [g.op('Greater', [pads, g.floats([0.5])]), token, x]);
}

/** The modulations of the image's tokens, and of the prompt's and the image's. */
function modulations(
  net: Net,
  hasReferences: boolean,
  seen: (name: string, value: Value) => Value,
): { readonly image: Modulation; readonly joint: Modulation } {
  const { g } = net;
  const embedded = (input: string): Value =>
    vectorMlp(net, g.input(input, ['B', TIME_WIDTH]), ['t_embedder.mlp.0', 't_embedder.mlp.2']);
  const time = seen('t_embedder', embedded('time'));
  if (!hasReferences) return { image: { time }, joint: { time } };
  const noise = ['text', 'image'].map((name) => g.input(`${name}Noise`, [`${name}N`, 1]));
  const cleanTime = embedded('cleanTime');
  const withNoise = (amounts: Value): Modulation => ({
    time,
    clean: { time: cleanTime, isNoisy: g.op('Greater', [amounts, g.floats([0.5])]) },
  });
  return { image: withNoise(noise[1]), joint: withNoise(g.op('Concat', noise, { axis: 0 })) };
}

/** Returns `count` vectors of a modulation, [B, 1, C] or [B, N, C]. */
function vectors(
  net: Net,
  { time, clean }: Modulation,
  compute: (time: Value) => Value,
  count: number,
  channels: number,
): readonly Value[] {
  const own = modulationChunks(net, compute(time), count, channels);
  if (!clean) return own;
  const others = modulationChunks(net, compute(clean.time), count, channels);
  return own.map((vector, i) => net.g.op('Where', [clean.isNoisy, vector, others[i]]));
}

interface Layer {
  readonly net: Net;
  readonly config: NextDitConfig;
  readonly name: string;
}

/** A transformer layer with norms before and after attention and feed-forward network. */
function layer(
  { net, config, name }: Layer,
  x: Value,
  rotations: Rotations,
  modulation: Modulation | undefined,
): Value {
  const norm = (value: Value, part: string): Value =>
    rmsNorm(net, value, `${name}.${part}.weight`, NORM_EPSILON);
  const attend = (value: Value): Value =>
    norm(selfAttention({ net, config, name }, value, rotations), 'attention_norm2');
  const feed = (value: Value): Value =>
    norm(feedForward(net, value, `${name}.feed_forward`), 'ffn_norm2');
  if (!modulation) {
    const h = add(net, x, attend(norm(x, 'attention_norm1')));
    return add(net, h, feed(norm(h, 'ffn_norm1')));
  }
  const [scale1, gate1, scale2, gate2] = layerVectors({ net, config, name }, modulation);
  const h = gatedAdd(net, x, gate1, attend(modulate(net, norm(x, 'attention_norm1'), scale1)));
  return gatedAdd(net, h, gate2, feed(modulate(net, norm(h, 'ffn_norm1'), scale2)));
}

/** The scales and gates of a layer. */
function layerVectors({ net, config, name }: Layer, modulation: Modulation): readonly Value[] {
  // Z-Image has no activation before the layer, which is the first of its list then
  const isPlain = net.w.has(`${name}.adaLN_modulation.0.weight`);
  const compute = (time: Value): Value =>
    isPlain
      ? linear(net, time, `${name}.adaLN_modulation.0`)
      : linear(net, silu(net, time), `${name}.adaLN_modulation.1`);
  const [scale1, gate1, scale2, gate2] = vectors(net, modulation, compute, 4, config.dim);
  const bounded = (gate: Value): Value => net.g.op('Tanh', [gate]);
  return [scale1, bounded(gate1), scale2, bounded(gate2)];
}

function selfAttention({ net, config, name }: Layer, x: Value, rotations: Rotations): Value {
  const { heads, kvHeads, headDim } = config;
  const [keys, values] = [heads, heads + kvHeads];
  const projected = (firstHead: number, count: number): Value => {
    const rows = [firstHead * headDim, (firstHead + count) * headDim] as const;
    return tokenLinear(net, x, `${name}.attention.qkv`, rows);
  };
  const rotated = (value: Value, norm: string, count: number): Value =>
    rotate(
      net,
      headRmsNorm(net, value, `${name}.attention.${norm}.weight`, count, MACHINE_EPSILON),
      rotations,
    );
  const q = rotated(projected(0, heads), 'q_norm', heads);
  const k = rotated(projected(keys, kvHeads), 'k_norm', kvHeads);
  const v = projected(values, kvHeads);
  const mixed = jointAttention(net, q, k, v, { heads, kvHeads, depth: headDim });
  return tokenLinear(net, mixed, `${name}.attention.out`);
}

const feedForward = (net: Net, x: Value, name: string): Value =>
  gatedMlp(net, x, [`${name}.w1`, `${name}.w3`, `${name}.w2`]);

function finalLayer(net: Net, config: NextDitConfig, x: Value, modulation: Modulation): Value {
  const compute = (time: Value): Value =>
    linear(net, silu(net, time), 'final_layer.adaLN_modulation.1');
  const [scale] = vectors(net, modulation, compute, 1, config.dim);
  const normed = modulate(net, plainLayerNorm(net, x, config.dim), scale);
  return tokenLinear(net, normed, 'final_layer.linear');
}
