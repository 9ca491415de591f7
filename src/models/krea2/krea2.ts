// Krea 2 as a denoiser: pictures from prompts, and from reference images where a workflow selects
// how these are placed (comfy/ldm/krea2/model.py).
import { DarkroomError } from '../../errors.ts';
import { concatAxis } from '../../tensor/axes.ts';
import { repeatToBatch, reshape, type Tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import type { LayerNames } from '../dit/diffusers-layout.ts';
import type { LoraNames } from '../dit/lora-names.ts';
import { createDit } from '../dit/network.ts';
import { patchGrid, patchify, unpatchify } from '../dit/patches.ts';
import { gridPositions, type Position, ropeInputs, ropeTable } from '../dit/rope.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { fractionEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import { type Krea2Config, krea2Config, LAYERWISE, PATCH, PROJECTOR, REFINERS } from './config.ts';
import { EXTRAS, krea2Graph } from './graph.ts';

const PATCHES = { side: PATCH, order: 'c ph pw' } as const;

const BLOCK: LayerNames = {
  'attn.to_q': 'attn.wq',
  'attn.to_k': 'attn.wk',
  'attn.to_v': 'attn.wv',
  'attn.to_gate': 'attn.gate',
  'attn.to_out.0': 'attn.wo',
  'attn.to_out': 'attn.wo',
  'ff.gate': 'mlp.gate',
  'ff.up': 'mlp.up',
  'ff.down': 'mlp.down',
};

/** diffusers' names of the layers, which LoRA files have. */
const LORA: LoraNames = {
  layout: () => ({
    blocks: [
      { from: 'transformer_blocks', to: 'blocks', names: BLOCK },
      { from: 'text_fusion.layerwise_blocks', to: LAYERWISE, names: BLOCK },
      { from: 'text_fusion.refiner_blocks', to: REFINERS, names: BLOCK },
    ],
    outside: {
      img_in: 'first',
      'time_embed.linear_1': 'tmlp.0',
      'time_embed.linear_2': 'tmlp.2',
      time_mod_proj: 'tproj.1',
      'txt_in.linear_1': 'txtmlp.1',
      'txt_in.linear_2': 'txtmlp.3',
      'text_fusion.projector': PROJECTOR,
      'final_layer.linear': 'last.linear',
    },
  }),
  prefixes: ['diffusion_model.', 'transformer.', ''],
  flatPrefixes: ['lycoris_'],
};

export const krea2: Architecture<Krea2Config> = {
  name: 'Krea 2',
  config: krea2Config,
  sizes: ({ channels, states, text }) => ({
    inChannels: channels,
    outChannels: channels,
    contextDim: states * text.width,
    admChannels: 0,
  }),
  lora: LORA,
  int8: largeLayers(/^(first|tmlp|tproj|txtmlp|last)\b/),
  // the original computes in bfloat16 or float32
  float16: false,
  floatsPerToken: ({ image }) => 16 * image.width,
  guidesAttention: true,
  refusedPatches: ['hyperTile', 'tokenMerging', 'hypernetwork'],
  extras: (_, inputs) => extrasFor(inputs),
  graph: krea2Graph,
  inputs: graphInputs,
  output: ({ channels }, out, { x }) => {
    const [height, width] = x.shape.slice(-2);
    return reshape(unpatchify(out, [x.shape[0], channels, height, width], PATCHES), x.shape);
  },
};

/** Creates a Krea 2 network. Throws DR_MODEL_UNSUPPORTED for other weights. */
export const createKrea2 = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, krea2);

function extrasFor({ references }: DenoiserInputs): readonly string[] {
  if (!references?.latents.length || !references.method) return [];
  const hasTimeZero = references.method === 'index_timestep_zero';
  return hasTimeZero ? [EXTRAS.references, EXTRAS.timeZero] : [EXTRAS.references];
}

function graphInputs(config: Krea2Config, inputs: DenoiserInputs): Record<string, Tensor> {
  const { x, context, timesteps } = inputs;
  const [batch] = x.shape;
  const latent = onlyFrame(x);
  const extras = extrasFor(inputs);
  const hasReferences = extras.includes(EXTRAS.references);
  const references = (hasReferences ? inputs.references!.latents : []).map((reference) =>
    repeatToBatch(framesAsRows(reference), batch),
  );
  const positions = [
    ...Array.from({ length: context.shape[1] }, (): Position => []),
    // the latent is image 0, references follow
    ...[latent, ...references].flatMap((image, first) =>
      gridPositions(patchGrid(image, PATCH), { first }),
    ),
  ];
  return {
    x: patchify(latent, PATCHES),
    context,
    time: fractionEmbedding(timesteps, config.embedding),
    ...ropeInputs('rope', ropeTable(positions, config.rope)),
    ...(hasReferences && {
      references: concatAxis(
        references.map((reference) => patchify(reference, PATCHES)),
        1,
      ),
    }),
    ...(extras.includes(EXTRAS.timeZero) && { timeZero: fractionEmbedding([0], config.embedding) }),
  };
}

/** A latent [B, C, 1, H, W] as an image. Throws DR_SHAPE_MISMATCH for several frames. */
function onlyFrame(x: Tensor): Tensor {
  if (x.shape.length === 4 || x.shape[2] === 1) return framesAsRows(x);
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `the latent has ${x.shape[2]} frames, and Krea 2 makes pictures of one`,
    hint: 'Use EmptyLatentImage or EmptySD3LatentImage.',
  });
}

/** [B, C, T, H, W] read as [B * T, C, H, W], without a move of axes, as the original does. */
const framesAsRows = (x: Tensor): Tensor =>
  x.shape.length === 4
    ? x
    : reshape(x, [x.shape[0] * x.shape[2], x.shape[1], ...x.shape.slice(-2)]);
