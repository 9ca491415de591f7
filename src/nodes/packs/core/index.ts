// The nodes of ComfyUI itself, one list per subject.
import { definePack, type Pack } from '../../pack.ts';
import { VISION_NODES } from './conditioning/clip-vision-nodes.ts';
import { CONDITIONING_NODES } from './conditioning/conditioning-nodes.ts';
import { CONDITIONING_PROPS_NODES } from './conditioning/conditioning-property-nodes.ts';
import { CONTROLNET_NODES } from './conditioning/controlnet-nodes.ts';
import { FLOW_PROMPT_NODES } from './conditioning/flow-text-encode-nodes.ts';
import { FLUX_CONDITIONING_NODES } from './conditioning/flux-conditioning-nodes.ts';
import { GLIGEN_NODES } from './conditioning/gligen-nodes.ts';
import { HOOK_NODES } from './conditioning/hook-nodes.ts';
import { MODEL_INPUT_NODES } from './conditioning/image-conditioning-nodes.ts';
import { LATER_CONDITIONING_NODES } from './conditioning/later-conditioning-nodes.ts';
import { PHOTOMAKER_NODES } from './conditioning/photomaker-nodes.ts';
import { QWEN_IMAGE_21_NODES } from './conditioning/qwen-image-21-nodes.ts';
import { QWEN_IMAGE_NODES } from './conditioning/qwen-image-nodes.ts';
import { STYLE_MODEL_NODES } from './conditioning/style-model-nodes.ts';
import { PROMPT_NODES } from './conditioning/text-encode-nodes.ts';
import { CORE_ALIASES } from './core-aliases.ts';
import { CORE_LATER } from './core-later-types.ts';
import { CORE_OUTSIDE } from './core-outside.ts';
import { BATCH_NODES } from './image/batch-nodes.ts';
import { BOX_NODES } from './image/box-nodes.ts';
import { CAMERA_AND_COMPARE_NODES } from './image/camera-and-compare-nodes.ts';
import { COLOUR_TRANSFER_NODES } from './image/colour-transfer-node.ts';
import { COMPOSITING_NODES } from './image/compositing-nodes.ts';
import { MASK_NODES } from './image/core-mask-nodes.ts';
import { DRAWING_NODES } from './image/drawing-nodes.ts';
import { IMAGE_ADJUSTMENT_NODES } from './image/image-adjustment-nodes.ts';
import { IMAGE_BATCH_NODES } from './image/image-batch-nodes.ts';
import { IMAGE_FILTER_NODES } from './image/image-filter-nodes.ts';
import { IMAGE_LIST_NODES } from './image/image-list-nodes.ts';
import { IMAGE_NODES } from './image/image-nodes.ts';
import { IMAGE_TRANSFORM_NODES } from './image/image-transform-nodes.ts';
import { FILE_NODES } from './image/load-and-save-nodes.ts';
import { MARIGOLD_NODES } from './image/marigold-node.ts';
import { RESIZE_NODES } from './image/resize-image-mask-node.ts';
import { ANIMATION_NODES } from './image/save-animation-nodes.ts';
import { SAVE_IMAGE_ADVANCED_NODES } from './image/save-image-advanced-node.ts';
import { UPSCALE_MODEL_NODES } from './image/upscale-model-nodes.ts';
import { LATENT_ARITHMETIC_NODES } from './latent/latent-arithmetic-nodes.ts';
import { LATENT_BATCH_NODES } from './latent/latent-batch-nodes.ts';
import { LATENT_NODES } from './latent/latent-nodes.ts';
import { LATENT_RESIZE_NODES } from './latent/latent-resize-nodes.ts';
import { LATENT_TRANSFORM_NODES } from './latent/latent-transform-nodes.ts';
import { VAE_NODES } from './latent/vae-nodes.ts';
import { LOADER_NODES } from './models/checkpoint-and-vae-loaders.ts';
import { CHECKPOINT_CONFIG_NODES } from './models/checkpoint-config-loader.ts';
import { DEVICE_NODES } from './models/device-nodes.ts';
import { DIFFUSERS_NODES } from './models/diffusers-loader.ts';
import { DIFFUSION_MODEL_LOADER_NODES } from './models/diffusion-model-loader.ts';
import { HYPERNETWORK_NODES } from './models/hypernetwork-nodes.ts';
import { LORA_NODES } from './models/lora-nodes.ts';
import { LORA_SAVE_NODES } from './models/lora-save-node.ts';
import { MERGE_NODES } from './models/model-merge-nodes.ts';
import { MODEL_PATCH_LOADER_NODES } from './models/model-patch-loader.ts';
import { SAVE_MODEL_NODES } from './models/save-model-nodes.ts';
import { TEXT_ENCODER_LOADER_NODES } from './models/text-encoder-loaders.ts';
import { ATTENTION_NODES } from './sampling/attention-nodes.ts';
import { CUSTOM_SAMPLING_NODES } from './sampling/custom-sampling-nodes.ts';
import { FLOW_SAMPLING_NODES } from './sampling/flow-sampling-nodes.ts';
import { GUIDANCE_NODES } from './sampling/guidance-nodes.ts';
import { SAMPLING_NODES } from './sampling/ksampler-nodes.ts';
import { LATER_SAMPLING_NODES } from './sampling/later-sampling-nodes.ts';
import { MODEL_PATCH_NODES } from './sampling/model-patch-nodes.ts';
import { MODEL_SAMPLING_NODES } from './sampling/model-sampling-nodes.ts';
import { SAMPLER_NODES } from './sampling/sampler-nodes.ts';
import { SIGMA_NODES } from './sampling/sigma-nodes.ts';
import { SKIP_LAYER_NODES } from './sampling/skip-layer-nodes.ts';
import { CAMERA_ANGLE_NODES } from './values/camera-angle-node.ts';
import { COLOUR_NODES } from './values/colour-nodes.ts';
import { LATER_VALUE_NODES } from './values/later-value-nodes.ts';
import { LOGIC_NODES } from './values/logic-nodes.ts';
import { NUMBER_NODES } from './values/number-nodes.ts';
import { PRIMITIVE_NODES } from './values/primitive-nodes.ts';
import { STRING_NODES } from './values/string-nodes.ts';
import { TEXT_GENERATION_NODES } from './values/text-generation-nodes.ts';
import { TEXT_NODES } from './values/text-nodes.ts';

export const CORE_PACK: Pack = definePack({
  title: 'ComfyUI itself',
  module: 'nodes',
  nodes: [
    ...LOADER_NODES,
    ...CHECKPOINT_CONFIG_NODES,
    ...DIFFUSION_MODEL_LOADER_NODES,
    ...TEXT_ENCODER_LOADER_NODES,
    ...DIFFUSERS_NODES,
    ...MERGE_NODES,
    ...SAVE_MODEL_NODES,
    ...HYPERNETWORK_NODES,
    ...VISION_NODES,
    ...STYLE_MODEL_NODES,
    ...MODEL_PATCH_LOADER_NODES,
    ...LORA_NODES,
    ...LORA_SAVE_NODES,
    ...PROMPT_NODES,
    ...PHOTOMAKER_NODES,
    ...CONDITIONING_NODES,
    ...GLIGEN_NODES,
    ...CONDITIONING_PROPS_NODES,
    ...FLUX_CONDITIONING_NODES,
    ...FLOW_PROMPT_NODES,
    ...QWEN_IMAGE_NODES,
    ...QWEN_IMAGE_21_NODES,
    ...HOOK_NODES,
    ...LATENT_NODES,
    ...LATENT_RESIZE_NODES,
    ...LATENT_TRANSFORM_NODES,
    ...LATENT_ARITHMETIC_NODES,
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
    ...FLOW_SAMPLING_NODES,
    ...SKIP_LAYER_NODES,
    ...STRING_NODES,
    ...PRIMITIVE_NODES,
    ...DEVICE_NODES,
    ...LATER_VALUE_NODES,
    ...LATER_CONDITIONING_NODES,
    ...LATER_SAMPLING_NODES,
    ...IMAGE_ADJUSTMENT_NODES,
    ...IMAGE_LIST_NODES,
    ...BOX_NODES,
    ...DRAWING_NODES,
    ...COLOUR_NODES,
    ...CAMERA_AND_COMPARE_NODES,
    ...CAMERA_ANGLE_NODES,
    ...MARIGOLD_NODES,
    ...BATCH_NODES,
    ...RESIZE_NODES,
    ...SAVE_IMAGE_ADVANCED_NODES,
    ...COLOUR_TRANSFER_NODES,
    ...LOGIC_NODES,
    ...NUMBER_NODES,
    ...TEXT_NODES,
    ...TEXT_GENERATION_NODES,
  ],
  refused: [...CORE_OUTSIDE, ...CORE_LATER],
  aliases: CORE_ALIASES,
});
