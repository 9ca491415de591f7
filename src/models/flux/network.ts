// FLUX (Black Forest Labs) as a denoiser: FLUX.1 (2024) dev, schnell, Fill, Kontext, and the Canny
// and Depth variants, whose images enter as further channels of the latent; FLUX.2 (2025) dev and
// klein. LongCat-Image is one too.
import { DarkroomError } from '../../errors.ts';
import { concatAxis, narrow } from '../../tensor/axes.ts';
import { full, repeatToBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import type { ControlResiduals, Denoiser, DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { createDit } from '../dit/network.ts';
import { type Patches, patchGrid, patchify, unpatchify } from '../dit/patches.ts';
import { ropeInputs, ropeTable } from '../dit/rope.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { fractionEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import {
  FLUX_1,
  FLUX_2,
  type FluxBlocksConfig,
  type FluxConfig,
  type FluxVectors,
  type FluxVersion,
  fluxConfig,
  LONGCAT,
} from './config.ts';
import { EMBEDDING, EXTRAS, fluxGraph, residualInput } from './graph.ts';
import { FLUX_LORA } from './layout.ts';
import { tokenPositions } from './positions.ts';

/** How a network's latents are tokens. */
export const patchesOf = ({ version }: { readonly version: FluxVersion }): Patches => ({
  side: version.patch,
  order: 'c ph pw',
});

/** The layers that ComfyUI's own 8-bit files of FLUX.1 keep, and the modulations of all blocks. */
const KEPT_LAYERS =
  /^(img|txt|time|guidance|vector)_in|^final_layer|^distilled_guidance_layer|_stream_modulation/;

/** What FLUX and Chroma have in common. */
export const FLUX_BLOCKS = {
  int8: largeLayers(KEPT_LAYERS),
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
  extras: (config: FluxBlocksConfig, inputs: DenoiserInputs) => [
    ...(inputs.control ? [EXTRAS.control] : []),
    ...(inputs.attentionBias ? [EXTRAS.bias] : []),
    ...(hasTimeZero(config, inputs) ? [EXTRAS.timeZero] : []),
  ],
  output: (config: FluxBlocksConfig, out: Tensor, { x }: DenoiserInputs) => {
    const [batch, , height, width] = x.shape;
    return unpatchify(out, [batch, config.outChannels, height, width], patchesOf(config));
  },
} satisfies Partial<Architecture<FluxConfig>>;

const architecture = (version: FluxVersion): Architecture<FluxConfig> => ({
  ...FLUX_BLOCKS,
  name: version.name,
  config: fluxConfig(version),
  sizes: ({ inChannels, outChannels, contextDim, vectorDim }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels: vectorDim,
  }),
  graph: fluxGraph,
  inputs: (config, inputs) => ({
    ...blocksInputs(config, inputs),
    ...vectorInputs(config, inputs),
    ...timeZeroInputs(config, inputs),
  }),
});

export const FLUX: Architecture<FluxConfig> = {
  ...architecture(FLUX_1),
  styleTokenWidth: ({ width }) => width,
};

export const FLUX2: Architecture<FluxConfig> = architecture(FLUX_2);

export const LONGCAT_IMAGE: Architecture<FluxConfig> = architecture(LONGCAT);

/**
 * Creates a FLUX.1 network over weights named as layout.ts does. Throws DR_MODEL_UNSUPPORTED for
 * weights that are not complete.
 */
export const createFlux = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, FLUX);

/** Creates a LongCat-Image network, as createFlux does. */
export const createLongCat = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, LONGCAT_IMAGE);

/** Creates a FLUX.2 network, as createFlux does. */
export const createFlux2 = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, FLUX2);

/** The inputs of the blocks: tokens, their positions, and the residuals of ControlNets. */
export function blocksInputs(
  config: FluxBlocksConfig,
  inputs: DenoiserInputs,
): Record<string, Tensor> {
  const tokens = tokenInputs(config, inputs);
  const { control, attentionBias: bias } = inputs;
  if (bias) checkBias(bias, tokens.context, inputs);
  return {
    ...tokens,
    ...(bias && { bias }),
    ...(control && residualInputs(config, control, tokens.x.shape[1])),
  };
}

/** Throws DR_INPUT_INVALID for tokens that a bias does not have, which ComfyUI fails with too. */
function checkBias(
  { shape: [, tokens] }: Tensor,
  { shape: [, prompt] }: Tensor,
  { references, styleTokens }: DenoiserInputs,
): void {
  const others = (references?.latents.length ?? 0) > 0 || styleTokens;
  if (tokens === prompt + 1 && !others) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      'a style model biases the attention of a prompt of ' +
      `${tokens - 1} tokens, without reference images, and this one has ` +
      (others ? 'reference images' : `${prompt} tokens`),
    hint:
      'Apply the style model after all other changes of the conditioning, without reference ' +
      'images, or set its strength_type to multiply.',
    input: 'conditioning',
  });
}

/** Residuals for `tokens` tokens; absent ones are a single 0, which the graph broadcasts. */
function residualInputs(
  { doubleBlocks, singleBlocks }: FluxBlocksConfig,
  { input, output }: ControlResiduals,
  tokens: number,
): Record<string, Tensor> {
  // the same residual often serves several blocks
  const padded = new Map<Tensor | null | undefined, Tensor>();
  const forTokens = (residual: Tensor | null | undefined): Tensor => {
    const known = padded.get(residual) ?? (residual ? withTokens(residual, tokens) : NOTHING);
    padded.set(residual, known);
    return known;
  };
  const named = (kind: 'double' | 'single', count: number, list: ControlResiduals['output']) =>
    Array.from({ length: count }, (_, i) => [residualInput(kind, i), forTokens(list[i])]);
  return Object.fromEntries([
    ...named('double', doubleBlocks, input ?? []),
    ...named('single', singleBlocks, output),
  ]);
}

const NOTHING = zeros([1, 1, 1]);

/** Appends tokens of zeros: those of reference images have no residuals. */
function withTokens(residual: Tensor, tokens: number): Tensor {
  const [batch, own, width] = residual.shape;
  if (own === tokens) return residual;
  const out = zeros([batch, tokens, width]);
  for (let b = 0; b < batch; b++)
    out.data.set(
      residual.data.subarray(b * own * width, (b + 1) * own * width),
      b * tokens * width,
    );
  return out;
}

/** Whether reference images are modulated by time 0. */
const hasTimeZero = ({ version }: FluxBlocksConfig, { references }: DenoiserInputs): boolean =>
  version.references.hasTimeZero &&
  references?.method === 'index_timestep_zero' &&
  references.latents.length > 0;

/** The inputs of the extra timeZero. */
function timeZeroInputs(config: FluxBlocksConfig, inputs: DenoiserInputs): Record<string, Tensor> {
  if (!hasTimeZero(config, inputs)) return {};
  const { side } = patchesOf(config);
  const counts = inputs.references!.latents.map((latent) => {
    const { rows, columns } = patchGrid(latent, side);
    return rows * columns;
  });
  return {
    timeZero: fractionEmbedding(new Float32Array(inputs.x.shape[0]), EMBEDDING),
    referenceTokens: full(
      [1],
      counts.reduce((sum, count) => sum + count, 0),
    ),
  };
}

/** The tokens of the image and the prompt, and their positions. */
function tokenInputs(
  { rope, version }: Pick<FluxBlocksConfig, 'rope' | 'version'>,
  {
    x,
    context,
    references,
    styleTokens,
  }: Pick<DenoiserInputs, 'x' | 'context' | 'references' | 'styleTokens'>,
): Record<string, Tensor> {
  const latents = references?.latents ?? [];
  const prompt = atLeastTokens(context, version.minPromptTokens);
  const promptTokens = prompt.shape[1] + (styleTokens?.shape[1] ?? 0);
  const positions = tokenPositions(version, promptTokens, x, latents, references?.method);
  const patches = patchesOf({ version });
  return {
    x: joinedTokens(
      [x, ...latents].map((image) => patchify(image, patches)),
      version,
    ),
    context: prompt,
    ...(styleTokens && { style: repeatToBatch(styleTokens, x.shape[0]) }),
    ...ropeInputs('rope', ropeTable(positions, rope)),
  };
}

/** Puts zeros before a prompt's features [B, T, K], so that they are of `count` tokens. */
function atLeastTokens(context: Tensor, count: number): Tensor {
  const [batch, tokens, width] = context.shape;
  if (tokens >= count) return context;
  const out = zeros([batch, count, width]);
  const size = tokens * width;
  for (let b = 0; b < batch; b++)
    out.data.set(
      context.data.subarray(b * size, (b + 1) * size),
      (b * count + count - tokens) * width,
    );
  return out;
}

/** The embedded numbers and the pooled prompt. */
export function vectorInputs(
  { vectorDim, hasGuidance }: FluxVectors,
  { x, y, timesteps, guidance }: Pick<DenoiserInputs, 'x' | 'y' | 'timesteps' | 'guidance'>,
): Record<string, Tensor> {
  const [batch] = x.shape;
  return {
    time: fractionEmbedding(timesteps, EMBEDDING),
    ...(hasGuidance && {
      guidance: fractionEmbedding(guidance ?? new Float32Array(batch), EMBEDDING),
      guided: full([1], guidance ? 1 : 0),
    }),
    ...(vectorDim > 0 && { vector: y ? firstValues(y, vectorDim) : zeros([batch, vectorDim]) }),
  };
}

/** The first values of a pooled prompt [B, P]. Throws DR_SHAPE_MISMATCH if there are fewer. */
function firstValues(pooled: Tensor, width: number): Tensor {
  if (pooled.shape[1] >= width) return narrow(pooled, 1, 0, width);
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `the pooled prompt has ${pooled.shape[1]} values, and the network needs ${width}`,
    hint: 'Encode the prompt with text encoders of FLUX.1, or without a pooled prompt.',
  });
}

/**
 * Joins tokens [B, N, K] of images; those of fewer rows are repeated, as ComfyUI does. Throws
 * DR_SHAPE_MISMATCH for tokens of another width.
 */
function joinedTokens(images: readonly Tensor[], { name, patch }: FluxVersion): Tensor {
  const [batch, , width] = images[0].shape;
  for (const { shape } of images)
    if (shape[2] !== width)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message:
          `a reference image has ${shape[2] / patch ** 2} channels, ` +
          `and this model's latents have ${width / patch ** 2}`,
        hint: `Encode reference images with the autoencoder of ${name}, for a model that takes them.`,
      });
  return concatAxis(
    images.map((image) => repeatToBatch(image, batch)),
    1,
  );
}
