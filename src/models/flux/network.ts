// FLUX.1 (Black Forest Labs 2024) as a denoiser: dev, schnell, Fill, Kontext, and the Canny and
// Depth variants, whose images enter as further channels of the latent.
import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { full, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { createDit } from '../dit/network.ts';
import { patchify, unpatchify } from '../dit/patches.ts';
import { ropeInputs, ropeTable } from '../dit/rope.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import { type FluxBlocksConfig, type FluxConfig, fluxConfig, PATCH } from './config.ts';
import { EMBEDDING, fluxGraph } from './graph.ts';
import { FLUX_LORA } from './layout.ts';
import { tokenPositions } from './positions.ts';

const PATCHES = { side: PATCH, order: 'c ph pw' } as const;
/** The factor of numbers in 0..1 before they are embedded. */
const NUMBER_SCALE = 1000;

/** What FLUX.1 and Chroma have in common. */
export const FLUX_BLOCKS = {
  // the layers that ComfyUI's own 8-bit files of FLUX.1 keep
  int8: largeLayers(/^(img|txt|time|guidance|vector)_in|^final_layer|^distilled_guidance_layer/),
  lora: FLUX_LORA,
  // ComfyUI clamps what overflows in float16
  float16: false,
  floatsPerToken: ({ width }: FluxBlocksConfig) => 16 * width,
  blocks: ({ doubleBlocks, singleBlocks }: FluxBlocksConfig) => ({
    double: doubleBlocks,
    single: singleBlocks,
  }),
  guidesAttention: true,
  refusedPatches: ['hyperTile', 'tokenMerging', 'hypernetwork'],
  output: ({ outChannels }: FluxBlocksConfig, out: Tensor, { x }: DenoiserInputs) => {
    const [batch, , height, width] = x.shape;
    return unpatchify(out, [batch, outChannels, height, width], PATCHES);
  },
} satisfies Partial<Architecture<FluxConfig>>;

export const FLUX: Architecture<FluxConfig> = {
  ...FLUX_BLOCKS,
  name: 'FLUX.1',
  config: fluxConfig,
  sizes: ({ inChannels, outChannels, contextDim, vectorDim }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels: vectorDim,
  }),
  graph: fluxGraph,
  inputs: (config, inputs) => ({
    ...tokenInputs(config, inputs),
    ...vectorInputs(config, inputs),
  }),
};

/**
 * Creates a FLUX.1 network over weights named as layout.ts does. Throws DR_MODEL_UNSUPPORTED for
 * weights that are not complete.
 */
export const createFlux = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, FLUX);

/** Embeds numbers in 0..1, [B, width]. */
export const embedded = (values: ArrayLike<number>, width: number): Tensor =>
  timestepEmbedding(
    Float32Array.from(values, (value) => NUMBER_SCALE * value),
    width,
  );

/** The tokens of the image and the prompt, and their positions. */
export function tokenInputs(
  { rope }: FluxBlocksConfig,
  { x, context, references }: DenoiserInputs,
): Record<string, Tensor> {
  const latents = references?.latents ?? [];
  const positions = tokenPositions(context.shape[1], x, latents, references?.method);
  return {
    x: joinedTokens([x, ...latents].map((image) => patchify(image, PATCHES))),
    context,
    ...ropeInputs('rope', ropeTable(positions, rope)),
  };
}

function vectorInputs(
  { vectorDim, hasGuidance }: FluxConfig,
  { x, y, timesteps, guidance }: DenoiserInputs,
): Record<string, Tensor> {
  const [batch] = x.shape;
  return {
    time: embedded(timesteps, EMBEDDING),
    ...(hasGuidance && {
      guidance: embedded(guidance ?? new Float32Array(batch), EMBEDDING),
      guided: full([1], guidance ? 1 : 0),
    }),
    ...(vectorDim > 0 && { vector: y ?? zeros([batch, vectorDim]) }),
  };
}

/**
 * Joins tokens [B, N, K] of images; those of fewer rows are repeated, as ComfyUI does. Throws
 * DR_SHAPE_MISMATCH for tokens of another width.
 */
function joinedTokens(images: readonly Tensor[]): Tensor {
  const [{ shape }] = images;
  const [batch, , width] = shape;
  const count = images.reduce((sum, { shape: [, tokens] }) => sum + tokens, 0);
  const out = allocate(batch * count * width);
  let at = 0;
  for (let b = 0; b < batch; b++)
    for (const { data, shape: own } of images) {
      if (own[2] !== width)
        throw new DarkroomError('DR_SHAPE_MISMATCH', {
          message:
            `a reference image has ${own[2] / PATCH ** 2} channels, ` +
            `and this model's latents have ${width / PATCH ** 2}`,
          hint: 'Encode reference images with the autoencoder of FLUX, for a model that takes them.',
        });
      const row = own[1] * width;
      const from = (b % own[0]) * row;
      out.set(data.subarray(from, from + row), at);
      at += row;
    }
  return tensor([batch, count, width], out);
}
