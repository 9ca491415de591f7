// The values of SeargeSDXL's socket types: names of files, samplers and states, and parameters.
import type { Tensor } from '../../../tensor/tensor.ts';

/**
 * The parameters that the input nodes add. One that no node has added is absent; one whose input
 * was not connected is undefined.
 */
export interface SeargeParameters {
  readonly main_prompt?: string;
  readonly secondary_prompt?: string;
  readonly style_prompt?: string;
  readonly negative_prompt?: string;
  readonly negative_style?: string;
  readonly image?: Tensor;
  readonly mask?: Tensor;
  readonly seed?: bigint;
  readonly image_width?: number;
  readonly image_height?: number;
  readonly steps?: number;
  readonly cfg?: number;
  readonly sampler_name?: string;
  readonly scheduler?: string;
  readonly save_image?: string;
  readonly save_directory?: string;
  readonly denoise?: number;
  readonly base_ratio?: number;
  readonly refiner_strength?: number;
  readonly refiner_intensity?: string;
  readonly noise_offset?: number;
  readonly precondition_steps?: number;
  readonly batch_size?: number;
  readonly upscale_resolution_factor?: number;
  readonly save_upscaled_image?: string;
  readonly base_conditioning_scale?: number;
  readonly refiner_conditioning_scale?: number;
  readonly style_prompt_power?: number;
  readonly negative_style_power?: number;
  readonly style_template?: string;
  readonly hires_fix?: string;
  readonly hrf_steps?: number;
  readonly hrf_denoise?: number;
  readonly hrf_upscale_factor?: number;
  readonly hrf_intensity?: string;
  readonly hrf_seed_offset?: string;
  readonly hrf_smoothness?: number;
  readonly hrf_noise_offset?: number;
  readonly hrf_seed?: bigint;
  readonly lora_strength?: number;
  readonly operation_mode?: string;
  readonly prompt_style?: string;
  readonly operation_selector?: number;
  readonly prompt_style_selector?: number;
  readonly prompt_style_group?: number;
}

/** Names of the files that are selected in SeargeInput4. */
export interface SeargeModelNames {
  readonly base_model?: string;
  readonly refiner_model?: string;
  readonly vae_model?: string;
  readonly main_upscale_model?: string;
  readonly support_upscale_model?: string;
  readonly lora_model?: string;
}

export interface SeargeSockets {
  SAMPLER_NAME: string;
  SCHEDULER_NAME: string;
  CHECKPOINT_NAME: string;
  VAE_NAME: string;
  UPSCALER_NAME: string;
  LORA_NAME: string;
  /** `enabled` or `disabled` */
  ENABLE_STATE: string;
  /** `output folder` or `input folder` */
  SAVE_FOLDER: string;
  PARAMETER_INPUTS: SeargeParameters;
  /** Parameters that were completed by SeargeParameterProcessor. */
  PARAMETERS: SeargeParameters;
  MODEL_SETTINGS: SeargeModelNames;
  MODEL_NAMES: SeargeModelNames;
}
