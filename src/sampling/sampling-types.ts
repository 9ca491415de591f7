// The values that travel between sampling nodes: latents, conditioning, models.
import type { ControlNet } from '../models/controlnet/controlnet.ts';
import type { UNet, UNetVariant } from '../models/unet/unet.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ModelSampling } from './model/model-sampling.ts';

export interface Latent {
  /** Unscaled latents, [B,C,H,W]. */
  readonly samples: Tensor;
  /** Where to sample (1) and what to keep (0), [N,H,W] in any resolution. */
  readonly noise_mask?: Tensor;
  /** Noise index of each batch item (LatentFromBatch). */
  readonly batch_index?: readonly number[];
}

/** Area of a condition: in latent cells (h, w, y, x), or as fractions of the picture. */
export type Area =
  | readonly [number, number, number, number]
  | readonly ['percentage', number, number, number, number];

/** A ControlNet at work: its picture, and when and how strongly it acts. Conditions are evaluated together only with the same object. */
export interface Control {
  readonly net: ControlNet;
  /** [N,H,W,C] in 0..1 */
  readonly hint: Tensor;
  readonly strength: number;
  /** Fractions of the whole denoising. */
  readonly startPercent: number;
  readonly endPercent: number;
  /** Acts too. */
  readonly previous?: Control;
}

/** One prompt's features and where, when and how strongly they act. Names are ComfyUI's. */
export interface ConditioningEntry {
  /** Token features [1,T,D]. */
  readonly cond: Tensor;
  /** Pooled features [1,P]; null where the encoder gives none. */
  readonly pooled_output?: Tensor | null;
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
  readonly control?: Control;
  /** The control acts on negative prompts too that have none. */
  readonly control_apply_to_uncond?: boolean;
  /** Unscaled latents [N,C,h,w] of the picture that inpainting and edit models see. */
  readonly concat_latent_image?: Tensor;
  readonly unclip_conditioning?: readonly UnclipCondition[];
  /** Where inpainting models paint (1), [N,H,W] in any resolution. */
  readonly concat_mask?: Tensor;
}

/** A picture that unCLIP models (and SDXL, in place of the pooled prompt) are told of. */
export interface UnclipCondition {
  /** What a CLIP vision model made of pictures, [N, D]. */
  readonly embeds: Tensor;
  readonly strength: number;
  /** 0..1: how much noise stands between the picture and the model. */
  readonly noiseAugmentation: number;
}

export type Conditioning = readonly ConditioningEntry[];

export interface LatentFormat {
  readonly channels: number;
  /** Model latents = VAE latents x scale (0.18215 SD1/SD2, 0.13025 SDXL). */
  readonly scale: number;
  /** Per channel, where the format has them: model latents = (VAE latents - mean) x scale / std. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** A diffusion model as the MODEL sockets carry it. Immutable: patches give a new one. */
export interface Model {
  readonly family: 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner';
  readonly unet: UNet;
  readonly sampling: ModelSampling;
  readonly latentFormat: LatentFormat;
  readonly patches?: ModelPatches;
}

/** A guided prediction and the negative side's, denoised latents [B,C,H,W] at `sigma`. */
export type Predict = (
  x: Tensor,
  sigma: number,
) => Promise<{ readonly denoised: Tensor; readonly uncond: Tensor }>;

/** What nodes put between the network and the sampler. Names are those of ComfyUI's model options. */
export interface ModelPatches {
  /** Each wraps the guided prediction of a run, the later the further outside. */
  readonly predict?: readonly ((predict: Predict) => Predict)[];
  /** Work on the predictions of both sides before they become one, in turn (sampler_pre_cfg_function). */
  readonly preCfg?: readonly ((sides: SidesStep) => Sides)[];
  /** Replaces uncond + (cond - uncond) cfg (sampler_cfg_function). */
  readonly cfgFunction?: (step: GuidanceStep) => Promise<Tensor> | Tensor;
  /** Work on the guided prediction, in turn (sampler_post_cfg_function). */
  readonly postCfg?: readonly ((
    denoised: Tensor,
    step: GuidanceStep,
  ) => Promise<Tensor> | Tensor)[];
  /** The mask that holds at a noise level (denoise_mask_function); [B,C,H,W]. */
  readonly denoiseMask?: (
    sigma: number,
    mask: Tensor,
    run: { readonly sigmas: Float32Array; readonly sampling: ModelSampling },
  ) => Tensor;
}

/** Predictions of the positive and the negative side, denoised latents. */
export interface Sides {
  readonly cond: Tensor;
  readonly uncond: Tensor;
}

export interface SidesStep extends Sides, Pick<GuidanceStep, 'x' | 'sigma' | 'cfg'> {
  /** A side was not evaluated: its prediction is zeros. */
  readonly single: boolean;
}

/** One guided prediction in the making; all tensors [B,C,H,W], predictions are denoised latents. */
export interface GuidanceStep {
  readonly x: Tensor;
  readonly sigma: number;
  readonly cfg: number;
  readonly cond: Tensor;
  /** Zeros when cfg is 1 and nobody asks for the negative side. */
  readonly uncond: Tensor;
  /** What the positive side (or another prompt) predicts, by the run's UNet with a change more if given. */
  evaluate(
    conditioning: 'positive' | { readonly negative: Conditioning },
    change?: UNetVariant,
  ): Promise<Tensor>;
}

/** What a sampling call reports and obeys. */
export interface SamplingHooks {
  readonly signal?: AbortSignal;
  /** After each step (0-based) with the denoised latent, in units of the model that made it. */
  readonly onStep?: (step: number, total: number, denoised: Tensor, model: Model) => void;
  readonly warn?: (message: string) => void;
}
