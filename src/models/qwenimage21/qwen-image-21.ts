// Qwen-Image 2.1 as a denoiser: pictures from prompts, and from prompts with reference images.
import { concatAxis } from '../../tensor/axes.ts';
import { repeatToBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import type { LayerNames } from '../dit/diffusers-layout.ts';
import { type LoraNames, ownLayers } from '../dit/lora-names.ts';
import { createDit } from '../dit/network.ts';
import { patchify, unpatchify } from '../dit/patches.ts';
import { ropeInputs, ropeTable } from '../dit/rope.ts';
import { causalBias } from '../llm/positions.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import { JOINED_GATES, type QwenImage21Config, qwenImage21Config } from './config.ts';
import { biasInput, EMBEDDING, EXTRAS, qwenImage21Graph } from './graph.ts';
import { type Segment, sequenceOf } from './sequence.ts';

/** Each cell is a token. */
const PATCHES = { side: 1, order: 'c ph pw' } as const;
const TIME_SCALE = 1000;

/** LoRA files name the layers as the model does, and the halves of joined ones. */
const LORA: LoraNames = {
  layout: (weights) => ({
    blocks: [],
    outside: Object.fromEntries(ownLayers(weights).flatMap(namesInFiles)),
  }),
  halves: JOINED_GATES,
  prefixes: ['transformer.', ''],
  flatPrefixes: ['lycoris_'],
};

const namesInFiles = (layer: string): (readonly [string, LayerNames[string]])[] =>
  layer.endsWith(JOINED_GATES)
    ? ['gate_layer', 'proj'].map((own, half) => [
        layer.replace(JOINED_GATES, `img_mlp.${own}`),
        [layer, half],
      ])
    : [[layer, layer]];

export const qwenImage21: Architecture<QwenImage21Config> = {
  name: 'Qwen-Image 2.1',
  config: qwenImage21Config,
  sizes: ({ inChannels, outChannels, contextDim }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels: 0,
  }),
  lora: LORA,
  int8: largeLayers(/^(img|txt)_in|^time_text_embed|^modulation|^norm_out|^proj_out/),
  // the original computes in bfloat16 or float32
  float16: false,
  floatsPerToken: ({ width }) => 20 * width,
  blocks: ({ blocks }) => ({ double: 0, single: blocks }),
  refusedPatches: ['hyperTile', 'tokenMerging', 'hypernetwork'],
  extras: (_, inputs) => {
    const { references, keyCache } = inputs;
    return [
      ...(references?.latents.length ? [EXTRAS.segments(sequenceFor(inputs).segments)] : []),
      ...(keyCache ? [EXTRAS.cache(keyCache)] : []),
    ];
  },
  graph: qwenImage21Graph,
  inputs: graphInputs,
  output: ({ outChannels }, out, { x: { shape } }) =>
    unpatchify(out, [shape[0], outChannels, ...shape.slice(2)], PATCHES),
};

/** Creates a Qwen-Image 2.1 network. Throws DR_MODEL_UNSUPPORTED for other weights. */
export const createQwenImage21 = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, qwenImage21);

const sequenceFor = ({ x, context, references }: DenoiserInputs) =>
  sequenceOf(context.shape[1], x, references?.latents ?? [], references?.slots);

function graphInputs({ rope }: QwenImage21Config, inputs: DenoiserInputs): Record<string, Tensor> {
  const { x, context, timesteps, references } = inputs;
  const { segments, order, positions } = sequenceFor(inputs);
  const tokens = (latent: Tensor): Tensor => patchify(repeatToBatch(latent, x.shape[0]), PATCHES);
  // rounded as the original does
  const rounded = timesteps.map((time) => Math.fround(time * TIME_SCALE) / TIME_SCALE);
  const times = rounded.map((time) => time * TIME_SCALE);
  return {
    x: tokens(x),
    context,
    time: timestepEmbedding(times, EMBEDDING),
    timeZero: timestepEmbedding([0], EMBEDDING),
    ...ropeInputs('rope', ropeTable(positions, rope)),
    ends: numbers(segments.map(({ end }) => end)),
    ...textBiases(segments),
    ...(references?.latents.length && {
      references: concatAxis(references.latents.map(tokens), 1),
      order: numbers(order),
    }),
  };
}

const numbers = (values: readonly number[]): Tensor =>
  tensor([values.length], Float32Array.from(values));

/** What hides later tokens of each text. */
const textBiases = (segments: readonly Segment[]): Record<string, Tensor> =>
  Object.fromEntries(
    segments.flatMap(({ kind, start, end }, i) =>
      kind === 'text' ? [[biasInput(i), causalBias(end, undefined, start)]] : [],
    ),
  );
