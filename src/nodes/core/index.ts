// The nodes that ComfyUI itself brings, one list per subject.
import type { NodeDeclaration } from '../declare.ts';
import { ANIMATION_NODES } from './animation.ts';
import { ATTENTION_NODES } from './attention.ts';
import { COMPOSITING_NODES } from './compositing.ts';
import { CONDITIONING_NODES } from './conditioning.ts';
import { CONDITIONING_PROPS_NODES } from './conditioning-props.ts';
import { CONTROLNET_NODES } from './controlnet.ts';
import { CUSTOM_SAMPLING_NODES } from './custom-sampling.ts';
import { FILE_NODES } from './files.ts';
import { GUIDANCE_NODES } from './guidance.ts';
import { HYPERNETWORK_NODES } from './hypernetwork.ts';
import { IMAGE_NODES } from './image.ts';
import { IMAGE_BATCH_NODES } from './image-batch.ts';
import { IMAGE_FILTER_NODES } from './image-filters.ts';
import { IMAGE_TRANSFORM_NODES } from './image-transform.ts';
import { LATENT_NODES } from './latent.ts';
import { LATENT_BATCH_NODES } from './latent-batch.ts';
import { LATENT_RESIZE_NODES } from './latent-resize.ts';
import { LATENT_TRANSFORM_NODES } from './latent-transform.ts';
import { LOADER_NODES } from './loaders.ts';
import { LORA_NODES } from './lora.ts';
import { MASK_NODES } from './mask.ts';
import { MERGE_NODES } from './merge.ts';
import { MODEL_FILE_NODES } from './model-files.ts';
import { MODEL_INPUT_NODES } from './model-inputs.ts';
import { MODEL_PATCH_NODES } from './model-patches.ts';
import { MODEL_SAMPLING_NODES } from './model-sampling.ts';
import { PRIMITIVE_NODES } from './primitives.ts';
import { PROMPT_NODES } from './prompt.ts';
import { SAMPLER_NODES } from './samplers.ts';
import { SAMPLING_NODES } from './sampling.ts';
import { SAVE_MODEL_NODES } from './save-models.ts';
import { SIGMA_NODES } from './sigmas.ts';
import { STRING_NODES } from './strings.ts';
import { UNREAD_MODEL_NODES } from './unread-models.ts';
import { UPSCALE_MODEL_NODES } from './upscale-model.ts';
import { VAE_NODES } from './vae.ts';
import { VISION_NODES } from './vision.ts';

export const CORE_NODES: readonly NodeDeclaration[] = [
  ...LOADER_NODES,
  ...MODEL_FILE_NODES,
  ...MERGE_NODES,
  ...SAVE_MODEL_NODES,
  ...HYPERNETWORK_NODES,
  ...VISION_NODES,
  ...UNREAD_MODEL_NODES,
  ...LORA_NODES,
  ...PROMPT_NODES,
  ...CONDITIONING_NODES,
  ...CONDITIONING_PROPS_NODES,
  ...LATENT_NODES,
  ...LATENT_RESIZE_NODES,
  ...LATENT_TRANSFORM_NODES,
  ...LATENT_BATCH_NODES,
  ...SAMPLING_NODES,
  ...VAE_NODES,
  ...FILE_NODES,
  ...ANIMATION_NODES,
  ...IMAGE_NODES,
  ...IMAGE_BATCH_NODES,
  ...IMAGE_TRANSFORM_NODES,
  ...IMAGE_FILTER_NODES,
  ...COMPOSITING_NODES,
  ...MASK_NODES,
  ...UPSCALE_MODEL_NODES,
  ...CONTROLNET_NODES,
  ...MODEL_INPUT_NODES,
  ...MODEL_PATCH_NODES,
  ...GUIDANCE_NODES,
  ...ATTENTION_NODES,
  ...CUSTOM_SAMPLING_NODES,
  ...SAMPLER_NODES,
  ...SIGMA_NODES,
  ...MODEL_SAMPLING_NODES,
  ...STRING_NODES,
  ...PRIMITIVE_NODES,
];
