// The values that travel between sampling nodes: latents, conditioning, models, and what model
// patches work on. Types only; the functions on them are in the folders beside this file.
import type { Family } from '../formats/identify/identified-model.ts';
import type { ControlNet } from '../models/controlnet/controlnet.ts';
import type { Denoiser, DenoiserVariant, ReferenceMethod } from '../models/denoiser.ts';
import type { Gligen, PlacedObject } from '../models/gligen/load.ts';
import type { HookGroup } from '../models/hooks/hooks.ts';
import type { Autoencoder } from '../models/vae/autoencoder.ts';
import type { LatentScale } from '../models/vae/latent-scale.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ModelSampling } from './model/model-sampling.ts';

export interface Latent {
  /** Unscaled latents, [B,C,H,W], or [B,C,T,H,W] where a format has frames. */
  readonly samples: Tensor;
  /** Where to sample (1) and where to preserve the latent (0), [N,H,W] in any resolution. */
  readonly noise_mask?: Tensor;
  /** Noise index of each batch item (LatentFromBatch). */
  readonly batch_index?: readonly number[];
  /** Pixels per cell and side that an empty latent was made for; samplers fit it to their model. */
  readonly downscale_ratio_spacial?: number;
}

/** Area of a condition: in latent cells (h, w, y, x), or as fractions of the image. */
export type Area =
  | readonly [number, number, number, number]
  | readonly ['percentage', number, number, number, number];

/**
 * A ControlNet with its hint image, and when and how strongly it acts. Conditions are evaluated in
 * one batch only if they have the same object.
 */
export interface Control {
  readonly net: ControlNet;
  /** [N,H,W,C] in 0..1 */
  readonly hint: Tensor;
  readonly strength: number;
  /** Fractions of the whole denoising. */
  readonly startPercent: number;
  readonly endPercent: number;
  /** Encodes the hint for networks that take latents; others don't use it. */
  readonly vae?: Autoencoder;
  /** Where an inpainting ControlNet keeps the hint, [N,1,H,W]; everywhere by default. */
  readonly keptMask?: Tensor;
  /** The ControlNet that was applied before; it acts too. */
  readonly previous?: Control;
}

/** One prompt's features, and where, when and how strongly they act. Names are ComfyUI's. */
export interface ConditioningEntry {
  /** Token features [1,T,D]. */
  readonly cond: Tensor;
  /** Pooled features [1,P]; null if the encoder has none. */
  readonly pooled_output?: Tensor | null;
  /** Which tokens are of the prompt (1) and which are padding (0), [1,T]; Qwen-Image uses it. */
  readonly attention_mask?: Tensor;
  /** The prompt's tokens of T5's vocabulary, ids and weights, [1,T,2]; Anima uses them. */
  readonly t5xxl_tokens?: Tensor;
  /** The states of Llama 3's layers beside each other, [1,T,L*D]; HiDream uses them. */
  readonly conditioning_llama3?: Tensor;
  /**
   * A style model's bias of the attention between the prompt's tokens and the image, [1,T+1,T+1]:
   * ComfyUI's `attention_mask` with an `attention_mask_img_shape` of one token. FLUX.1 uses it.
   */
  readonly attention_bias?: Tensor;
  /** Token features [1,T,D] for ControlNets, in place of `cond`. */
  readonly cross_attn_controlnet?: Tensor;
  /** Pooled features of the same prompt; as in ComfyUI, no network uses them. */
  readonly pooled_output_controlnet?: Tensor | null;
  readonly width?: number;
  readonly height?: number;
  readonly crop_w?: number;
  readonly crop_h?: number;
  readonly target_width?: number;
  readonly target_height?: number;
  readonly aesthetic_score?: number;
  readonly area?: Area;
  readonly strength?: number;
  readonly mask?: Tensor;
  readonly mask_strength?: number;
  readonly set_area_to_bounds?: boolean;
  readonly start_percent?: number;
  readonly end_percent?: number;
  /** The range for which a scheduled CLIP encoded the prompt. */
  readonly clip_start_percent?: number;
  readonly clip_end_percent?: number;
  /** Changes of the model's weights for this prompt. */
  readonly hooks?: HookGroup;
  /** The prompt acts where the masks of the others leave something over. */
  readonly default?: boolean;
  readonly control?: Control;
  /** The control also acts on negative prompts that have none. */
  readonly control_apply_to_uncond?: boolean;
  readonly gligen?: GligenObjects;
  /** Unscaled latents [N,C,h,w] of the image that inpainting and edit models take as input. */
  readonly concat_latent_image?: Tensor;
  readonly unclip_conditioning?: readonly UnclipCondition[];
  /** The low-resolution image of the x4 upscaler, [N,3,h,w] in -1..1. */
  readonly concat_image?: Tensor;
  /** How much noise is added to that image, 0..1. */
  readonly noise_augmentation?: number;
  /** Where inpainting models paint (1), [N,H,W] in any resolution. */
  readonly concat_mask?: Tensor;
  /** The distilled guidance of FLUX.1 and Chroma; null: none, absent: the family's default. */
  readonly guidance?: number | null;
  /** Unscaled latents of reference images, [N,C,h,w] each. */
  readonly reference_latents?: readonly Tensor[];
  readonly reference_latents_method?: ReferenceMethod;
  /** Before which token of `cond` each reference image is, for Qwen-Image 2.1. */
  readonly image_slots?: readonly number[];
}

/** Objects with their boxes, for a GLIGEN model. */
export interface GligenObjects {
  readonly model: Gligen;
  readonly objects: readonly PlacedObject[];
}

/** Image embeddings for unCLIP models, or for SDXL in place of the pooled prompt. */
export interface UnclipCondition {
  /** Embeddings of a CLIP vision model, [N,D]. */
  readonly embeds: Tensor;
  readonly strength: number;
  /** Amount of noise added to the embeddings, 0..1. */
  readonly noiseAugmentation: number;
}

export type Conditioning = readonly ConditioningEntry[];

export interface LatentFormat extends LatentScale {
  readonly channels: number;
  /** Side of an image over the side of its latent, as ComfyUI counts it. */
  readonly downscaleRatio: number;
  /** Latents have an axis of frames, [B,C,T,H,W]. */
  readonly hasFrames?: boolean;
  /** The tiny autoencoder that decodes previews, as files of `vae_approx` are named. */
  readonly tiny?: 'taesd' | 'taesdxl' | 'taesd3' | 'taef1' | 'taef2';
}

/** A diffusion model as MODEL sockets carry it. Immutable: patching returns a new model. */
export interface Model {
  readonly family: Family;
  /** The title that its file has (`modelspec.title`). */
  readonly title?: string;
  readonly denoiser: Denoiser;
  readonly sampling: ModelSampling;
  readonly latentFormat: LatentFormat;
  readonly patches?: ModelPatches;
}

/** A guided prediction and the negative side's, denoised latents [B,C,H,W] at `sigma`. */
export type Predict = (
  x: Tensor,
  sigma: number,
) => Promise<{ readonly denoised: Tensor; readonly uncond: Tensor }>;

/** What nodes add between network and sampler; ComfyUI's model option is given in parentheses. */
export interface ModelPatches {
  /** Wrap the guided prediction of a run; later wrappers are outside earlier ones. */
  readonly predict?: readonly ((predict: Predict) => Predict)[];
  /** Change the predictions of both sides before they are combined (sampler_pre_cfg_function). */
  readonly preCfg?: readonly ((sides: SidesStep) => Sides)[];
  /** Replaces uncond + (cond - uncond) * cfg (sampler_cfg_function). */
  readonly cfgFunction?: (step: GuidanceStep) => Promise<Tensor> | Tensor;
  /** Change the guided prediction (sampler_post_cfg_function). */
  readonly postCfg?: readonly ((
    denoised: Tensor,
    step: GuidanceStep,
  ) => Promise<Tensor> | Tensor)[];
  /**
   * The network records the attention of the negative side, which is therefore evaluated at cfg 1
   * too.
   */
  readonly recordsAttention?: boolean;
  /** The negative side is evaluated at cfg 1 too (disable_cfg1_optimization). */
  readonly allSides?: boolean;
  /**
   * The variant of the network that predicts for the negative side at a noise level, where it is
   * another one; guiders with more than two sides do not use it (sampler_calc_cond_batch_function).
   */
  readonly negativeVariant?: (sigma: number) => DenoiserVariant | undefined;
  /** Replace cfg at noise levels where they return a number; the last that does is used. */
  readonly cfgAt?: readonly ((sigma: number) => number | undefined)[];
  /** LazyCache, which is among `predict`, or EasyCache: how often it was added, and its state. */
  readonly stepCache?:
    | { readonly kind: 'lazy' }
    | {
        readonly kind: 'easy';
        readonly times: number;
        readonly create: (model: Model) => NetworkCache;
      };
  /** Returns the noise mask [B,C,H,W] at a noise level (denoise_mask_function). */
  readonly denoiseMask?: (
    sigma: number,
    mask: Tensor,
    run: { readonly sigmas: Float32Array; readonly sampling: ModelSampling },
  ) => Tensor;
}

/** One evaluation of the network: equal parts of a batch, one for each condition. */
export interface NetworkCall {
  /** The network's input [B,C,H,W], without concatenated channels. */
  readonly x: Tensor;
  readonly sigma: number;
  /** What identifies each condition during a run. */
  readonly conditions: readonly object[];
}

/** What stands between the predictions of a run and the network. */
export interface NetworkCache {
  /** Called before the evaluations of one prediction of some sides. */
  startPrediction(): void;
  /** The network's output for a call, [B,C,H,W]. */
  run(call: NetworkCall, evaluate: () => Promise<Tensor>): Promise<Tensor>;
}

/** Predictions of the positive and the negative side, denoised latents. */
export interface Sides {
  readonly cond: Tensor;
  readonly uncond: Tensor;
}

export interface SidesStep extends Sides, Pick<GuidanceStep, 'x' | 'sigma' | 'cfg'> {
  /** One side was not evaluated: its prediction is zeros. */
  readonly single: boolean;
}

/** The inputs of one guided prediction. All tensors are [B,C,H,W], predictions denoised latents. */
export interface GuidanceStep {
  readonly x: Tensor;
  readonly sigma: number;
  /** The run's, which nodes after a patch can have changed. */
  readonly sampling: ModelSampling;
  readonly cfg: number;
  readonly cond: Tensor;
  /** Zeros if cfg is 1 and neither sampler nor patches need the negative side. */
  readonly uncond: Tensor;
  /**
   * What the network recorded of the negative side in this step, or in an earlier one where it was
   * not evaluated (DenoiserInputs.onAttention).
   */
  readonly attention?: Tensor;
  /**
   * Predicts for one side or another prompt, by the run's UNet or a variant of it, at the step's
   * latent or another one.
   */
  evaluate(
    conditioning: 'positive' | 'negative' | { readonly negative: Conditioning },
    change?: { readonly variant?: DenoiserVariant; readonly x?: Tensor },
  ): Promise<Tensor>;
}

/** What samplers do differently from release to release of ComfyUI. */
export interface SamplerRules {
  /** Noise that is added between steps is that of the run's seed plus this. */
  readonly ancestralSeedOffset: bigint;
  /**
   * sa_solver returns its last predicted latent; otherwise, if the last sigma is not 0, the latent
   * before the last step.
   */
  readonly saSolverReturnsPrediction: boolean;
  /** lcm refuses a single sigma; otherwise it returns the latent as it is. */
  readonly lcmNeedsTwoSigmas: boolean;
}

/** Cancellation, progress, warnings and rules of a sampling call. */
export interface SamplingHooks {
  readonly rules: SamplerRules;
  readonly signal?: AbortSignal;
  /**
   * Called after each step (0-based) with the denoised latent, in units of the model that predicted
   * it.
   */
  readonly onStep?: (step: number, total: number, denoised: Tensor, model: Model) => void;
  readonly warn?: (message: string) => void;
}
