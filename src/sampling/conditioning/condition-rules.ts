// What each family of models takes of a condition beside its token features (comfy.model_base
// encode_adm, concat_cond, extra_conds).
import { DarkroomError } from '../../errors.ts';
import { FAMILY_NAMES } from '../../formats/identify/identified-model.ts';
import { type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { toModelLatent } from '../model/latent-format.ts';
import type { ConditioningEntry, Model } from '../sampling-types.ts';
import { type AdmRun, admVector } from './adm.ts';
import { type ConcatRun, concatChannels, fluxConcatChannels, imageBeside } from './concat.ts';

export interface ConditionRules {
  /**
   * Whether prompts of different lengths are repeated to share an evaluation; otherwise they are
   * evaluated one after another.
   */
  readonly repeatsTokens: boolean;
  /** The vector `y` [1, admChannels] of a model that has one. */
  readonly vector: (model: Model, entry: ConditioningEntry, run: AdmRun) => Tensor;
  /** What ControlNets get as `y`, [1, P], where the network has no such vector. */
  readonly controlVector?: (entry: ConditioningEntry) => Tensor | undefined;
  /** The channels [B,E,H,W] that follow the latent's in the network's input. */
  readonly concat?: (model: Model, entry: ConditioningEntry, run: ConcatRun) => Tensor | undefined;
  /** The distilled guidance of a condition that has none; absent: the family has no guidance. */
  readonly guidance?: number;
  /** Whether the network sees reference latents. */
  readonly references?: boolean;
  /** States of a language model's layers, which the network takes beside the prompt's features. */
  readonly layers?: (entry: ConditioningEntry, side: AdmRun['side']) => Tensor;
  /** Whether the network hides a prompt's padding from its attention. */
  readonly masksPrompt?: boolean;
  /** Whether the network embeds tokens of the prompt itself. */
  readonly embedsTokens?: boolean;
  /** Whether the network takes a style model's bias of its attention. */
  readonly biasesAttention?: boolean;
}

const UNET: ConditionRules = { repeatsTokens: true, vector: admVector, concat: concatChannels };

const FLUX: ConditionRules = {
  repeatsTokens: false,
  vector: ({ denoiser }, { pooled_output }) =>
    pooledOf(pooled_output, denoiser.admChannels) ?? zeros([1, denoiser.admChannels]),
  concat: fluxConcatChannels,
  guidance: 3.5,
  references: true,
  biasesAttention: true,
};

const NEXTDIT: ConditionRules = {
  repeatsTokens: false,
  vector: pooledPrompt,
  references: true,
};

export const CONDITION_RULES: Readonly<Record<Model['family'], ConditionRules>> = {
  sd1: UNET,
  sd2: UNET,
  sdxl: UNET,
  'sdxl-refiner': UNET,
  sd3: { repeatsTokens: false, vector: pooledPrompt },
  flux: FLUX,
  'flux-schnell': FLUX,
  flux2: FLUX,
  // it has no guidance, whatever a condition says
  'longcat-image': { ...FLUX, guidance: undefined },
  chroma: {
    ...FLUX,
    guidance: 0,
    controlVector: ({ pooled_output: pooled }) =>
      pooled ? tensor([1, pooled.data.length], pooled.data) : undefined,
  },
  lumina2: NEXTDIT,
  'z-image': NEXTDIT,
  'qwen-image': {
    repeatsTokens: false,
    vector: pooledPrompt,
    references: true,
    masksPrompt: true,
  },
  'qwen-image-21': { repeatsTokens: false, vector: pooledPrompt, references: true },
  auraflow: { repeatsTokens: false, vector: pooledPrompt },
  krea2: { repeatsTokens: false, vector: pooledPrompt, references: true },
  anima: { repeatsTokens: false, vector: pooledPrompt, embedsTokens: true },
  hidream: {
    repeatsTokens: false,
    vector: pooledPrompt,
    concat: imageBeside,
    layers: llamaStates,
  },
};

/** The entry's pooled prompt. Throws DR_INPUT_INVALID if it has none of the model's width. */
function pooledPrompt(
  { denoiser, family }: Model,
  { pooled_output }: ConditioningEntry,
  { side }: AdmRun,
): Tensor {
  const pooled = pooledOf(pooled_output, denoiser.admChannels);
  if (pooled) return pooled;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message:
      `the ${side} conditioning has ` +
      (pooled_output
        ? `a pooled prompt of ${pooled_output.shape.at(-1)} values, not ${denoiser.admChannels}`
        : `no pooled prompt, which the model (${FAMILY_NAMES[family]}) needs`),
    hint: 'Encode the prompt with the text encoders that belong to the model.',
    input: side,
  });
}

/** Throws DR_INPUT_INVALID if an entry has no states of Llama 3. */
function llamaStates(
  { conditioning_llama3: states }: ConditioningEntry,
  side: AdmRun['side'],
): Tensor {
  if (states) return states;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `the ${side} conditioning has no states of Llama 3, which HiDream needs`,
    hint: 'Encode the prompt with the text encoders of HiDream, from QuadrupleCLIPLoader.',
    input: side,
  });
}

/** The first `width` values of a pooled prompt; undefined if there are fewer. */
const pooledOf = (pooled: Tensor | null | undefined, width: number): Tensor | undefined =>
  pooled && pooled.data.length >= width
    ? tensor([1, width], pooled.data.slice(0, width))
    : undefined;

/** What the network gets of an entry's guidance: null if it has none. */
export const guidanceOf = (
  { guidance: fallback }: ConditionRules,
  { guidance }: ConditioningEntry,
): number | null => (fallback === undefined || guidance === null ? null : (guidance ?? fallback));

/** An entry's reference images in model units. */
export function referencesOf(
  { references }: ConditionRules,
  { latentFormat }: Model,
  {
    reference_latents: latents,
    reference_latents_method: method,
    image_slots: slots,
  }: ConditioningEntry,
) {
  if (!references || !latents) return undefined;
  return { latents: latents.map((latent) => toModelLatent(latentFormat, latent)), method, slots };
}
