// ControlNets of FLUX.1 (comfy/ldm/flux/controlnet.py): the first double and single blocks of FLUX.1
// with own weights, each of which serves several blocks of the model. InstantX's, Shakker's and
// alimama's take latents, those of XLabs and Mistoline pixels; the residuals of the former go to
// neighbouring blocks, those of the latter to every n-th block.
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { joinTokens, tokenLinear, tokensAfter } from '../dit/blocks.ts';
import { patchify } from '../dit/patches.ts';
import { ropeInputs, ropeTable } from '../dit/rope.ts';
import {
  type FluxStreamsConfig,
  type FluxVectors,
  fluxStreamsConfig,
  fluxVectors,
} from '../flux/config.ts';
import { blockRunner, embeddedTokens, vectorModulations } from '../flux/graph.ts';
import { FLUX_BLOCKS, patchesOf, vectorInputs } from '../flux/network.ts';
import { tokenPositions } from '../flux/positions.ts';
import { add, batchOf, conv, type Net, silu } from '../layers/blocks.ts';
import type { Int8Plan } from '../layers/int8.ts';
import type { Weights } from '../weights/tensors.ts';
import type { ControlNetInputs, LatentHint } from './controlnet.ts';
import {
  type PixelHint,
  residualOutputs,
  type ServedBlocks,
  type TransformerControl,
  type TransformerControlConfig,
  withHint,
} from './transformer-control.ts';

interface Config extends FluxStreamsConfig, FluxVectors, TransformerControlConfig {
  readonly kinds: number;
}

/** The blocks of FLUX.1, whatever the sizes of the model are. */
const MODEL_BLOCKS = { double: 19, single: 38 };

const HINT_EMBEDDER = 'pos_embed_input';
const MODES = 'controlnet_mode_embedder.weight';

function config(weights: Weights): Config {
  const streams = fluxStreamsConfig(weights);
  return {
    ...streams,
    ...fluxVectors(weights),
    hidden: streams.width,
    promptWidth: streams.contextDim,
    patch: streams.version.patch,
    hintChannels: weights.shape(`${HINT_EMBEDDER}.weight`)[1] / streams.version.patch ** 2,
    blocks: streams.doubleBlocks + streams.singleBlocks,
    kinds: weights.has(MODES) ? weights.shape(MODES)[0] : 0,
  };
}

/** How the residuals of `own` blocks are dealt to `count` blocks of the model. */
type Dealing = (own: number, count: number) => readonly number[];

const neighbours: Dealing = (own, count) => {
  const each = Math.ceil(count / own);
  return Array.from({ length: own && Math.min(own * each, count) }, (_, i) => Math.floor(i / each));
};

const inTurn: Dealing = (own, count) => Array.from({ length: own && count }, (_, i) => i % own);

const fluxControl = (deal: Dealing): TransformerControl<Config> => ({
  // that of Qwen-Image has the name of the first layer, and its width
  embedder: 'double_blocks.0.img_attn.proj.weight',
  float16: false,
  hintLayer: HINT_EMBEDDER,
  int8: FLUX_BLOCKS.int8,
  config,
  residuals: ({ doubleBlocks, singleBlocks }): ServedBlocks => ({
    input: deal(doubleBlocks, MODEL_BLOCKS.double),
    output: deal(singleBlocks, MODEL_BLOCKS.single).map((block) => doubleBlocks + block),
  }),
  graph,
  inputs,
});

/** InstantX, Shakker, alimama. */
export const fluxLatentControl = fluxControl(neighbours);

/** XLabs, Mistoline. */
export const fluxPixelControl = fluxControl(inTurn);

function graph(weights: Weights, sizes: Config, int8?: Int8Plan): Graph {
  const g = createGraph();
  const net: Net = { g, w: weights, int8 };
  const blocks = blockRunner(net, sizes, vectorModulations(net, sizes));
  const output = residualOutputs(net, sizes);
  const { img, txt } = embeddedTokens(net, sizes);
  let streams = {
    img: withHint(net, img, sizes, HINT_EMBEDDER),
    txt: sizes.kinds > 0 ? withKind(net, txt, sizes) : txt,
  };
  const { doubleBlocks, singleBlocks } = sizes;
  for (let i = 0; i < doubleBlocks; i++) {
    streams = blocks.double(i, streams);
    output(i, residual(net, streams.img, `controlnet_blocks.${i}`));
  }
  let x = joinTokens(net, [streams.txt, streams.img]);
  for (let i = 0; i < singleBlocks; i++) {
    x = blocks.single(i, x, streams.txt);
    const own = tokensAfter(net, x, streams.txt);
    output(doubleBlocks + i, residual(net, own, `controlnet_single_blocks.${i}`));
  }
  return g;
}

/** Mistoline's layers have an activation. */
const residual = (net: Net, x: Value, name: string): Value =>
  net.w.has(`${name}.linear.weight`)
    ? silu(net, tokenLinear(net, x, `${name}.linear`))
    : tokenLinear(net, x, name);

/** Puts a token for the control type before the prompt; declares the input `kind`, [0 or 1]. */
function withKind(net: Net, txt: Value, { width, kinds }: Config): Value {
  const { g, w } = net;
  const kind = g.op('Cast', [g.input('kind', ['K'])], { to: INT64 });
  const table = w.value(g, MODES, { dims: [kinds, width] });
  const tokens = g.op('Unsqueeze', [g.op('Gather', [table, kind], { axis: 0 }), g.ints([0])]);
  const dims = g.op('Concat', [batchOf(net, txt), g.ints([1]), g.ints([1])], { axis: 0 });
  return joinTokens(net, [g.op('Expand', [tokens, dims]), txt]);
}

/** ONNX's number of the type. */
const INT64 = 7;

function inputs(
  sizes: Config,
  { x, context, ...vectors }: ControlNetInputs,
  kind?: number,
): Record<string, Tensor> {
  const kinds = kind === undefined ? [] : [kind];
  const prompt = context.shape[1] + (sizes.kinds > 0 ? kinds.length : 0);
  return {
    x: patchify(x, patchesOf(sizes)),
    context,
    ...ropeInputs('rope', ropeTable(tokenPositions(sizes.version, prompt, x), sizes.rope)),
    ...vectorInputs(sizes, { x, ...vectors }),
    ...(sizes.kinds > 0 && { kind: tensor([kinds.length], Float32Array.from(kinds)) }),
  };
}

/** The hint of a network with `channels` of it; 17 are a latent and a mask (inpainting). */
export const fluxLatentHint = (weights: Weights): LatentHint => ({
  scale: 0.3611,
  shift: 0.1159,
  hasMask: config(weights).hintChannels === MASKED,
});

const MASKED = 17;

/** Convolutions that reduce pixels to the latent's size, with activations between them. */
interface HintLayers {
  readonly name: string;
  /** Every second module is a convolution. */
  readonly strides: readonly number[];
}

const HINT_LAYERS: readonly HintLayers[] = [
  { name: 'input_hint_block', strides: [1, 1, 2, 1, 2, 1, 2, 1] },
  { name: 'input_cond_block.encoder', strides: [1, 1, 1, 2, 1, 2, 1, 2, 1, 1] },
];

export const fluxPixelHint: PixelHint = {
  factor: 8,
  graph: (weights) => {
    const g = createGraph();
    const net: Net = { g, w: weights };
    const layers =
      HINT_LAYERS.find(({ name }) => weights.has(`${name}.0.weight`)) ?? HINT_LAYERS[0];
    const pixels = g.input('pixels', ['N', 3, 'Y', 'X']);
    const scaled = add(net, g.op('Mul', [pixels, g.floats([2])]), g.floats([-1]));
    const hint = layers.strides.reduce((x: Value, stride, i) => {
      const y = conv(net, x, `${layers.name}.${2 * i}`, { stride });
      return i === layers.strides.length - 1 ? y : silu(net, y);
    }, scaled);
    g.output('hint', hint, ['N', HINT_CHANNELS, 'H', 'W']);
    return g;
  },
};

const HINT_CHANNELS = 16;
