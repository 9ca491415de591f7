// Qwen-Image (arXiv 2508.02324) as a denoiser: pictures from prompts, Edit, and Layered, whose
// latents have a frame for each layer.
import { concatAxis } from '../../tensor/axes.ts';
import { MAX_FLOAT32 } from '../../tensor/float32/limits.ts';
import { map, repeatToBatch, reshape, type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { layerControlInputs } from '../dit/layer-control-inputs.ts';
import { ownNames } from '../dit/lora-names.ts';
import { createDit } from '../dit/network.ts';
import { patchifyFrames, unpatchifyFrames } from '../dit/patches.ts';
import { ropeInputs, ropeTable } from '../dit/rope.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import {
  PATCHES,
  type QwenImageConfig,
  type QwenImageStreamsConfig,
  qwenImageConfig,
} from './config.ts';
import { EMBEDDING, EXTRAS, qwenImageGraph, residualInput } from './graph.ts';
import { tokenPositions } from './positions.ts';

const TIME_SCALE = 1000;

export const qwenImage: Architecture<QwenImageConfig> = {
  name: 'Qwen-Image',
  config: qwenImageConfig,
  sizes: ({ inChannels, outChannels, contextDim }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels: 0,
  }),
  lora: ownNames(['transformer.', ''], ['lycoris_']),
  int8: largeLayers(/^(img|txt)_in|^time_text_embed|^norm_out|^proj_out/),
  // the original computes in bfloat16 or float32
  float16: false,
  floatsPerToken: ({ width }) => 16 * width,
  blocks: ({ blocks }) => ({ double: blocks, single: 0 }),
  refusedPatches: ['hyperTile', 'tokenMerging', 'hypernetwork'],
  layerControls: {
    model: 'Qwen-Image',
    width: ({ width }) => width,
    inputs: (controls, { x }) =>
      layerControlInputs(controls, x, { patches: PATCHES, isPadded: false }),
  },
  extras: extrasFor,
  graph: qwenImageGraph,
  inputs: graphInputs,
  output: ({ outChannels }, out, { x }) => unpatchifyFrames(out, x, outChannels, PATCHES),
};

/** Creates a Qwen-Image network. Throws DR_MODEL_UNSUPPORTED for other weights. */
export const createQwenImage = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, qwenImage);

function extrasFor(
  config: QwenImageStreamsConfig,
  { references, contextMask, control }: DenoiserInputs,
): readonly string[] {
  const hasTimeZero = (references?.method ?? config.method) === 'index_timestep_zero';
  return [
    ...(references?.latents.length ? [EXTRAS.references] : []),
    ...(references?.latents.length && hasTimeZero ? [EXTRAS.timeZero] : []),
    ...(contextMask ? [EXTRAS.mask] : []),
    ...(control ? [EXTRAS.control] : []),
  ];
}

/** The inputs of the graph for an evaluation. */
export function graphInputs(
  config: QwenImageStreamsConfig,
  inputs: DenoiserInputs,
): Record<string, Tensor> {
  const { x, context, timesteps, references: given, contextMask, control } = inputs;
  const references = given?.latents ?? [];
  const method = given?.method ?? config.method;
  const positions = tokenPositions(context.shape[1], x, references, method);
  const extras = extrasFor(config, inputs);
  return {
    x: tokensOf([x], x.shape[0]),
    context,
    time: timestepEmbedding(timesteps, EMBEDDING, { angles: TIME_SCALE }),
    ...ropeInputs('rope', ropeTable(positions, config.rope)),
    ...(extras.includes(EXTRAS.references) && { references: tokensOf(references, x.shape[0]) }),
    ...(extras.includes(EXTRAS.timeZero) && {
      timeZero: timestepEmbedding([0], EMBEDDING, { angles: TIME_SCALE }),
    }),
    ...(contextMask && { bias: attentionBias(contextMask, positions.length) }),
    ...(control &&
      Object.fromEntries(
        Array.from({ length: config.blocks }, (_, i) => [
          residualInput(i),
          control.input?.[i] ?? NOTHING,
        ]),
      )),
  };
}

const NOTHING = zeros([1, 1, 1]);

/** The tokens of images one after another, those of fewer rows repeated to a batch. */
const tokensOf = (images: readonly Tensor[], batch: number): Tensor =>
  concatAxis(
    images.map((image) => patchifyFrames(repeatToBatch(image, batch), PATCHES)),
    1,
  );

/** Hides the tokens of the prompt [B, T] that are padding, [B, 1, 1, N]. */
function attentionBias(mask: Tensor, tokens: number): Tensor {
  const [batch, count] = mask.shape;
  const hidden = map(mask, (value) => (value === 0 ? -MAX_FLOAT32 : 0));
  const others = zeros([batch, tokens - count]);
  return reshape(concatAxis([hidden, others], 1), [batch, 1, 1, tokens]);
}
