// Written by `npm run builder` from the declarations of the nodes: not to be edited.
import { nodeFunction } from './typed-node.ts';
import type { Anything, Bool, FileName, Float, Int, Link, Node, NodeFunction, OneOf, OutputNode, Text } from './typed-node.ts';

export type AdditionalMode = 'DISABLE' | 'ratio additional' | 'ratio between';
export type AdditionalSampler = 'AUTO' | 'euler' | 'heun' | 'heunpp2' | 'dpm_2' | 'dpm_fast' | 'dpmpp_2m' | 'ddpm';
export type FullSampleSchedule = 'none' | 'interleave1' | 'interleave2' | 'interleave3' | 'last1' | 'last2' | 'interleave1+last1' | 'interleave2+last1' | 'interleave3+last1';
export type Op = 'a * b + c' | 'a + c' | 'a - c' | 'a * b' | 'a / b';
export type Preset = 'all' | 'hand' | 'face' | 'mouth' | 'eyes' | 'eyebrows' | 'pupils' | 'left_eyebrow' | 'left_eye' | 'left_pupil' | 'right_eyebrow' | 'right_eye' | 'right_pupil' | 'short_sleeved_shirt' | 'long_sleeved_shirt' | 'short_sleeved_outwear' | 'long_sleeved_outwear' | 'vest' | 'sling' | 'shorts' | 'trousers' | 'skirt' | 'short_sleeved_dress' | 'long_sleeved_dress' | 'vest_dress' | 'sling_dress' | 'person' | 'bicycle' | 'car' | 'motorcycle' | 'airplane' | 'bus' | 'train' | 'truck' | 'boat' | 'traffic light' | 'fire hydrant' | 'stop sign' | 'parking meter' | 'bench' | 'bird' | 'cat' | 'dog' | 'horse' | 'sheep' | 'cow' | 'elephant' | 'bear' | 'zebra' | 'giraffe' | 'backpack' | 'umbrella' | 'handbag' | 'tie' | 'suitcase' | 'frisbee' | 'skis' | 'snowboard' | 'sports ball' | 'kite' | 'baseball bat' | 'baseball glove' | 'skateboard' | 'surfboard' | 'tennis racket' | 'bottle' | 'wine glass' | 'cup' | 'fork' | 'knife' | 'spoon' | 'bowl' | 'banana' | 'apple' | 'sandwich' | 'orange' | 'broccoli' | 'carrot' | 'hot dog' | 'pizza' | 'donut' | 'cake' | 'chair' | 'couch' | 'potted plant' | 'bed' | 'dining table' | 'toilet' | 'tv' | 'laptop' | 'mouse' | 'remote' | 'keyboard' | 'cell phone' | 'microwave' | 'oven' | 'toaster' | 'sink' | 'refrigerator' | 'book' | 'clock' | 'vase' | 'scissors' | 'teddy bear' | 'hair drier' | 'toothbrush';
export type ResamplingMethod = 'lanczos' | 'nearest' | 'bilinear' | 'bicubic';
export type RestoreMask = 'never' | 'always' | 'if_same_size';
export type Rotation = 'none' | '90 degrees' | '180 degrees' | '270 degrees';
export type SamDetectionHint = 'center-1' | 'horizontal-2' | 'vertical-2' | 'rect-4' | 'diamond-4' | 'mask-area' | 'mask-points' | 'mask-point-bbox' | 'none';
export type SamMaskHintUseNegative = 'False' | 'Small' | 'Outter';
export type SamplerName = 'euler' | 'euler_cfg_pp' | 'euler_ancestral' | 'euler_ancestral_cfg_pp' | 'heun' | 'heunpp2' | 'dpm_2' | 'dpm_2_ancestral' | 'lms' | 'dpm_fast' | 'dpm_adaptive' | 'dpmpp_2s_ancestral' | 'dpmpp_2s_ancestral_cfg_pp' | 'dpmpp_sde' | 'dpmpp_sde_gpu' | 'dpmpp_2m' | 'dpmpp_2m_cfg_pp' | 'dpmpp_2m_sde' | 'dpmpp_2m_sde_gpu' | 'dpmpp_2m_sde_heun' | 'dpmpp_2m_sde_heun_gpu' | 'dpmpp_3m_sde' | 'dpmpp_3m_sde_gpu' | 'ddpm' | 'lcm' | 'ipndm' | 'ipndm_v' | 'deis' | 'res_multistep' | 'res_multistep_cfg_pp' | 'res_multistep_ancestral' | 'res_multistep_ancestral_cfg_pp' | 'gradient_estimation' | 'gradient_estimation_cfg_pp' | 'er_sde' | 'seeds_2' | 'seeds_3' | 'sa_solver' | 'sa_solver_pece' | 'ddim' | 'uni_pc' | 'uni_pc_bh2';
export type ScaleMethod = 'nearest-exact' | 'bilinear' | 'lanczos' | 'area';
export type Scheduler = 'simple' | 'sgm_uniform' | 'karras' | 'exponential' | 'ddim_uniform' | 'beta' | 'normal' | 'linear_quadratic' | 'kl_optimal';
export type Scheduler2 = 'simple' | 'sgm_uniform' | 'karras' | 'exponential' | 'ddim_uniform' | 'beta' | 'normal' | 'linear_quadratic' | 'kl_optimal' | 'AYS SDXL' | 'AYS SD1' | 'AYS SVD' | 'GITS[coeff=1.2]';
export type TileMode = 'None' | 'Both' | 'Decode(input) only' | 'Encode(output) only';
export type UpscaleMethod = 'nearest-exact' | 'bilinear' | 'area' | 'bicubic' | 'lanczos';
export type UpscaleMethod2 = 'nearest-exact' | 'bilinear' | 'area' | 'bicubic' | 'bislerp';

/** Adaptive Projected Guidance (sampling/custom_sampling) */
export const APG: NodeFunction<{
  model: Link<'MODEL'>;
  /** Factor of the guidance parallel to the prediction. -10 to 10, in the editor 1. */
  eta: Float;
  /** Maximum norm of the guidance; 0 means no limit. 0 to 50, in the editor 5. */
  norm_threshold: Float;
  /** Factor of the guidance of earlier steps that is added. -5 to 1, in the editor 0. */
  momentum: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('APG', [['MODEL', 'MODEL']]);

/** Pixelwise(MASK + MASK) (ImpactPack/Operation) */
export const AddMask: NodeFunction<{
  mask1: Link<'MASK'>;
  mask2: Link<'MASK'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('AddMask', [['MASK', 'MASK']]);

/** AddNoise (_for_testing/custom_sampling/noise) */
export const AddNoise: NodeFunction<{
  model: Link<'MODEL'>;
  noise: Link<'NOISE'>;
  sigmas: Link<'SIGMAS'>;
  latent_image: Link<'LATENT'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('AddNoise', [['LATENT', 'LATENT']]);

/** AlignYourStepsScheduler (sampling/custom_sampling/schedulers) */
export const AlignYourStepsScheduler: NodeFunction<{
  model_type: OneOf<'SD1' | 'SDXL' | 'SVD'>;
  /** 1 to 10000, in the editor 10. */
  steps: Int;
  /** 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('AlignYourStepsScheduler', [['SIGMAS', 'SIGMAS']]);

/** Any PIPE -> BasicPipe (ImpactPack/Pipe) */
export const AnyPipeToBasic: NodeFunction<{
  any_pipe: Anything;
}, Node<{ basic_pipe: 'BASIC_PIPE' }>> = nodeFunction('AnyPipeToBasic', [['basic_pipe', 'BASIC_PIPE']]);

/** Duplicate Batch Index (latent) */
export const BNK_DuplicateBatchIndex: NodeFunction<{
  latents: Link<'LATENT'>;
  /** 0 to 63, in the editor 0. */
  batch_index: Int;
  /** 1 to 64, in the editor 1. */
  batch_size: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('BNK_DuplicateBatchIndex', [['LATENT', 'LATENT']]);

/**
 * Get Sigma (latent/noise): The strength for Inject Noise that gives a latent the noise a KSampler
 * expects at a step.
 */
export const BNK_GetSigma: NodeFunction<{
  model: Link<'MODEL'>;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler>;
  /** 0 to 10000, in the editor 10000. */
  steps: Int;
  /** 0 to 10000, in the editor 0. */
  start_at_step: Int;
  /** 1 to 10000, in the editor 10000. */
  end_at_step: Int;
}, Node<{ FLOAT: 'FLOAT' }>> = nodeFunction('BNK_GetSigma', [['FLOAT', 'FLOAT']]);

/** Inject Noise (latent/noise) */
export const BNK_InjectNoise: NodeFunction<{
  latents: Link<'LATENT'>;
  /** 0 to 200, in the editor 1. */
  strength: Float;
  noise?: Link<'LATENT'>;
  mask?: Link<'MASK'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('BNK_InjectNoise', [['LATENT', 'LATENT']]);

/** Noisy Latent Image (latent/noise): The noise of a seed, as a KSampler draws it, as a latent. */
export const BNK_NoisyLatentImage: NodeFunction<{
  /** Always the noise of the CPU. */
  source: OneOf<'CPU' | 'GPU'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 64 to 8192, in the editor 512. */
  width: Int;
  /** 64 to 8192, in the editor 512. */
  height: Int;
  /** 1 to 64, in the editor 1. */
  batch_size: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('BNK_NoisyLatentImage', [['LATENT', 'LATENT']]);

/** Slerp Latents (latent): Interpolates two noise latents spherically; the result is noise too. */
export const BNK_SlerpLatent: NodeFunction<{
  latents1: Link<'LATENT'>;
  /** 0 to 1, in the editor 0.5. */
  factor: Float;
  latents2?: Link<'LATENT'>;
  mask?: Link<'MASK'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('BNK_SlerpLatent', [['LATENT', 'LATENT']]);

/**
 * Unsampler (sampling): Computes the noise from which a deterministic sampler would produce a
 * latent.
 */
export const BNK_Unsampler: NodeFunction<{
  model: Link<'MODEL'>;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** The step, counted from full noise, at which it stops. 0 to 10000, in the editor 0. */
  end_at_step: Int;
  /** 0 to 100, in the editor 1. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler>;
  /** Normalizes to mean 0 and standard deviation 1. */
  normalize: OneOf<'disable' | 'enable'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  latent_image: Link<'LATENT'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('BNK_Unsampler', [['LATENT', 'LATENT']]);

/** BasicGuider (sampling/custom_sampling/guiders) */
export const BasicGuider: NodeFunction<{
  model: Link<'MODEL'>;
  conditioning: Link<'CONDITIONING'>;
}, Node<{ GUIDER: 'GUIDER' }>> = nodeFunction('BasicGuider', [['GUIDER', 'GUIDER']]);

/** BasicPipe -> DetailerPipe (ImpactPack/Pipe) */
export const BasicPipeToDetailerPipe: NodeFunction<{
  basic_pipe: Link<'BASIC_PIPE'>;
  bbox_detector: Link<'BBOX_DETECTOR'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  'Select to add LoRA': FileName;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
  sam_model_opt?: Link<'SAM_MODEL'>;
  segm_detector_opt?: Link<'SEGM_DETECTOR'>;
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE' }>> = nodeFunction('BasicPipeToDetailerPipe', [['detailer_pipe', 'DETAILER_PIPE']]);

/** BasicPipe -> DetailerPipe (SDXL) (ImpactPack/Pipe) */
export const BasicPipeToDetailerPipeSDXL: NodeFunction<{
  base_basic_pipe: Link<'BASIC_PIPE'>;
  refiner_basic_pipe: Link<'BASIC_PIPE'>;
  bbox_detector: Link<'BBOX_DETECTOR'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  'Select to add LoRA': FileName;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
  sam_model_opt?: Link<'SAM_MODEL'>;
  segm_detector_opt?: Link<'SEGM_DETECTOR'>;
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE' }>> = nodeFunction('BasicPipeToDetailerPipeSDXL', [['detailer_pipe', 'DETAILER_PIPE']]);

/** BasicScheduler (sampling/custom_sampling/schedulers) */
export const BasicScheduler: NodeFunction<{
  model: Link<'MODEL'>;
  scheduler: OneOf<Scheduler>;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('BasicScheduler', [['SIGMAS', 'SIGMAS']]);

/** BBOX Detector (combined) (ImpactPack/Detector) */
export const BboxDetectorCombined_v2: NodeFunction<{
  bbox_detector: Link<'BBOX_DETECTOR'>;
  image: Link<'IMAGE'>;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 4. */
  dilation: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('BboxDetectorCombined_v2', [['MASK', 'MASK']]);

/** BBOX Detector (SEGS) (ImpactPack/Detector) */
export const BboxDetectorSEGS: NodeFunction<{
  bbox_detector: Link<'BBOX_DETECTOR'>;
  image: Link<'IMAGE'>;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 10. */
  dilation: Int;
  /** Size of the crop region relative to the bbox. 1 to 100, in the editor 3. */
  crop_factor: Float;
  /** Smaller detections are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Labels to keep, separated by commas; `all` keeps everything. */
  labels: Text;
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('BboxDetectorSEGS', [['SEGS', 'SEGS']]);

/** BetaSamplingScheduler (sampling/custom_sampling/schedulers) */
export const BetaSamplingScheduler: NodeFunction<{
  model: Link<'MODEL'>;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 50, in the editor 0.6. */
  alpha: Float;
  /** 0 to 50, in the editor 0.6. */
  beta: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('BetaSamplingScheduler', [['SIGMAS', 'SIGMAS']]);

/** Pixelwise(MASK & MASK) (ImpactPack/Operation) */
export const BitwiseAndMask: NodeFunction<{
  mask1: Link<'MASK'>;
  mask2: Link<'MASK'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('BitwiseAndMask', [['MASK', 'MASK']]);

/** Pixelwise(SEGS & SEGS) (ImpactPack/Operation) */
export const BitwiseAndMaskForEach: NodeFunction<{
  base_segs: Link<'SEGS'>;
  mask_segs: Link<'SEGS'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('BitwiseAndMaskForEach', [['SEGS', 'SEGS']]);

/** CFGGuider (sampling/custom_sampling/guiders) */
export const CFGGuider: NodeFunction<{
  model: Link<'MODEL'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
}, Node<{ GUIDER: 'GUIDER' }>> = nodeFunction('CFGGuider', [['GUIDER', 'GUIDER']]);

/**
 * CFGNorm (advanced/guidance)
 * @experimental
 */
export const CFGNorm: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 100, in the editor 1. */
  strength: Float;
}, Node<{ patched_model: 'MODEL' }>> = nodeFunction('CFGNorm', [['patched_model', 'MODEL']]);

/** CFGZeroStar (advanced/guidance) */
export const CFGZeroStar: NodeFunction<{
  model: Link<'MODEL'>;
}, Node<{ patched_model: 'MODEL' }>> = nodeFunction('CFGZeroStar', [['patched_model', 'MODEL']]);

/**
 * CLIPAttentionMultiply (_for_testing/attention_experiments)
 * @experimental
 */
export const CLIPAttentionMultiply: NodeFunction<{
  clip: Link<'CLIP'>;
  /** 0 to 10, in the editor 1. */
  q: Float;
  /** 0 to 10, in the editor 1. */
  k: Float;
  /** 0 to 10, in the editor 1. */
  v: Float;
  /** 0 to 10, in the editor 1. */
  out: Float;
}, Node<{ CLIP: 'CLIP' }>> = nodeFunction('CLIPAttentionMultiply', [['CLIP', 'CLIP']]);

/**
 * Load CLIP (advanced/loaders): Loads a text encoder: CLIP-L for SD1.x, CLIP-H for SD2.x, CLIP-G
 * for the refiner of SDXL.
 */
export const CLIPLoader: NodeFunction<{
  /** A file of models/text_encoders. */
  clip_name: FileName;
  type: OneOf<'stable_diffusion' | 'stable_cascade' | 'sd3' | 'stable_audio' | 'mochi' | 'ltxv' | 'pixart' | 'cosmos' | 'lumina2' | 'wan' | 'hidream' | 'chroma' | 'ace' | 'omnigen2' | 'qwen_image' | 'hunyuan_image'>;
  device?: OneOf<'default' | 'cpu'>;
}, Node<{ CLIP: 'CLIP' }>> = nodeFunction('CLIPLoader', [['CLIP', 'CLIP']]);

/** CLIPMergeAdd (advanced/model_merging) */
export const CLIPMergeAdd: NodeFunction<{
  clip1: Link<'CLIP'>;
  clip2: Link<'CLIP'>;
}, Node<{ CLIP: 'CLIP' }>> = nodeFunction('CLIPMergeAdd', [['CLIP', 'CLIP']]);

/** CLIPMergeSimple (advanced/model_merging): A share of clip1 (ratio), the rest from clip2. */
export const CLIPMergeSimple: NodeFunction<{
  clip1: Link<'CLIP'>;
  clip2: Link<'CLIP'>;
  /** 0 to 1, in the editor 1. */
  ratio: Float;
}, Node<{ CLIP: 'CLIP' }>> = nodeFunction('CLIPMergeSimple', [['CLIP', 'CLIP']]);

/**
 * CLIPMergeSubtract (advanced/model_merging): The difference of clip1 and clip2, multiplied by a
 * factor.
 */
export const CLIPMergeSubtract: NodeFunction<{
  clip1: Link<'CLIP'>;
  clip2: Link<'CLIP'>;
  /** -10 to 10, in the editor 1. */
  multiplier: Float;
}, Node<{ CLIP: 'CLIP' }>> = nodeFunction('CLIPMergeSubtract', [['CLIP', 'CLIP']]);

/** CLIPSave (advanced/model_merging): Saves each text encoder in its own file. */
export const CLIPSave: NodeFunction<{
  clip: Link<'CLIP'>;
  filename_prefix: Text;
}, OutputNode> = nodeFunction('CLIPSave');

/** CLIPSeg (image): A mask of what the text names. Needs a file in the folder 'clipseg'. */
export const CLIPSeg: NodeFunction<{
  image: Link<'IMAGE'>;
  text: Text;
  /** 0 to 15, in the editor 7. */
  blur?: Float;
  /** 0 to 1, in the editor 0.4. */
  threshold?: Float;
  /** 0 to 10, in the editor 4. */
  dilation_factor?: Int;
  /** Without effect: the device is selected for all models together. In the editor true. */
  use_cuda?: Bool;
  /** All images of the batch, not only the first. In the editor false. */
  every_batch?: Bool;
}, Node<{ Mask: 'MASK'; 'Heatmap Mask': 'IMAGE'; 'BW Mask': 'IMAGE' }>> = nodeFunction('CLIPSeg', [['Mask', 'MASK'], ['Heatmap Mask', 'IMAGE'], ['BW Mask', 'IMAGE']]);

/**
 * CLIPSegDetectorProvider (ImpactPack/Util): Detects the objects that a text names, with a CLIPSeg
 * model of the models folder `clipseg`.
 */
export const CLIPSegDetectorProvider: NodeFunction<{
  /** The objects to detect, separated by commas. */
  text: Text;
  /** Blur of the mask. 0 to 15, in the editor 7. */
  blur: Float;
  /** Minimum confidence of the mask. 0 to 1, in the editor 0.4. */
  threshold: Float;
  /** Pixels by which the mask grows. 0 to 10, in the editor 4. */
  dilation_factor: Int;
}, Node<{ BBOX_DETECTOR: 'BBOX_DETECTOR' }>> = nodeFunction('CLIPSegDetectorProvider', [['BBOX_DETECTOR', 'BBOX_DETECTOR']]);

/** CLIP Set Last Layer (conditioning) */
export const CLIPSetLastLayer: NodeFunction<{
  clip: Link<'CLIP'>;
  /** -24 to -1, in the editor -1. */
  stop_at_clip_layer: Int;
}, Node<{ CLIP: 'CLIP' }>> = nodeFunction('CLIPSetLastLayer', [['CLIP', 'CLIP']]);

/**
 * CLIP Text Encode (Prompt) (conditioning): Encodes a prompt: what the image should show, or should
 * not show.
 */
export const CLIPTextEncode: NodeFunction<{
  /** The prompt. */
  text: Text;
  /** The text encoder, from a checkpoint loader. */
  clip: Link<'CLIP'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('CLIPTextEncode', [['CONDITIONING', 'CONDITIONING']]);

/** CLIPTextEncodeSDXL (advanced/conditioning) */
export const CLIPTextEncodeSDXL: NodeFunction<{
  clip: Link<'CLIP'>;
  /** 0 to 16384, in the editor 1024. */
  width: Int;
  /** 0 to 16384, in the editor 1024. */
  height: Int;
  /** 0 to 16384, in the editor 0. */
  crop_w: Int;
  /** 0 to 16384, in the editor 0. */
  crop_h: Int;
  /** 0 to 16384, in the editor 1024. */
  target_width: Int;
  /** 0 to 16384, in the editor 1024. */
  target_height: Int;
  text_g: Text;
  text_l: Text;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('CLIPTextEncodeSDXL', [['CONDITIONING', 'CONDITIONING']]);

/** CLIPTextEncodeSDXLRefiner (advanced/conditioning) */
export const CLIPTextEncodeSDXLRefiner: NodeFunction<{
  /** 0 to 1000, in the editor 6. */
  ascore: Float;
  /** 0 to 16384, in the editor 1024. */
  width: Int;
  /** 0 to 16384, in the editor 1024. */
  height: Int;
  text: Text;
  clip: Link<'CLIP'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('CLIPTextEncodeSDXLRefiner', [['CONDITIONING', 'CONDITIONING']]);

/** CLIP Vision Encode (conditioning) */
export const CLIPVisionEncode: NodeFunction<{
  clip_vision: Link<'CLIP_VISION'>;
  image: Link<'IMAGE'>;
  crop: OneOf<'center' | 'none'>;
}, Node<{ CLIP_VISION_OUTPUT: 'CLIP_VISION_OUTPUT' }>> = nodeFunction('CLIPVisionEncode', [['CLIP_VISION_OUTPUT', 'CLIP_VISION_OUTPUT']]);

/** Load CLIP Vision (loaders) */
export const CLIPVisionLoader: NodeFunction<{
  /** A file of models/clip_vision. */
  clip_name: FileName;
}, Node<{ CLIP_VISION: 'CLIP_VISION' }>> = nodeFunction('CLIPVisionLoader', [['CLIP_VISION', 'CLIP_VISION']]);

/** Canny (image/preprocessors) */
export const Canny: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 0.01 to 0.99, in the editor 0.4. */
  low_threshold: Float;
  /** 0.01 to 0.99, in the editor 0.8. */
  high_threshold: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('Canny', [['IMAGE', 'IMAGE']]);

/** Case Converter (utils/string) */
export const CaseConverter: NodeFunction<{
  string: Text;
  mode: OneOf<'UPPERCASE' | 'lowercase' | 'Capitalize' | 'Title Case'>;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('CaseConverter', [['STRING', 'STRING']]);

/**
 * CfgScheduleHookProvider (ImpactPack/Upscale): Changes the cfg over the steps of an iterative
 * upscale, in integers.
 */
export const CfgScheduleHookProvider: NodeFunction<{
  /** Changes by the same amount in each step. */
  schedule_for_iteration: OneOf<'simple'>;
  /** The cfg of the last step. 0 to 100, in the editor 3. */
  target_cfg: Float;
}, Node<{ PK_HOOK: 'PK_HOOK' }>> = nodeFunction('CfgScheduleHookProvider', [['PK_HOOK', 'PK_HOOK']]);

/**
 * Load Checkpoint With Config (DEPRECATED) (advanced/loaders): Loads a checkpoint. The
 * configuration only determines whether the model predicts v, and the last layer of CLIP; the rest
 * is in the checkpoint.
 * @deprecated
 */
export const CheckpointLoader: NodeFunction<{
  config_name: FileName;
  /** A file of models/checkpoints. */
  ckpt_name: FileName;
}, Node<{ MODEL: 'MODEL'; CLIP: 'CLIP'; VAE: 'VAE' }>> = nodeFunction('CheckpointLoader', [['MODEL', 'MODEL'], ['CLIP', 'CLIP'], ['VAE', 'VAE']]);

/**
 * Load Checkpoint (loaders): Loads a checkpoint: the model, its text encoders and its autoencoder.
 */
export const CheckpointLoaderSimple: NodeFunction<{
  /** The file. A file of models/checkpoints. */
  ckpt_name: FileName;
}, Node<{ MODEL: 'MODEL'; CLIP: 'CLIP'; VAE: 'VAE' }>> = nodeFunction('CheckpointLoaderSimple', [['MODEL', 'MODEL'], ['CLIP', 'CLIP'], ['VAE', 'VAE']]);

/**
 * Save Checkpoint (advanced/model_merging): Saves model, text encoders and autoencoder as one
 * checkpoint, with merges and LoRAs applied.
 */
export const CheckpointSave: NodeFunction<{
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  filename_prefix: Text;
}, OutputNode> = nodeFunction('CheckpointSave');

/** CombineRegionalPrompts (ImpactPack/Regional) */
export const CombineRegionalPrompts: NodeFunction<{
  /** A region. Each connection adds another input. */
  regional_prompts1: Link<'REGIONAL_PROMPTS'>;
  [more: `regional_prompts${number}`]: Link<'REGIONAL_PROMPTS'> | undefined;
}, Node<{ REGIONAL_PROMPTS: 'REGIONAL_PROMPTS' }>> = nodeFunction('CombineRegionalPrompts', [['REGIONAL_PROMPTS', 'REGIONAL_PROMPTS']]);

/** ConditioningAverage (conditioning) */
export const ConditioningAverage: NodeFunction<{
  conditioning_to: Link<'CONDITIONING'>;
  conditioning_from: Link<'CONDITIONING'>;
  /** 0 to 1, in the editor 1. */
  conditioning_to_strength: Float;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningAverage', [['CONDITIONING', 'CONDITIONING']]);

/** Conditioning (Combine) (conditioning) */
export const ConditioningCombine: NodeFunction<{
  conditioning_1: Link<'CONDITIONING'>;
  conditioning_2: Link<'CONDITIONING'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningCombine', [['CONDITIONING', 'CONDITIONING']]);

/** Conditioning (Concat) (conditioning) */
export const ConditioningConcat: NodeFunction<{
  conditioning_to: Link<'CONDITIONING'>;
  conditioning_from: Link<'CONDITIONING'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningConcat', [['CONDITIONING', 'CONDITIONING']]);

/** Conditioning (Set Area) (conditioning) */
export const ConditioningSetArea: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
  /** 64 to 16384, in the editor 64. */
  width: Int;
  /** 64 to 16384, in the editor 64. */
  height: Int;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
  /** 0 to 10, in the editor 1. */
  strength: Float;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningSetArea', [['CONDITIONING', 'CONDITIONING']]);

/** Conditioning (Set Area with Percentage) (conditioning) */
export const ConditioningSetAreaPercentage: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
  /** 0 to 1, in the editor 1. */
  width: Float;
  /** 0 to 1, in the editor 1. */
  height: Float;
  /** 0 to 1, in the editor 0. */
  x: Float;
  /** 0 to 1, in the editor 0. */
  y: Float;
  /** 0 to 10, in the editor 1. */
  strength: Float;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningSetAreaPercentage', [['CONDITIONING', 'CONDITIONING']]);

/** ConditioningSetAreaStrength (conditioning) */
export const ConditioningSetAreaStrength: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningSetAreaStrength', [['CONDITIONING', 'CONDITIONING']]);

/** Conditioning (Set Mask) (conditioning) */
export const ConditioningSetMask: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
  mask: Link<'MASK'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  set_cond_area: OneOf<'default' | 'mask bounds'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningSetMask', [['CONDITIONING', 'CONDITIONING']]);

/**
 * Cond Set Props (advanced/hooks/cond single)
 * @experimental
 */
export const ConditioningSetProperties: NodeFunction<{
  cond_NEW: Link<'CONDITIONING'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  set_cond_area: OneOf<'default' | 'mask bounds'>;
  mask?: Link<'MASK'>;
  hooks?: Link<'HOOKS'>;
  timesteps?: Link<'TIMESTEPS_RANGE'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningSetProperties', [['CONDITIONING', 'CONDITIONING']]);

/**
 * Cond Set Props Combine (advanced/hooks/cond single)
 * @experimental
 */
export const ConditioningSetPropertiesAndCombine: NodeFunction<{
  cond: Link<'CONDITIONING'>;
  cond_NEW: Link<'CONDITIONING'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  set_cond_area: OneOf<'default' | 'mask bounds'>;
  mask?: Link<'MASK'>;
  hooks?: Link<'HOOKS'>;
  timesteps?: Link<'TIMESTEPS_RANGE'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningSetPropertiesAndCombine', [['CONDITIONING', 'CONDITIONING']]);

/** ConditioningSetTimestepRange (advanced/conditioning) */
export const ConditioningSetTimestepRange: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
  /** 0 to 1, in the editor 0. */
  start: Float;
  /** 0 to 1, in the editor 1. */
  end: Float;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningSetTimestepRange', [['CONDITIONING', 'CONDITIONING']]);

/**
 * Timesteps Range (advanced/hooks)
 * @experimental
 */
export const ConditioningTimestepsRange: NodeFunction<{
  /** 0 to 1, in the editor 0. */
  start_percent: Float;
  /** 0 to 1, in the editor 1. */
  end_percent: Float;
}, Node<{ TIMESTEPS_RANGE: 'TIMESTEPS_RANGE'; BEFORE_RANGE: 'TIMESTEPS_RANGE'; AFTER_RANGE: 'TIMESTEPS_RANGE' }>> = nodeFunction('ConditioningTimestepsRange', [['TIMESTEPS_RANGE', 'TIMESTEPS_RANGE'], ['BEFORE_RANGE', 'TIMESTEPS_RANGE'], ['AFTER_RANGE', 'TIMESTEPS_RANGE']]);

/** ConditioningZeroOut (advanced/conditioning) */
export const ConditioningZeroOut: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ConditioningZeroOut', [['CONDITIONING', 'CONDITIONING']]);

/**
 * Apply ControlNet (OLD) (conditioning/controlnet)
 * @deprecated
 */
export const ControlNetApply: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
  control_net: Link<'CONTROL_NET'>;
  image: Link<'IMAGE'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ControlNetApply', [['CONDITIONING', 'CONDITIONING']]);

/** Apply ControlNet (conditioning/controlnet) */
export const ControlNetApplyAdvanced: NodeFunction<{
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  control_net: Link<'CONTROL_NET'>;
  image: Link<'IMAGE'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  /** 0 to 1, in the editor 0. */
  start_percent: Float;
  /** 0 to 1, in the editor 1. */
  end_percent: Float;
  /** Used by ControlNets for latents; those of SD1, SD2 and SDXL do not need it. */
  vae?: Link<'VAE'>;
}, Node<{ positive: 'CONDITIONING'; negative: 'CONDITIONING' }>> = nodeFunction('ControlNetApplyAdvanced', [['positive', 'CONDITIONING'], ['negative', 'CONDITIONING']]);

/** Load ControlNet Model (loaders) */
export const ControlNetLoader: NodeFunction<{
  /** A file of models/controlnet. */
  control_net_name: FileName;
}, Node<{ CONTROL_NET: 'CONTROL_NET' }>> = nodeFunction('ControlNetLoader', [['CONTROL_NET', 'CONTROL_NET']]);

/** CropMask (mask) */
export const CropMask: NodeFunction<{
  mask: Link<'MASK'>;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
  /** 1 to 16384, in the editor 512. */
  width: Int;
  /** 1 to 16384, in the editor 512. */
  height: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('CropMask', [['MASK', 'MASK']]);

/**
 * DenoiseScheduleHookProvider (ImpactPack/Upscale): Changes the denoise over the steps of an
 * iterative upscale.
 */
export const DenoiseScheduleHookProvider: NodeFunction<{
  /** Changes by the same amount in each step. */
  schedule_for_iteration: OneOf<'simple'>;
  /** The denoise of the last step. 0 to 1, in the editor 0.2. */
  target_denoise: Float;
}, Node<{ PK_HOOK: 'PK_HOOK' }>> = nodeFunction('DenoiseScheduleHookProvider', [['PK_HOOK', 'PK_HOOK']]);

/**
 * DenoiseSchedulerDetailerHookProvider (ImpactPack/Detailer): Moves the denoise to a target over
 * the cycles; a single cycle keeps its own.
 */
export const DenoiseSchedulerDetailerHookProvider: NodeFunction<{
  schedule_for_cycle: OneOf<'simple'>;
  /** 0 to 1, in the editor 0.3. */
  target_denoise: Float;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('DenoiseSchedulerDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/**
 * Detailer (SEGS) (ImpactPack/Detailer): Samples each segment of an image at a larger size and
 * pastes it back.
 */
export const DetailerForEach: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 1024. */
  max_size: Float;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** In the editor true. */
  noise_mask: Bool;
  /** In the editor true. */
  force_inpaint: Bool;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  detailer_hook?: Link<'DETAILER_HOOK'>;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('DetailerForEach', [['IMAGE', 'IMAGE']]);

/**
 * DetailerDebug (SEGS) (ImpactPack/Detailer): Samples each segment of an image at a larger size and
 * pastes it back.
 */
export const DetailerForEachDebug: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 1024. */
  max_size: Float;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** In the editor true. */
  noise_mask: Bool;
  /** In the editor true. */
  force_inpaint: Bool;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  detailer_hook?: Link<'DETAILER_HOOK'>;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ image: 'IMAGE'; cropped: 'IMAGE'; cropped_refined: 'IMAGE'; cropped_refined_alpha: 'IMAGE'; cnet_images: 'IMAGE' }>> = nodeFunction('DetailerForEachDebug', [['image', 'IMAGE'], ['cropped', 'IMAGE'], ['cropped_refined', 'IMAGE'], ['cropped_refined_alpha', 'IMAGE'], ['cnet_images', 'IMAGE']]);

/**
 * DetailerDebug (SEGS/pipe) (ImpactPack/Detailer): Samples each segment of an image at a larger
 * size and pastes it back.
 */
export const DetailerForEachDebugPipe: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 1024. */
  max_size: Float;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** In the editor true. */
  noise_mask: Bool;
  /** In the editor true. */
  force_inpaint: Bool;
  basic_pipe: Link<'BASIC_PIPE'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  /** Share of the steps that the refiner samples. 0 to 1, in the editor 0.2. */
  refiner_ratio: Float;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  detailer_hook?: Link<'DETAILER_HOOK'>;
  refiner_basic_pipe_opt?: Link<'BASIC_PIPE'>;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ image: 'IMAGE'; segs: 'SEGS'; basic_pipe: 'BASIC_PIPE'; cropped: 'IMAGE'; cropped_refined: 'IMAGE'; cropped_refined_alpha: 'IMAGE'; cnet_images: 'IMAGE' }>> = nodeFunction('DetailerForEachDebugPipe', [['image', 'IMAGE'], ['segs', 'SEGS'], ['basic_pipe', 'BASIC_PIPE'], ['cropped', 'IMAGE'], ['cropped_refined', 'IMAGE'], ['cropped_refined_alpha', 'IMAGE'], ['cnet_images', 'IMAGE']]);

/**
 * Detailer (SEGS/pipe) (ImpactPack/Detailer): Samples each segment of an image at a larger size and
 * pastes it back.
 */
export const DetailerForEachPipe: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 1024. */
  max_size: Float;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** In the editor true. */
  noise_mask: Bool;
  /** In the editor true. */
  force_inpaint: Bool;
  basic_pipe: Link<'BASIC_PIPE'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  /** Share of the steps that the refiner samples. 0 to 1, in the editor 0.2. */
  refiner_ratio: Float;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  detailer_hook?: Link<'DETAILER_HOOK'>;
  refiner_basic_pipe_opt?: Link<'BASIC_PIPE'>;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ image: 'IMAGE'; segs: 'SEGS'; basic_pipe: 'BASIC_PIPE'; cnet_images: 'IMAGE' }>> = nodeFunction('DetailerForEachPipe', [['image', 'IMAGE'], ['segs', 'SEGS'], ['basic_pipe', 'BASIC_PIPE'], ['cnet_images', 'IMAGE']]);

/**
 * DetailerHookCombine (ImpactPack/Upscale): Combines two hooks. As in the original, the noise is
 * all zeros if one of them has its own.
 */
export const DetailerHookCombine: NodeFunction<{
  hook1: Link<'DETAILER_HOOK'>;
  hook2: Link<'DETAILER_HOOK'>;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('DetailerHookCombine', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/** DetailerPipe -> BasicPipe (ImpactPack/Pipe) */
export const DetailerPipeToBasicPipe: NodeFunction<{
  detailer_pipe: Link<'DETAILER_PIPE'>;
}, Node<{ base_basic_pipe: 'BASIC_PIPE'; refiner_basic_pipe: 'BASIC_PIPE' }>> = nodeFunction('DetailerPipeToBasicPipe', [['base_basic_pipe', 'BASIC_PIPE'], ['refiner_basic_pipe', 'BASIC_PIPE']]);

/** Load ControlNet Model (diff) (loaders) */
export const DiffControlNetLoader: NodeFunction<{
  model: Link<'MODEL'>;
  /** A file of models/controlnet. */
  control_net_name: FileName;
}, Node<{ CONTROL_NET: 'CONTROL_NET' }>> = nodeFunction('DiffControlNetLoader', [['CONTROL_NET', 'CONTROL_NET']]);

/**
 * Differential Diffusion (_for_testing)
 * @experimental
 */
export const DifferentialDiffusion: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 1, in the editor 1. */
  strength?: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('DifferentialDiffusion', [['MODEL', 'MODEL']]);

/**
 * DiffusersLoader (advanced/loaders/deprecated): Loads a model from a folder in the layout of
 * diffusers.
 */
export const DiffusersLoader: NodeFunction<{
  /** A file of models/diffusers. */
  model_path: FileName;
}, Node<{ MODEL: 'MODEL'; CLIP: 'CLIP'; VAE: 'VAE' }>> = nodeFunction('DiffusersLoader', [['MODEL', 'MODEL'], ['CLIP', 'CLIP'], ['VAE', 'VAE']]);

/** DisableNoise (sampling/custom_sampling/noise) */
export const DisableNoise: NodeFunction<Record<string, never>, Node<{ NOISE: 'NOISE' }>> = nodeFunction('DisableNoise', [['NOISE', 'NOISE']]);

/** DualCFGGuider (sampling/custom_sampling/guiders) */
export const DualCFGGuider: NodeFunction<{
  model: Link<'MODEL'>;
  cond1: Link<'CONDITIONING'>;
  cond2: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** 0 to 100, in the editor 8. */
  cfg_conds: Float;
  /** 0 to 100, in the editor 8. */
  cfg_cond2_negative: Float;
  style: OneOf<'regular' | 'nested'>;
}, Node<{ GUIDER: 'GUIDER' }>> = nodeFunction('DualCFGGuider', [['GUIDER', 'GUIDER']]);

/**
 * DualCLIPLoader (advanced/loaders): Loads the two text encoders of SDXL, CLIP-L and CLIP-G, from
 * two files.
 */
export const DualCLIPLoader: NodeFunction<{
  /** A file of models/text_encoders. */
  clip_name1: FileName;
  /** A file of models/text_encoders. */
  clip_name2: FileName;
  type: OneOf<'sdxl' | 'sd3' | 'flux' | 'hunyuan_video' | 'hidream' | 'hunyuan_image'>;
  device?: OneOf<'default' | 'cpu'>;
}, Node<{ CLIP: 'CLIP' }>> = nodeFunction('DualCLIPLoader', [['CLIP', 'CLIP']]);

/** Edit BasicPipe (ImpactPack/Pipe) */
export const EditBasicPipe: NodeFunction<{
  basic_pipe: Link<'BASIC_PIPE'>;
  /** Replaces the pipe's value. */
  model?: Link<'MODEL'>;
  /** Replaces the pipe's value. */
  clip?: Link<'CLIP'>;
  /** Replaces the pipe's value. */
  vae?: Link<'VAE'>;
  /** Replaces the pipe's value. */
  positive?: Link<'CONDITIONING'>;
  /** Replaces the pipe's value. */
  negative?: Link<'CONDITIONING'>;
}, Node<{ basic_pipe: 'BASIC_PIPE' }>> = nodeFunction('EditBasicPipe', [['basic_pipe', 'BASIC_PIPE']]);

/** Edit DetailerPipe (ImpactPack/Pipe) */
export const EditDetailerPipe: NodeFunction<{
  detailer_pipe: Link<'DETAILER_PIPE'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  'Select to add LoRA': FileName;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
  /** Replaces the pipe's value. */
  model?: Link<'MODEL'>;
  /** Replaces the pipe's value. */
  clip?: Link<'CLIP'>;
  /** Replaces the pipe's value. */
  vae?: Link<'VAE'>;
  /** Replaces the pipe's value. */
  positive?: Link<'CONDITIONING'>;
  /** Replaces the pipe's value. */
  negative?: Link<'CONDITIONING'>;
  /** Replaces the pipe's value. */
  bbox_detector?: Link<'BBOX_DETECTOR'>;
  /** Replaces the pipe's value. */
  sam_model?: Link<'SAM_MODEL'>;
  /** Replaces the pipe's value. */
  segm_detector?: Link<'SEGM_DETECTOR'>;
  /** Replaces the pipe's value. */
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE' }>> = nodeFunction('EditDetailerPipe', [['detailer_pipe', 'DETAILER_PIPE']]);

/** Edit DetailerPipe (SDXL) (ImpactPack/Pipe) */
export const EditDetailerPipeSDXL: NodeFunction<{
  detailer_pipe: Link<'DETAILER_PIPE'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  'Select to add LoRA': FileName;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
  /** Replaces the pipe's value. */
  model?: Link<'MODEL'>;
  /** Replaces the pipe's value. */
  clip?: Link<'CLIP'>;
  /** Replaces the pipe's value. */
  vae?: Link<'VAE'>;
  /** Replaces the pipe's value. */
  positive?: Link<'CONDITIONING'>;
  /** Replaces the pipe's value. */
  negative?: Link<'CONDITIONING'>;
  /** Replaces the pipe's value. */
  refiner_model?: Link<'MODEL'>;
  /** Replaces the pipe's value. */
  refiner_clip?: Link<'CLIP'>;
  /** Replaces the pipe's value. */
  refiner_positive?: Link<'CONDITIONING'>;
  /** Replaces the pipe's value. */
  refiner_negative?: Link<'CONDITIONING'>;
  /** Replaces the pipe's value. */
  bbox_detector?: Link<'BBOX_DETECTOR'>;
  /** Replaces the pipe's value. */
  sam_model?: Link<'SAM_MODEL'>;
  /** Replaces the pipe's value. */
  segm_detector?: Link<'SEGM_DETECTOR'>;
  /** Replaces the pipe's value. */
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE' }>> = nodeFunction('EditDetailerPipeSDXL', [['detailer_pipe', 'DETAILER_PIPE']]);

/** EmptyImage (image) */
export const EmptyImage: NodeFunction<{
  /** 1 to 16384, in the editor 512. */
  width: Int;
  /** 1 to 16384, in the editor 512. */
  height: Int;
  /** 1 to 4096, in the editor 1. */
  batch_size: Int;
  /** 0 to 16777215, in the editor 0. */
  color: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('EmptyImage', [['IMAGE', 'IMAGE']]);

/** Empty Latent Image (latent): A batch of latents of zeros, the start of a text-to-image run. */
export const EmptyLatentImage: NodeFunction<{
  /** Width of the image in pixels. 16 to 16384, in the editor 512. */
  width: Int;
  /** Height of the image in pixels. 16 to 16384, in the editor 512. */
  height: Int;
  /** Number of images. 1 to 4096, in the editor 1. */
  batch_size: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('EmptyLatentImage', [['LATENT', 'LATENT']]);

/** EmptySegs (ImpactPack/Util) */
export const EmptySegs: NodeFunction<Record<string, never>, Node<{ SEGS: 'SEGS' }>> = nodeFunction('EmptySegs', [['SEGS', 'SEGS']]);

/** ExponentialScheduler (sampling/custom_sampling/schedulers) */
export const ExponentialScheduler: NodeFunction<{
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 5000, in the editor 14.614642. */
  sigma_max: Float;
  /** 0 to 5000, in the editor 0.0291675. */
  sigma_min: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('ExponentialScheduler', [['SIGMAS', 'SIGMAS']]);

/** ExtendIntermediateSigmas (sampling/custom_sampling/sigmas) */
export const ExtendIntermediateSigmas: NodeFunction<{
  sigmas: Link<'SIGMAS'>;
  /** 1 to 100, in the editor 2. */
  steps: Int;
  /** -1 to 20000, in the editor -1. */
  start_at_sigma: Float;
  /** 0 to 20000, in the editor 12. */
  end_at_sigma: Float;
  spacing: OneOf<'linear' | 'cosine' | 'sine'>;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('ExtendIntermediateSigmas', [['SIGMAS', 'SIGMAS']]);

/**
 * FaceDetailer (ImpactPack/Simple): Detects segments of an image (faces, hands) and samples them at
 * a larger size.
 */
export const FaceDetailer: NodeFunction<{
  image: Link<'IMAGE'>;
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 1024. */
  max_size: Float;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** In the editor true. */
  noise_mask: Bool;
  /** In the editor true. */
  force_inpaint: Bool;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  bbox_threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 10. */
  bbox_dilation: Int;
  /** Size of the crop region relative to the bbox. 1 to 10, in the editor 3. */
  bbox_crop_factor: Float;
  sam_detection_hint: OneOf<SamDetectionHint>;
  /** -512 to 512, in the editor 0. */
  sam_dilation: Int;
  /** 0 to 1, in the editor 0.93. */
  sam_threshold: Float;
  /** 0 to 1000, in the editor 0. */
  sam_bbox_expansion: Int;
  /** 0 to 1, in the editor 0.7. */
  sam_mask_hint_threshold: Float;
  sam_mask_hint_use_negative: OneOf<SamMaskHintUseNegative>;
  /** Smaller detections are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  bbox_detector: Link<'BBOX_DETECTOR'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  sam_model_opt?: Link<'SAM_MODEL'>;
  segm_detector_opt?: Link<'SEGM_DETECTOR'>;
  detailer_hook?: Link<'DETAILER_HOOK'>;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ image: 'IMAGE'; cropped_refined: 'IMAGE'; cropped_enhanced_alpha: 'IMAGE'; mask: 'MASK'; detailer_pipe: 'DETAILER_PIPE'; cnet_images: 'IMAGE' }>> = nodeFunction('FaceDetailer', [['image', 'IMAGE'], ['cropped_refined', 'IMAGE'], ['cropped_enhanced_alpha', 'IMAGE'], ['mask', 'MASK'], ['detailer_pipe', 'DETAILER_PIPE'], ['cnet_images', 'IMAGE']]);

/**
 * FaceDetailer (pipe) (ImpactPack/Simple): Detects segments of an image (faces, hands) and samples
 * them at a larger size.
 */
export const FaceDetailerPipe: NodeFunction<{
  image: Link<'IMAGE'>;
  detailer_pipe: Link<'DETAILER_PIPE'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 1024. */
  max_size: Float;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** In the editor true. */
  noise_mask: Bool;
  /** In the editor true. */
  force_inpaint: Bool;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  bbox_threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 10. */
  bbox_dilation: Int;
  /** Size of the crop region relative to the bbox. 1 to 10, in the editor 3. */
  bbox_crop_factor: Float;
  sam_detection_hint: OneOf<SamDetectionHint>;
  /** -512 to 512, in the editor 0. */
  sam_dilation: Int;
  /** 0 to 1, in the editor 0.93. */
  sam_threshold: Float;
  /** 0 to 1000, in the editor 0. */
  sam_bbox_expansion: Int;
  /** 0 to 1, in the editor 0.7. */
  sam_mask_hint_threshold: Float;
  sam_mask_hint_use_negative: OneOf<SamMaskHintUseNegative>;
  /** Smaller detections are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Share of the steps that the refiner samples. 0 to 1, in the editor 0.2. */
  refiner_ratio: Float;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ image: 'IMAGE'; cropped_refined: 'IMAGE'; cropped_enhanced_alpha: 'IMAGE'; mask: 'MASK'; detailer_pipe: 'DETAILER_PIPE'; cnet_images: 'IMAGE' }>> = nodeFunction('FaceDetailerPipe', [['image', 'IMAGE'], ['cropped_refined', 'IMAGE'], ['cropped_enhanced_alpha', 'IMAGE'], ['mask', 'MASK'], ['detailer_pipe', 'DETAILER_PIPE'], ['cnet_images', 'IMAGE']]);

/** FeatherMask (mask) */
export const FeatherMask: NodeFunction<{
  mask: Link<'MASK'>;
  /** 0 to 16384, in the editor 0. */
  left: Int;
  /** 0 to 16384, in the editor 0. */
  top: Int;
  /** 0 to 16384, in the editor 0. */
  right: Int;
  /** 0 to 16384, in the editor 0. */
  bottom: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('FeatherMask', [['MASK', 'MASK']]);

/** FlipSigmas (sampling/custom_sampling/sigmas) */
export const FlipSigmas: NodeFunction<{
  sigmas: Link<'SIGMAS'>;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('FlipSigmas', [['SIGMAS', 'SIGMAS']]);

/**
 * FreSca (_for_testing): Scales low and high frequencies of the guidance separately.
 * @experimental
 */
export const FreSca: NodeFunction<{
  model: Link<'MODEL'>;
  /** Factor of the low frequencies. 0 to 10, in the editor 1. */
  scale_low: Float;
  /** Factor of the high frequencies. 0 to 10, in the editor 1.25. */
  scale_high: Float;
  /** Number of low frequencies in each direction. 1 to 10000, in the editor 20. */
  freq_cutoff: Int;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('FreSca', [['MODEL', 'MODEL']]);

/** FreeU (model_patches/unet) */
export const FreeU: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 10, in the editor 1.1. */
  b1: Float;
  /** 0 to 10, in the editor 1.2. */
  b2: Float;
  /** 0 to 10, in the editor 0.9. */
  s1: Float;
  /** 0 to 10, in the editor 0.2. */
  s2: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('FreeU', [['MODEL', 'MODEL']]);

/** FreeU_V2 (model_patches/unet) */
export const FreeU_V2: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 10, in the editor 1.3. */
  b1: Float;
  /** 0 to 10, in the editor 1.4. */
  b2: Float;
  /** 0 to 10, in the editor 0.9. */
  s1: Float;
  /** 0 to 10, in the editor 0.2. */
  s2: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('FreeU_V2', [['MODEL', 'MODEL']]);

/** FromBasicPipe (ImpactPack/Pipe) */
export const FromBasicPipe: NodeFunction<{
  basic_pipe: Link<'BASIC_PIPE'>;
}, Node<{ model: 'MODEL'; clip: 'CLIP'; vae: 'VAE'; positive: 'CONDITIONING'; negative: 'CONDITIONING' }>> = nodeFunction('FromBasicPipe', [['model', 'MODEL'], ['clip', 'CLIP'], ['vae', 'VAE'], ['positive', 'CONDITIONING'], ['negative', 'CONDITIONING']]);

/** FromBasicPipe_v2 (ImpactPack/Pipe) */
export const FromBasicPipe_v2: NodeFunction<{
  basic_pipe: Link<'BASIC_PIPE'>;
}, Node<{ basic_pipe: 'BASIC_PIPE'; model: 'MODEL'; clip: 'CLIP'; vae: 'VAE'; positive: 'CONDITIONING'; negative: 'CONDITIONING' }>> = nodeFunction('FromBasicPipe_v2', [['basic_pipe', 'BASIC_PIPE'], ['model', 'MODEL'], ['clip', 'CLIP'], ['vae', 'VAE'], ['positive', 'CONDITIONING'], ['negative', 'CONDITIONING']]);

/** FromDetailerPipe (ImpactPack/Pipe) */
export const FromDetailerPipe: NodeFunction<{
  detailer_pipe: Link<'DETAILER_PIPE'>;
}, Node<{ model: 'MODEL'; clip: 'CLIP'; vae: 'VAE'; positive: 'CONDITIONING'; negative: 'CONDITIONING'; bbox_detector: 'BBOX_DETECTOR'; sam_model_opt: 'SAM_MODEL'; segm_detector_opt: 'SEGM_DETECTOR'; detailer_hook: 'DETAILER_HOOK' }>> = nodeFunction('FromDetailerPipe', [['model', 'MODEL'], ['clip', 'CLIP'], ['vae', 'VAE'], ['positive', 'CONDITIONING'], ['negative', 'CONDITIONING'], ['bbox_detector', 'BBOX_DETECTOR'], ['sam_model_opt', 'SAM_MODEL'], ['segm_detector_opt', 'SEGM_DETECTOR'], ['detailer_hook', 'DETAILER_HOOK']]);

/** FromDetailer (SDXL/pipe) (ImpactPack/Pipe) */
export const FromDetailerPipeSDXL: NodeFunction<{
  detailer_pipe: Link<'DETAILER_PIPE'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE'; model: 'MODEL'; clip: 'CLIP'; vae: 'VAE'; positive: 'CONDITIONING'; negative: 'CONDITIONING'; bbox_detector: 'BBOX_DETECTOR'; sam_model_opt: 'SAM_MODEL'; segm_detector_opt: 'SEGM_DETECTOR'; detailer_hook: 'DETAILER_HOOK'; refiner_model: 'MODEL'; refiner_clip: 'CLIP'; refiner_positive: 'CONDITIONING'; refiner_negative: 'CONDITIONING' }>> = nodeFunction('FromDetailerPipeSDXL', [['detailer_pipe', 'DETAILER_PIPE'], ['model', 'MODEL'], ['clip', 'CLIP'], ['vae', 'VAE'], ['positive', 'CONDITIONING'], ['negative', 'CONDITIONING'], ['bbox_detector', 'BBOX_DETECTOR'], ['sam_model_opt', 'SAM_MODEL'], ['segm_detector_opt', 'SEGM_DETECTOR'], ['detailer_hook', 'DETAILER_HOOK'], ['refiner_model', 'MODEL'], ['refiner_clip', 'CLIP'], ['refiner_positive', 'CONDITIONING'], ['refiner_negative', 'CONDITIONING']]);

/** FromDetailerPipe_v2 (ImpactPack/Pipe) */
export const FromDetailerPipe_v2: NodeFunction<{
  detailer_pipe: Link<'DETAILER_PIPE'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE'; model: 'MODEL'; clip: 'CLIP'; vae: 'VAE'; positive: 'CONDITIONING'; negative: 'CONDITIONING'; bbox_detector: 'BBOX_DETECTOR'; sam_model_opt: 'SAM_MODEL'; segm_detector_opt: 'SEGM_DETECTOR'; detailer_hook: 'DETAILER_HOOK' }>> = nodeFunction('FromDetailerPipe_v2', [['detailer_pipe', 'DETAILER_PIPE'], ['model', 'MODEL'], ['clip', 'CLIP'], ['vae', 'VAE'], ['positive', 'CONDITIONING'], ['negative', 'CONDITIONING'], ['bbox_detector', 'BBOX_DETECTOR'], ['sam_model_opt', 'SAM_MODEL'], ['segm_detector_opt', 'SEGM_DETECTOR'], ['detailer_hook', 'DETAILER_HOOK']]);

/** GITSScheduler (sampling/custom_sampling/schedulers) */
export const GITSScheduler: NodeFunction<{
  /** 0.8 to 1.5, in the editor 1.2. */
  coeff: Float;
  /** 2 to 1000, in the editor 10. */
  steps: Int;
  /** 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('GITSScheduler', [['SIGMAS', 'SIGMAS']]);

/**
 * GITSScheduler Func Provider (ImpactPack/sampling): The GITS schedule, for any number of steps.
 */
export const GITSSchedulerFuncProvider: NodeFunction<{
  /** Larger values place more small steps at the end. 0.8 to 1.5, in the editor 1.2. */
  coeff: Float;
  /** Share of the steps that is run, at the end of the schedule. 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ SCHEDULER_FUNC: 'SCHEDULER_FUNC' }>> = nodeFunction('GITSSchedulerFuncProvider', [['SCHEDULER_FUNC', 'SCHEDULER_FUNC']]);

/**
 * GLIGENLoader (loaders): Not supported: GLIGEN models are not supported. Position objects with
 * ConditioningSetArea or ConditioningSetMask.
 */
export const GLIGENLoader: NodeFunction<{
  /** A file of models/gligen. */
  gligen_name: FileName;
}, Node<{ GLIGEN: 'GLIGEN' }>> = nodeFunction('GLIGENLoader', [['GLIGEN', 'GLIGEN']]);

/** Get Image Size (image): Width, height and number of the images. */
export const GetImageSize: NodeFunction<{
  image: Link<'IMAGE'>;
}, Node<{ width: 'INT'; height: 'INT'; batch_size: 'INT' }>> = nodeFunction('GetImageSize', [['width', 'INT'], ['height', 'INT'], ['batch_size', 'INT']]);

/** GrowMask (mask) */
export const GrowMask: NodeFunction<{
  mask: Link<'MASK'>;
  /** -16384 to 16384, in the editor 0. */
  expand: Int;
  /** In the editor true. */
  tapered_corners: Bool;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('GrowMask', [['MASK', 'MASK']]);

/** HypernetworkLoader (loaders) */
export const HypernetworkLoader: NodeFunction<{
  model: Link<'MODEL'>;
  /** A file of models/hypernetworks. */
  hypernetwork_name: FileName;
  /** -10 to 10, in the editor 1. */
  strength: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('HypernetworkLoader', [['MODEL', 'MODEL']]);

/** ImageAddNoise (image) */
export const ImageAddNoise: NodeFunction<{
  image: Link<'IMAGE'>;
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 0 to 1, in the editor 0.5. */
  strength: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageAddNoise', [['IMAGE', 'IMAGE']]);

/** Batch Images (image) */
export const ImageBatch: NodeFunction<{
  image1: Link<'IMAGE'>;
  image2: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageBatch', [['IMAGE', 'IMAGE']]);

/** Image Blend (image/postprocessing) */
export const ImageBlend: NodeFunction<{
  image1: Link<'IMAGE'>;
  image2: Link<'IMAGE'>;
  /** 0 to 1, in the editor 0.5. */
  blend_factor: Float;
  blend_mode: OneOf<'normal' | 'multiply' | 'screen' | 'overlay' | 'soft_light' | 'difference'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageBlend', [['IMAGE', 'IMAGE']]);

/** Image Blur (image/postprocessing) */
export const ImageBlur: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 1 to 31, in the editor 1. */
  blur_radius: Int;
  /** 0.1 to 10, in the editor 1. */
  sigma: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageBlur', [['IMAGE', 'IMAGE']]);

/** ImageColorToMask (mask) */
export const ImageColorToMask: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 0 to 16777215, in the editor 0. */
  color: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImageColorToMask', [['MASK', 'MASK']]);

/** ImageCompositeMasked (image) */
export const ImageCompositeMasked: NodeFunction<{
  destination: Link<'IMAGE'>;
  source: Link<'IMAGE'>;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
  /** In the editor false. */
  resize_source: Bool;
  mask?: Link<'MASK'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageCompositeMasked', [['IMAGE', 'IMAGE']]);

/** Image Crop (image/transform) */
export const ImageCrop: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 1 to 16384, in the editor 512. */
  width: Int;
  /** 1 to 16384, in the editor 512. */
  height: Int;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageCrop', [['IMAGE', 'IMAGE']]);

/** ImageFlip (image/transform) */
export const ImageFlip: NodeFunction<{
  image: Link<'IMAGE'>;
  flip_method: OneOf<'x-axis: vertically' | 'y-axis: horizontally'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageFlip', [['IMAGE', 'IMAGE']]);

/** ImageFromBatch (image/batch) */
export const ImageFromBatch: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 0 to 4095, in the editor 0. */
  batch_index: Int;
  /** 1 to 4096, in the editor 1. */
  length: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageFromBatch', [['IMAGE', 'IMAGE']]);

/** Invert Image (image) */
export const ImageInvert: NodeFunction<{
  image: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageInvert', [['IMAGE', 'IMAGE']]);

/**
 * Image List to Image Batch (ImpactPack/Operation): Joins images to a batch; those of another size
 * than the first are cropped to its aspect ratio around the centre and resized.
 */
export const ImageListToImageBatch: NodeFunction<{
  images: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageListToImageBatch', [['IMAGE', 'IMAGE']]);

/** Switch (images, mask) (ImpactPack/Util) */
export const ImageMaskSwitch: NodeFunction<{
  /** 1 to 4, in the editor 1. */
  select: Int;
  images1: Link<'IMAGE'>;
  mask1_opt?: Link<'MASK'>;
  images2_opt?: Link<'IMAGE'>;
  mask2_opt?: Link<'MASK'>;
  images3_opt?: Link<'IMAGE'>;
  mask3_opt?: Link<'MASK'>;
  images4_opt?: Link<'IMAGE'>;
  mask4_opt?: Link<'MASK'>;
}, OutputNode<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('ImageMaskSwitch', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/**
 * Image Only Checkpoint Loader (img2vid model) (loaders/video_models): Loads the parts of a
 * checkpoint whose conditioning is an image. Video models are not supported.
 */
export const ImageOnlyCheckpointLoader: NodeFunction<{
  /** A file of models/checkpoints. */
  ckpt_name: FileName;
}, Node<{ MODEL: 'MODEL'; CLIP_VISION: 'CLIP_VISION'; VAE: 'VAE' }>> = nodeFunction('ImageOnlyCheckpointLoader', [['MODEL', 'MODEL'], ['CLIP_VISION', 'CLIP_VISION'], ['VAE', 'VAE']]);

/** Pad Image for Outpainting (image) */
export const ImagePadForOutpaint: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 0 to 16384, in the editor 0. */
  left: Int;
  /** 0 to 16384, in the editor 0. */
  top: Int;
  /** 0 to 16384, in the editor 0. */
  right: Int;
  /** 0 to 16384, in the editor 0. */
  bottom: Int;
  /** 0 to 16384, in the editor 40. */
  feathering: Int;
}, Node<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('ImagePadForOutpaint', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/** ImageRGBToYUV (image/batch) */
export const ImageRGBToYUV: NodeFunction<{
  image: Link<'IMAGE'>;
}, Node<{ Y: 'IMAGE'; U: 'IMAGE'; V: 'IMAGE' }>> = nodeFunction('ImageRGBToYUV', [['Y', 'IMAGE'], ['U', 'IMAGE'], ['V', 'IMAGE']]);

/**
 * Image Receiver (ImpactPack/Util): Loads an image of the input folder, or one that is stored in
 * the workflow.
 */
export const ImageReceiver: NodeFunction<{
  image: FileName;
  /** 0 to 9223372036854775807, in the editor 0. */
  link_id: Int;
  /** In the editor false. */
  save_to_workflow: Bool;
  image_data: Text;
  /** In the editor false. */
  trigger_always: Bool;
}, Node<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('ImageReceiver', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/** ImageRotate (image/transform) */
export const ImageRotate: NodeFunction<{
  image: Link<'IMAGE'>;
  rotation: OneOf<Rotation>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageRotate', [['IMAGE', 'IMAGE']]);

/** Upscale Image (image/upscaling) */
export const ImageScale: NodeFunction<{
  image: Link<'IMAGE'>;
  upscale_method: OneOf<UpscaleMethod>;
  /** 0 to 16384, in the editor 512. */
  width: Int;
  /** 0 to 16384, in the editor 512. */
  height: Int;
  crop: OneOf<'disabled' | 'center'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageScale', [['IMAGE', 'IMAGE']]);

/** Upscale Image By (image/upscaling) */
export const ImageScaleBy: NodeFunction<{
  image: Link<'IMAGE'>;
  upscale_method: OneOf<UpscaleMethod>;
  /** 0.01 to 8, in the editor 1. */
  scale_by: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageScaleBy', [['IMAGE', 'IMAGE']]);

/** ImageScaleToMaxDimension (image/upscaling) */
export const ImageScaleToMaxDimension: NodeFunction<{
  image: Link<'IMAGE'>;
  upscale_method: OneOf<'area' | 'lanczos' | 'bilinear' | 'nearest-exact' | 'bilinear' | 'bicubic'>;
  /** 0 to 16384, in the editor 512. */
  largest_size: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageScaleToMaxDimension', [['IMAGE', 'IMAGE']]);

/** Scale Image to Total Pixels (image/upscaling) */
export const ImageScaleToTotalPixels: NodeFunction<{
  image: Link<'IMAGE'>;
  upscale_method: OneOf<UpscaleMethod>;
  /** 0.01 to 16, in the editor 1. */
  megapixels: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageScaleToTotalPixels', [['IMAGE', 'IMAGE']]);

/**
 * Image Sender (ImpactPack/Util): Shows images, and sends them to the receivers with the same
 * link_id in the editor.
 */
export const ImageSender: NodeFunction<{
  images: Link<'IMAGE'>;
  filename_prefix: Text;
  /** 0 to 9223372036854775807, in the editor 0. */
  link_id: Int;
}, OutputNode> = nodeFunction('ImageSender');

/** Image Sharpen (image/postprocessing) */
export const ImageSharpen: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 1 to 31, in the editor 1. */
  sharpen_radius: Int;
  /** 0.1 to 10, in the editor 1. */
  sigma: Float;
  /** 0 to 5, in the editor 1. */
  alpha: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageSharpen', [['IMAGE', 'IMAGE']]);

/**
 * Image Stitch (image/transform): Places image2 beside image1, with optional spacing. Without
 * image2, image1 is unchanged.
 */
export const ImageStitch: NodeFunction<{
  image1: Link<'IMAGE'>;
  /** In the editor right. */
  direction: OneOf<'right' | 'down' | 'left' | 'up'>;
  /** In the editor true. */
  match_image_size: Bool;
  /** 0 to 1024, in the editor 0. */
  spacing_width: Int;
  /** In the editor white. */
  spacing_color: OneOf<'white' | 'black' | 'red' | 'green' | 'blue'>;
  image2?: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageStitch', [['IMAGE', 'IMAGE']]);

/** Convert Image to Mask (mask) */
export const ImageToMask: NodeFunction<{
  image: Link<'IMAGE'>;
  channel: OneOf<'red' | 'green' | 'blue' | 'alpha'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImageToMask', [['MASK', 'MASK']]);

/**
 * Upscale Image (using Model) (image/upscaling): Enlarges images by the factor of the model, in
 * tiles of 512 pixels.
 */
export const ImageUpscaleWithModel: NodeFunction<{
  /** The model. It determines the factor. */
  upscale_model: Link<'UPSCALE_MODEL'>;
  /** The images. */
  image: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageUpscaleWithModel', [['IMAGE', 'IMAGE']]);

/** ImageYUVToRGB (image/batch) */
export const ImageYUVToRGB: NodeFunction<{
  Y: Link<'IMAGE'>;
  U: Link<'IMAGE'>;
  V: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImageYUVToRGB', [['IMAGE', 'IMAGE']]);

/** Assemble (SEGS) (ImpactPack/Util) */
export const ImpactAssembleSEGS: NodeFunction<{
  seg_header: Link<'SEGS_HEADER'>;
  seg_elt: Link<'SEG_ELT'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactAssembleSEGS', [['SEGS', 'SEGS']]);

/** ImpactBoolean (ImpactPack/Logic) */
export const ImpactBoolean: NodeFunction<{
  /** In the editor false. */
  value: Bool;
}, Node<{ BOOLEAN: 'BOOLEAN' }>> = nodeFunction('ImpactBoolean', [['BOOLEAN', 'BOOLEAN']]);

/**
 * Combine Conditionings (ImpactPack/Util): Combines prompts, each of which is evaluated on its own.
 */
export const ImpactCombineConditionings: NodeFunction<{
  /** The first prompt. Each connection adds another input. */
  conditioning1: Link<'CONDITIONING'>;
  [more: `conditioning${number}`]: Link<'CONDITIONING'> | undefined;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ImpactCombineConditionings', [['CONDITIONING', 'CONDITIONING']]);

/** ImpactCompare (ImpactPack/Logic) */
export const ImpactCompare: NodeFunction<{
  cmp: OneOf<'a = b' | 'a <> b' | 'a > b' | 'a < b' | 'a >= b' | 'a <= b' | 'tt' | 'ff'>;
  a: Anything;
  b: Anything;
}, Node<{ BOOLEAN: 'BOOLEAN' }>> = nodeFunction('ImpactCompare', [['BOOLEAN', 'BOOLEAN']]);

/** Concat Conditionings (ImpactPack/Util): Concatenates the tokens of all prompts. */
export const ImpactConcatConditionings: NodeFunction<{
  /** The first prompt. Each connection adds another input. */
  conditioning1: Link<'CONDITIONING'>;
  [more: `conditioning${number}`]: Link<'CONDITIONING'> | undefined;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ImpactConcatConditionings', [['CONDITIONING', 'CONDITIONING']]);

/** ImpactConditionalBranch (ImpactPack/Logic): Only the selected branch runs. */
export const ImpactConditionalBranch: NodeFunction<{
  /** In the editor false. */
  cond: Bool;
  tt_value: Anything;
  ff_value: Anything;
}, Node<{ '*': never }>> = nodeFunction('ImpactConditionalBranch', [['*', '*']]);

/**
 * ImpactConditionalBranchSelMode (ImpactPack/Logic): Both branches run, unless sel_mode selects one
 * before the run.
 */
export const ImpactConditionalBranchSelMode: NodeFunction<{
  /** In the editor false. */
  cond: Bool;
  tt_value?: Anything;
  ff_value?: Anything;
}, Node<{ '*': never }>> = nodeFunction('ImpactConditionalBranchSelMode', [['*', '*']]);

/** ImpactConditionalStopIteration (ImpactPack/Logic): Stops the automatic queue of the editor. */
export const ImpactConditionalStopIteration: NodeFunction<{
  /** In the editor false. */
  cond: Bool;
}, OutputNode> = nodeFunction('ImpactConditionalStopIteration');

/**
 * Control Bridge (ImpactPack/Logic): Passes its value on while it is active. Otherwise, Stop and
 * Mute block the nodes that follow; Bypass, for which the editor changes the workflow, passes the
 * value on.
 */
export const ImpactControlBridge: NodeFunction<{
  value: Anything;
  /** In the editor true. */
  mode: Bool;
  behavior: OneOf<'Stop' | 'Mute' | 'Bypass'>;
}, OutputNode<{ value: never }>> = nodeFunction('ImpactControlBridge', [['value', '*']]);

/** ControlNetApply (SEGS) (ImpactPack/Util) */
export const ImpactControlNetApplyAdvancedSEGS: NodeFunction<{
  segs: Link<'SEGS'>;
  control_net: Link<'CONTROL_NET'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  /** 0 to 1, in the editor 0. */
  start_percent: Float;
  /** 0 to 1, in the editor 1. */
  end_percent: Float;
  /** Makes the control image from each segment's image. */
  segs_preprocessor?: Link<'SEGS_PREPROCESSOR'>;
  /** A control image of the whole image, which is cropped for each segment. */
  control_image?: Link<'IMAGE'>;
  /** Required by ControlNets that use latents; those of SD1, SD2 and SDXL do not. */
  vae?: Link<'VAE'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactControlNetApplyAdvancedSEGS', [['SEGS', 'SEGS']]);

/**
 * ControlNetApply (SEGS) - DEPRECATED (ImpactPack/Util)
 * @deprecated
 */
export const ImpactControlNetApplySEGS: NodeFunction<{
  segs: Link<'SEGS'>;
  control_net: Link<'CONTROL_NET'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  /** Makes the control image from each segment's image. */
  segs_preprocessor?: Link<'SEGS_PREPROCESSOR'>;
  /** A control image of the whole image, which is cropped for each segment. */
  control_image?: Link<'IMAGE'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactControlNetApplySEGS', [['SEGS', 'SEGS']]);

/** ImpactControlNetClearSEGS (ImpactPack/Util) */
export const ImpactControlNetClearSEGS: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactControlNetClearSEGS', [['SEGS', 'SEGS']]);

/**
 * ImpactConvertDataType (ImpactPack/Logic): Converts a value to a text, a float, an integer and a
 * boolean. False is 0; any other value that is not a number is 1.
 */
export const ImpactConvertDataType: NodeFunction<{
  value: Anything;
}, Node<{ STRING: 'STRING'; FLOAT: 'FLOAT'; INT: 'INT'; BOOLEAN: 'BOOLEAN' }>> = nodeFunction('ImpactConvertDataType', [['STRING', 'STRING'], ['FLOAT', 'FLOAT'], ['INT', 'INT'], ['BOOLEAN', 'BOOLEAN']]);

/** Count Elts in SEGS (ImpactPack/Util) */
export const ImpactCount_Elts_in_SEGS: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ INT: 'INT' }>> = nodeFunction('ImpactCount_Elts_in_SEGS', [['INT', 'INT']]);

/** Decompose (SEGS) (ImpactPack/Util) */
export const ImpactDecomposeSEGS: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ SEGS_HEADER: 'SEGS_HEADER'; SEG_ELT: 'SEG_ELT' }>> = nodeFunction('ImpactDecomposeSEGS', [['SEGS_HEADER', 'SEGS_HEADER'], ['SEG_ELT', 'SEG_ELT']]);

/**
 * Dilate Mask (ImpactPack/Util): Grows a mask by a square of this many pixels; below 0 the mask
 * shrinks.
 */
export const ImpactDilateMask: NodeFunction<{
  mask: Link<'MASK'>;
  /** -512 to 512, in the editor 10. */
  dilation: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImpactDilateMask', [['MASK', 'MASK']]);

/** Dilate Mask (SEGS) (ImpactPack/Util) */
export const ImpactDilateMaskInSEGS: NodeFunction<{
  segs: Link<'SEGS'>;
  /** -512 to 512, in the editor 10. */
  dilation: Int;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactDilateMaskInSEGS', [['SEGS', 'SEGS']]);

/** Dilate Mask (SEG_ELT) (ImpactPack/Util) */
export const ImpactDilate_Mask_SEG_ELT: NodeFunction<{
  seg_elt: Link<'SEG_ELT'>;
  /** -512 to 512, in the editor 10. */
  dilation: Int;
}, Node<{ SEG_ELT: 'SEG_ELT' }>> = nodeFunction('ImpactDilate_Mask_SEG_ELT', [['SEG_ELT', 'SEG_ELT']]);

/** ImpactDummyInput (ImpactPack/Debug) */
export const ImpactDummyInput: NodeFunction<Record<string, never>, Node<{ '*': never }>> = nodeFunction('ImpactDummyInput', [['*', '*']]);

/** Edit SEG_ELT (ImpactPack/Util) */
export const ImpactEdit_SEG_ELT: NodeFunction<{
  seg_elt: Link<'SEG_ELT'>;
  cropped_image_opt?: Link<'IMAGE'>;
  cropped_mask_opt?: Link<'MASK'>;
  crop_region_opt?: Link<'SEG_ELT_crop_region'>;
  bbox_opt?: Link<'SEG_ELT_bbox'>;
  control_net_wrapper_opt?: Link<'SEG_ELT_control_net_wrapper'>;
  /** 0 to 1, in the editor 0. */
  confidence_opt?: Float;
  label_opt?: Text;
}, Node<{ SEG_ELT: 'SEG_ELT' }>> = nodeFunction('ImpactEdit_SEG_ELT', [['SEG_ELT', 'SEG_ELT']]);

/**
 * Execution Order Controller (ImpactPack/Util): Passes its value on once the signal is available.
 */
export const ImpactExecutionOrderController: NodeFunction<{
  signal: Anything;
  value: Anything;
}, Node<{ signal: never; value: never }>> = nodeFunction('ImpactExecutionOrderController', [['signal', '*'], ['value', '*']]);

/**
 * Flatten Mask Batch (ImpactPack/Operation): Combines the masks of a batch. As in the original, the
 * result has values from 0 to 255.
 */
export const ImpactFlattenMask: NodeFunction<{
  masks: Link<'MASK'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImpactFlattenMask', [['MASK', 'MASK']]);

/** ImpactFloat (ImpactPack/Logic) */
export const ImpactFloat: NodeFunction<{
  /** -3.402823466e+38 to 3.402823466e+38, in the editor 1. */
  value: Float;
}, Node<{ FLOAT: 'FLOAT' }>> = nodeFunction('ImpactFloat', [['FLOAT', 'FLOAT']]);

/** From SEG_ELT (ImpactPack/Util) */
export const ImpactFrom_SEG_ELT: NodeFunction<{
  seg_elt: Link<'SEG_ELT'>;
}, Node<{ seg_elt: 'SEG_ELT'; cropped_image: 'IMAGE'; cropped_mask: 'MASK'; crop_region: 'SEG_ELT_crop_region'; bbox: 'SEG_ELT_bbox'; control_net_wrapper: 'SEG_ELT_control_net_wrapper'; confidence: 'FLOAT'; label: 'STRING' }>> = nodeFunction('ImpactFrom_SEG_ELT', [['seg_elt', 'SEG_ELT'], ['cropped_image', 'IMAGE'], ['cropped_mask', 'MASK'], ['crop_region', 'SEG_ELT_crop_region'], ['bbox', 'SEG_ELT_bbox'], ['control_net_wrapper', 'SEG_ELT_control_net_wrapper'], ['confidence', 'FLOAT'], ['label', 'STRING']]);

/** From SEG_ELT bbox (ImpactPack/Util) */
export const ImpactFrom_SEG_ELT_bbox: NodeFunction<{
  bbox: Link<'SEG_ELT_bbox'>;
}, Node<{ left: 'INT'; top: 'INT'; right: 'INT'; bottom: 'INT' }>> = nodeFunction('ImpactFrom_SEG_ELT_bbox', [['left', 'INT'], ['top', 'INT'], ['right', 'INT'], ['bottom', 'INT']]);

/** From SEG_ELT crop_region (ImpactPack/Util) */
export const ImpactFrom_SEG_ELT_crop_region: NodeFunction<{
  crop_region: Link<'SEG_ELT_crop_region'>;
}, Node<{ left: 'INT'; top: 'INT'; right: 'INT'; bottom: 'INT' }>> = nodeFunction('ImpactFrom_SEG_ELT_crop_region', [['left', 'INT'], ['top', 'INT'], ['right', 'INT'], ['bottom', 'INT']]);

/** Gaussian Blur Mask (ImpactPack/Util) */
export const ImpactGaussianBlurMask: NodeFunction<{
  mask: Link<'MASK'>;
  /** 0 to 100, in the editor 10. */
  kernel_size: Int;
  /** 0.1 to 100, in the editor 10. */
  sigma: Float;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImpactGaussianBlurMask', [['MASK', 'MASK']]);

/** Gaussian Blur Mask (SEGS) (ImpactPack/Util) */
export const ImpactGaussianBlurMaskInSEGS: NodeFunction<{
  segs: Link<'SEGS'>;
  /** 0 to 100, in the editor 10. */
  kernel_size: Int;
  /** 0.1 to 100, in the editor 10. */
  sigma: Float;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactGaussianBlurMaskInSEGS', [['SEGS', 'SEGS']]);

/** ImpactIfNone (ImpactPack/Logic): Whether any_input is connected. */
export const ImpactIfNone: NodeFunction<{
  signal?: Anything;
  any_input?: Anything;
}, Node<{ signal_opt: never; bool: 'BOOLEAN' }>> = nodeFunction('ImpactIfNone', [['signal_opt', '*'], ['bool', 'BOOLEAN']]);

/** Image Batch to Image List (ImpactPack/Util) */
export const ImpactImageBatchToImageList: NodeFunction<{
  image: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImpactImageBatchToImageList', [['IMAGE', 'IMAGE']]);

/** ImpactImageInfo (ImpactPack/Logic/_for_test) */
export const ImpactImageInfo: NodeFunction<{
  value: Link<'IMAGE'>;
}, Node<{ batch: 'INT'; height: 'INT'; width: 'INT'; channel: 'INT' }>> = nodeFunction('ImpactImageInfo', [['batch', 'INT'], ['height', 'INT'], ['width', 'INT'], ['channel', 'INT']]);

/** ImpactInt (ImpactPack/Logic) */
export const ImpactInt: NodeFunction<{
  /** 0 to 9223372036854775807, in the editor 0. */
  value: Int;
}, Node<{ INT: 'INT' }>> = nodeFunction('ImpactInt', [['INT', 'INT']]);

/**
 * Inversed Switch (Any) (ImpactPack/Util): Passes its input to the output with the selected number;
 * nodes behind the others do not run.
 */
export const ImpactInversedSwitch: NodeFunction<{
  /** Number of the output. 1 to 999999, in the editor 1. */
  select: Int;
  input: Anything;
  /**
   * select_on_prompt removes unselected inputs from the prompt before it is validated. In the
   * editor false.
   */
  sel_mode?: Bool;
}, Node<{ '*': never }>> = nodeFunction('ImpactInversedSwitch', [['*', '*']]);

/** SEGS isn't Empty (ImpactPack/Logic) */
export const ImpactIsNotEmptySEGS: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ BOOLEAN: 'BOOLEAN' }>> = nodeFunction('ImpactIsNotEmptySEGS', [['BOOLEAN', 'BOOLEAN']]);

/** KSampler (Advanced/pipe) (ImpactPack/sampling) */
export const ImpactKSamplerAdvancedBasicPipe: NodeFunction<{
  /** The model and the prompts. */
  basic_pipe: Link<'BASIC_PIPE'>;
  /** Adds noise of the seed before the first step. In the editor true. */
  add_noise: Bool;
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  noise_seed: Int;
  /** Number of steps. 1 to 10000, in the editor 20. */
  steps: Int;
  /** How closely the image follows the prompt. 0 to 100, in the editor 8. */
  cfg: Float;
  /** The sampling algorithm. */
  sampler_name: OneOf<SamplerName>;
  /** How the noise level falls from step to step. */
  scheduler: OneOf<Scheduler2>;
  /** The latent to start from. */
  latent_image: Link<'LATENT'>;
  /** The first step that is sampled, counted from 0. 0 to 10000, in the editor 0. */
  start_at_step: Int;
  /** Sampling stops before this step. 0 to 10000, in the editor 10000. */
  end_at_step: Int;
  /** Keeps the noise that later steps would remove. In the editor false. */
  return_with_leftover_noise: Bool;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ BASIC_PIPE: 'BASIC_PIPE'; LATENT: 'LATENT'; VAE: 'VAE' }>> = nodeFunction('ImpactKSamplerAdvancedBasicPipe', [['BASIC_PIPE', 'BASIC_PIPE'], ['LATENT', 'LATENT'], ['VAE', 'VAE']]);

/** KSampler (pipe) (ImpactPack/sampling) */
export const ImpactKSamplerBasicPipe: NodeFunction<{
  /** The model and the prompts. */
  basic_pipe: Link<'BASIC_PIPE'>;
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** Number of steps. 1 to 10000, in the editor 20. */
  steps: Int;
  /** How closely the image follows the prompt. 0 to 100, in the editor 8. */
  cfg: Float;
  /** The sampling algorithm. */
  sampler_name: OneOf<SamplerName>;
  /** How the noise level falls from step to step. */
  scheduler: OneOf<Scheduler2>;
  /** The latent to start from. */
  latent_image: Link<'LATENT'>;
  /**
   * Share of the schedule that is run; below 1, the latent keeps some of its content. 0 to 1, in
   * the editor 1.
   */
  denoise: Float;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ BASIC_PIPE: 'BASIC_PIPE'; LATENT: 'LATENT'; VAE: 'VAE' }>> = nodeFunction('ImpactKSamplerBasicPipe', [['BASIC_PIPE', 'BASIC_PIPE'], ['LATENT', 'LATENT'], ['VAE', 'VAE']]);

/** ImpactLatentInfo (ImpactPack/Logic/_for_test): The height and width are in pixels. */
export const ImpactLatentInfo: NodeFunction<{
  value: Link<'LATENT'>;
}, Node<{ batch: 'INT'; height: 'INT'; width: 'INT'; channel: 'INT' }>> = nodeFunction('ImpactLatentInfo', [['batch', 'INT'], ['height', 'INT'], ['width', 'INT'], ['channel', 'INT']]);

/** ImpactLogger (ImpactPack/Debug): Shows a value as text. */
export const ImpactLogger: NodeFunction<{
  data: Anything;
  text: Text;
}, OutputNode> = nodeFunction('ImpactLogger');

/** ImpactLogicalOperators (ImpactPack/Logic) */
export const ImpactLogicalOperators: NodeFunction<{
  operator: OneOf<'and' | 'or' | 'xor'>;
  /** In the editor false. */
  bool_a: Bool;
  /** In the editor false. */
  bool_b: Bool;
}, Node<{ BOOLEAN: 'BOOLEAN' }>> = nodeFunction('ImpactLogicalOperators', [['BOOLEAN', 'BOOLEAN']]);

/** Make List (Any) (ImpactPack/Util) */
export const ImpactMakeAnyList: NodeFunction<{
  value1?: Anything;
  [more: `value${number}`]: Anything | undefined;
}, Node<{ '*': never }>> = nodeFunction('ImpactMakeAnyList', [['*', '*']]);

/**
 * Make Image Batch (ImpactPack/Util): Joins images; those of another size than the first are
 * cropped to its aspect ratio around the centre and resized.
 */
export const ImpactMakeImageBatch: NodeFunction<{
  image1: Link<'IMAGE'>;
  [more: `image${number}`]: Link<'IMAGE'> | undefined;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImpactMakeImageBatch', [['IMAGE', 'IMAGE']]);

/** Make Image List (ImpactPack/Util) */
export const ImpactMakeImageList: NodeFunction<{
  image1: Link<'IMAGE'>;
  [more: `image${number}`]: Link<'IMAGE'> | undefined;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ImpactMakeImageList', [['IMAGE', 'IMAGE']]);

/**
 * Make Mask Batch (ImpactPack/Util): Joins masks; those of another size than the first are resized.
 */
export const ImpactMakeMaskBatch: NodeFunction<{
  mask1: Link<'MASK'>;
  [more: `mask${number}`]: Link<'MASK'> | undefined;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImpactMakeMaskBatch', [['MASK', 'MASK']]);

/** Make Mask List (ImpactPack/Util) */
export const ImpactMakeMaskList: NodeFunction<{
  mask1: Link<'MASK'>;
  [more: `mask${number}`]: Link<'MASK'> | undefined;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImpactMakeMaskList', [['MASK', 'MASK']]);

/** Make Tile SEGS (ImpactPack/__for_testing): Divides an image into overlapping square tiles. */
export const ImpactMakeTileSEGS: NodeFunction<{
  images: Link<'IMAGE'>;
  /** Side of a tile. 64 to 4096, in the editor 512. */
  bbox_size: Int;
  /** Size of the crop region relative to the tile. 1 to 10, in the editor 3. */
  crop_factor: Float;
  /** Minimum overlap of neighbouring tiles. 0 to 512, in the editor 5. */
  min_overlap: Int;
  /** Pixels by which the masks of the filters grow. -255 to 255, in the editor 20. */
  filter_segs_dilation: Int;
  /** How ragged the edges are; 0 is straight. 0 to 1, in the editor 0. */
  mask_irregularity: Float;
  irregular_mask_mode: OneOf<'Reuse fast' | 'Reuse quality' | 'All random fast' | 'All random quality'>;
  /** Only these segments are covered. */
  filter_in_segs_opt?: Link<'SEGS'>;
  /** These segments are left out. */
  filter_out_segs_opt?: Link<'SEGS'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactMakeTileSEGS', [['SEGS', 'SEGS']]);

/** ImpactMinMax (ImpactPack/Logic/_for_test) */
export const ImpactMinMax: NodeFunction<{
  /** In the editor true. */
  mode: Bool;
  a: Anything;
  b: Anything;
}, Node<{ INT: 'INT' }>> = nodeFunction('ImpactMinMax', [['INT', 'INT']]);

/** ImpactNeg (ImpactPack/Logic) */
export const ImpactNeg: NodeFunction<{
  /** In the editor false. */
  value: Bool;
}, Node<{ BOOLEAN: 'BOOLEAN' }>> = nodeFunction('ImpactNeg', [['BOOLEAN', 'BOOLEAN']]);

/**
 * Negative Cond Placeholder (ImpactPack/sampling): A placeholder for a missing negative prompt:
 * only the positive side is evaluated.
 */
export const ImpactNegativeConditioningPlaceholder: NodeFunction<Record<string, never>, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('ImpactNegativeConditioningPlaceholder', [['CONDITIONING', 'CONDITIONING']]);

/** Set Mute State (ImpactPack/Logic/_for_test) */
export const ImpactNodeSetMuteState: NodeFunction<{
  signal: Anything;
  /** 0 to 18446744073709551615, in the editor 0. */
  node_id: Int;
  /** In the editor true. */
  set_state: Bool;
}, OutputNode<{ signal_opt: never }>> = nodeFunction('ImpactNodeSetMuteState', [['signal_opt', '*']]);

/** Queue Trigger (ImpactPack/Logic/_for_test) */
export const ImpactQueueTrigger: NodeFunction<{
  signal: Anything;
  /** In the editor true. */
  mode: Bool;
}, OutputNode<{ signal_opt: never }>> = nodeFunction('ImpactQueueTrigger', [['signal_opt', '*']]);

/** Queue Trigger (Countdown) (ImpactPack/Logic/_for_test) */
export const ImpactQueueTriggerCountdown: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  count: Int;
  /** 1 to 18446744073709551615, in the editor 10. */
  total: Int;
  /** In the editor true. */
  mode: Bool;
  signal?: Anything;
}, OutputNode<{ signal_opt: never; count: 'INT'; total: 'INT' }>> = nodeFunction('ImpactQueueTriggerCountdown', [['signal_opt', '*'], ['count', 'INT'], ['total', 'INT']]);

/**
 * Remote Boolean (on prompt) (ImpactPack/Logic/_for_test): Sets a widget of another node before the
 * workflow runs.
 */
export const ImpactRemoteBoolean: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  node_id: Int;
  widget_name: Text;
  /** In the editor true. */
  value: Bool;
}, OutputNode> = nodeFunction('ImpactRemoteBoolean');

/**
 * Remote Int (on prompt) (ImpactPack/Logic/_for_test): Sets a widget of another node before the
 * workflow runs.
 */
export const ImpactRemoteInt: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  node_id: Int;
  widget_name: Text;
  /** -18446744073709551615 to 18446744073709551615, in the editor 0. */
  value: Int;
}, OutputNode> = nodeFunction('ImpactRemoteInt');

/** SEGS Concat (ImpactPack/Util) */
export const ImpactSEGSConcat: NodeFunction<{
  segs1: Link<'SEGS'>;
  [more: `segs${number}`]: Link<'SEGS'> | undefined;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSEGSConcat', [['SEGS', 'SEGS']]);

/** SEGS Assign (label) (ImpactPack/Util) */
export const ImpactSEGSLabelAssign: NodeFunction<{
  segs: Link<'SEGS'>;
  /** Labels in the order of the segments, separated by commas. */
  labels: Text;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSEGSLabelAssign', [['SEGS', 'SEGS']]);

/** SEGS Filter (label) (ImpactPack/Util) */
export const ImpactSEGSLabelFilter: NodeFunction<{
  segs: Link<'SEGS'>;
  /** Added to the labels by the editor when it is selected. */
  preset: OneOf<Preset>;
  /** Labels to keep, separated by commas; `all` keeps everything. */
  labels: Text;
}, Node<{ filtered_SEGS: 'SEGS'; remained_SEGS: 'SEGS' }>> = nodeFunction('ImpactSEGSLabelFilter', [['filtered_SEGS', 'SEGS'], ['remained_SEGS', 'SEGS']]);

/**
 * SEGS Merge (ImpactPack/Util): Merges all segments into one, labelled `merged`, with the lowest
 * confidence; images and ControlNets are dropped.
 */
export const ImpactSEGSMerge: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSEGSMerge', [['SEGS', 'SEGS']]);

/** SEGS Filter (ordered) (ImpactPack/Util) */
export const ImpactSEGSOrderedFilter: NodeFunction<{
  segs: Link<'SEGS'>;
  target: OneOf<'area(=w*h)' | 'width' | 'height' | 'x1' | 'y1' | 'x2' | 'y2' | 'confidence'>;
  /** In the editor true. */
  order: Bool;
  /** Segments to skip. 0 to 9007199254740991, in the editor 0. */
  take_start: Int;
  /** Segments to keep. 0 to 9007199254740991, in the editor 1. */
  take_count: Int;
}, Node<{ filtered_SEGS: 'SEGS'; remained_SEGS: 'SEGS' }>> = nodeFunction('ImpactSEGSOrderedFilter', [['filtered_SEGS', 'SEGS'], ['remained_SEGS', 'SEGS']]);

/** Picker (SEGS) (ImpactPack/Util) */
export const ImpactSEGSPicker: NodeFunction<{
  /** Numbers of segments, from 1, separated by commas. */
  picks: Text;
  segs: Link<'SEGS'>;
  /** The whole image, for segments without an image. */
  fallback_image_opt?: Link<'IMAGE'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSEGSPicker', [['SEGS', 'SEGS']]);

/** SEGS Filter (range) (ImpactPack/Util) */
export const ImpactSEGSRangeFilter: NodeFunction<{
  segs: Link<'SEGS'>;
  target: OneOf<'area(=w*h)' | 'width' | 'height' | 'x1' | 'y1' | 'x2' | 'y2' | 'length_percent' | 'confidence(0-100)'>;
  /** In the editor true. */
  mode: Bool;
  /** 0 to 9007199254740991, in the editor 0. */
  min_value: Int;
  /** 0 to 9007199254740991, in the editor 67108864. */
  max_value: Int;
}, Node<{ filtered_SEGS: 'SEGS'; remained_SEGS: 'SEGS' }>> = nodeFunction('ImpactSEGSRangeFilter', [['filtered_SEGS', 'SEGS'], ['remained_SEGS', 'SEGS']]);

/** SEGS to Mask Batch (ImpactPack/Util) */
export const ImpactSEGSToMaskBatch: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImpactSEGSToMaskBatch', [['MASK', 'MASK']]);

/** SEGS to Mask List (ImpactPack/Util) */
export const ImpactSEGSToMaskList: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ImpactSEGSToMaskList', [['MASK', 'MASK']]);

/** ScaleBy BBOX (SEG_ELT) (ImpactPack/Util) */
export const ImpactScaleBy_BBOX_SEG_ELT: NodeFunction<{
  seg: Link<'SEG_ELT'>;
  /** 0.01 to 8, in the editor 1. */
  scale_by: Float;
}, Node<{ SEG_ELT: 'SEG_ELT' }>> = nodeFunction('ImpactScaleBy_BBOX_SEG_ELT', [['SEG_ELT', 'SEG_ELT']]);

/**
 * Impact Scheduler Adapter (ImpactPack/Util): A scheduler's name for nodes of the Impact Pack: one
 * of ComfyUI's, or one of the pack's own.
 */
export const ImpactSchedulerAdapter: NodeFunction<{
  scheduler: OneOf<Scheduler>;
  /** Replaces the scheduler unless it is None. */
  extra_scheduler: OneOf<'None' | 'AYS SDXL' | 'AYS SD1' | 'AYS SVD' | 'GITS[coeff=1.2]'>;
}, Node<{ scheduler: 'COMBO' }>> = nodeFunction('ImpactSchedulerAdapter', [['scheduler', 'COMBO']]);

/** Pixelwise(SEGS & MASK) (ImpactPack/Operation) */
export const ImpactSegsAndMask: NodeFunction<{
  segs: Link<'SEGS'>;
  mask: Link<'MASK'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSegsAndMask', [['SEGS', 'SEGS']]);

/** Pixelwise(SEGS & MASKS ForEach) (ImpactPack/Operation) */
export const ImpactSegsAndMaskForEach: NodeFunction<{
  segs: Link<'SEGS'>;
  masks: Link<'MASK'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSegsAndMaskForEach', [['SEGS', 'SEGS']]);

/** Set Widget Value (ImpactPack/Logic/_for_test) */
export const ImpactSetWidgetValue: NodeFunction<{
  signal: Anything;
  /** 0 to 18446744073709551615, in the editor 0. */
  node_id: Int;
  widget_name: Text;
  /** In the editor false. */
  boolean_value?: Bool;
  /** -18446744073709551615 to 18446744073709551615, in the editor 0. */
  int_value?: Int;
  /** -Infinity to Infinity, in the editor 0. */
  float_value?: Float;
  string_value?: Text;
}, OutputNode<{ signal_opt: never }>> = nodeFunction('ImpactSetWidgetValue', [['signal_opt', '*']]);

/** Simple Detector (SEGS) (ImpactPack/Detector) */
export const ImpactSimpleDetectorSEGS: NodeFunction<{
  bbox_detector: Link<'BBOX_DETECTOR'>;
  image: Link<'IMAGE'>;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  bbox_threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 0. */
  bbox_dilation: Int;
  /** Size of the crop region relative to the bbox. 1 to 100, in the editor 3. */
  crop_factor: Float;
  /** Smaller detections are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Least confidence of the second detector. 0 to 1, in the editor 0.5. */
  sub_threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 0. */
  sub_dilation: Int;
  /** 0 to 1000, in the editor 0. */
  sub_bbox_expansion: Int;
  /** 0 to 1, in the editor 0.7. */
  sam_mask_hint_threshold: Float;
  /** Pixels by which the final masks grow; below 0 they shrink. -512 to 512, in the editor 0. */
  post_dilation?: Int;
  sam_model_opt?: Link<'SAM_MODEL'>;
  segm_detector_opt?: Link<'SEGM_DETECTOR'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSimpleDetectorSEGS', [['SEGS', 'SEGS']]);

/** Simple Detector (SEGS/pipe) (ImpactPack/Detector) */
export const ImpactSimpleDetectorSEGSPipe: NodeFunction<{
  detailer_pipe: Link<'DETAILER_PIPE'>;
  image: Link<'IMAGE'>;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  bbox_threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 0. */
  bbox_dilation: Int;
  /** Size of the crop region relative to the bbox. 1 to 100, in the editor 3. */
  crop_factor: Float;
  /** Smaller detections are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Least confidence of the second detector. 0 to 1, in the editor 0.5. */
  sub_threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 0. */
  sub_dilation: Int;
  /** 0 to 1000, in the editor 0. */
  sub_bbox_expansion: Int;
  /** 0 to 1, in the editor 0.7. */
  sam_mask_hint_threshold: Float;
  /** Pixels by which the final masks grow; below 0 they shrink. -512 to 512, in the editor 0. */
  post_dilation?: Int;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ImpactSimpleDetectorSEGSPipe', [['SEGS', 'SEGS']]);

/** Sleep (ImpactPack/Logic/_for_test) */
export const ImpactSleep: NodeFunction<{
  signal: Anything;
  /** 0 to 3600, in the editor 0.5. */
  seconds: Float;
}, OutputNode<{ signal_opt: never }>> = nodeFunction('ImpactSleep', [['signal_opt', '*']]);

/**
 * String Selector (ImpactPack/Util): Selects a line of a text or, with multiline, a section that
 * starts with #. Counts from 0 and starts over after the last one.
 */
export const ImpactStringSelector: NodeFunction<{
  strings: Text;
  /** In the editor false. */
  multiline: Bool;
  /** 0 to 9223372036854775807, in the editor 0. */
  select: Int;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('ImpactStringSelector', [['STRING', 'STRING']]);

/**
 * Switch (Any) (ImpactPack/Util): Passes on the input with the selected number; only that one is
 * evaluated.
 */
export const ImpactSwitch: NodeFunction<{
  /** Number of the input. 1 to 999999, in the editor 1. */
  select: Int;
  /**
   * select_on_prompt removes unselected inputs from the prompt before it is validated. In the
   * editor false.
   */
  sel_mode: Bool;
  input1?: Anything;
  [more: `input${number}`]: Anything | undefined;
}, Node<{ selected_value: never; selected_label: 'STRING'; selected_index: 'INT' }>> = nodeFunction('ImpactSwitch', [['selected_value', '*'], ['selected_label', 'STRING'], ['selected_index', 'INT']]);

/**
 * ImpactValueReceiver (ImpactPack/Logic): A value that the editor sets when a sender with the same
 * link_id sends one.
 */
export const ImpactValueReceiver: NodeFunction<{
  typ: OneOf<'STRING' | 'INT' | 'FLOAT' | 'BOOLEAN'>;
  value: Text;
  /** 0 to 9223372036854775807, in the editor 0. */
  link_id: Int;
}, Node<{ '*': never }>> = nodeFunction('ImpactValueReceiver', [['*', '*']]);

/**
 * ImpactValueSender (ImpactPack/Logic): Sends a value to the editor, which sets it in the receivers
 * with the same link_id for the next run.
 */
export const ImpactValueSender: NodeFunction<{
  value: Anything;
  /** 0 to 9223372036854775807, in the editor 0. */
  link_id: Int;
  signal_opt?: Anything;
}, OutputNode<{ signal: never }>> = nodeFunction('ImpactValueSender', [['signal', '*']]);

/**
 * ImpactWildcardEncode (ImpactPack/Prompt): Encodes a prompt with wildcards and
 * <lora:name:strength> tags.
 */
export const ImpactWildcardEncode: NodeFunction<{
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  wildcard_text: Text;
  populated_text: Text;
  /** In the editor true. */
  mode: Bool;
  'Select to add LoRA': FileName;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
}, Node<{ model: 'MODEL'; clip: 'CLIP'; conditioning: 'CONDITIONING'; populated_text: 'STRING' }>> = nodeFunction('ImpactWildcardEncode', [['model', 'MODEL'], ['clip', 'CLIP'], ['conditioning', 'CONDITIONING'], ['populated_text', 'STRING']]);

/**
 * ImpactWildcardProcessor (ImpactPack/Prompt): Resolves the wildcards of a text: {a|b}, {2$$,
 * $$a|b|c}, __list__.
 */
export const ImpactWildcardProcessor: NodeFunction<{
  wildcard_text: Text;
  populated_text: Text;
  /** In the editor true. */
  mode: Bool;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('ImpactWildcardProcessor', [['STRING', 'STRING']]);

/** InpaintModelConditioning (conditioning/inpaint) */
export const InpaintModelConditioning: NodeFunction<{
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  vae: Link<'VAE'>;
  pixels: Link<'IMAGE'>;
  mask: Link<'MASK'>;
  /** Samples inside the mask only. Better or worse, depending on the model. In the editor true. */
  noise_mask: Bool;
}, Node<{ positive: 'CONDITIONING'; negative: 'CONDITIONING'; latent: 'LATENT' }>> = nodeFunction('InpaintModelConditioning', [['positive', 'CONDITIONING'], ['negative', 'CONDITIONING'], ['latent', 'LATENT']]);

/** InstructPixToPixConditioning (conditioning/instructpix2pix) */
export const InstructPixToPixConditioning: NodeFunction<{
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  vae: Link<'VAE'>;
  pixels: Link<'IMAGE'>;
}, Node<{ positive: 'CONDITIONING'; negative: 'CONDITIONING'; latent: 'LATENT' }>> = nodeFunction('InstructPixToPixConditioning', [['positive', 'CONDITIONING'], ['negative', 'CONDITIONING'], ['latent', 'LATENT']]);

/** InvertMask (mask) */
export const InvertMask: NodeFunction<{
  mask: Link<'MASK'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('InvertMask', [['MASK', 'MASK']]);

/**
 * Iterative Upscale (Image) (ImpactPack/Upscale): Enlarges an image in several steps and samples it
 * in each.
 */
export const IterativeImageUpscale: NodeFunction<{
  pixels: Link<'IMAGE'>;
  /** Factor on each side. 1 to 10000, in the editor 1.5. */
  upscale_factor: Float;
  /** Number of steps. 1 to 10000, in the editor 3. */
  steps: Int;
  /** Saves the image before each step in the temp folder under this name, unless it is empty. */
  temp_prefix: Text;
  /** The upscaler that runs in each step. */
  upscaler: Link<'UPSCALER'>;
  vae: Link<'VAE'>;
  /**
   * simple: each step adds the same amount; geometric: each step has the same factor. In the editor
   * simple.
   */
  step_mode: OneOf<'simple' | 'geometric'>;
}, Node<{ image: 'IMAGE' }>> = nodeFunction('IterativeImageUpscale', [['image', 'IMAGE']]);

/**
 * Iterative Upscale (Latent/on Pixel Space) (ImpactPack/Upscale): Enlarges a latent in several
 * steps and samples it in each.
 */
export const IterativeLatentUpscale: NodeFunction<{
  samples: Link<'LATENT'>;
  /** Factor on each side. 1 to 10000, in the editor 1.5. */
  upscale_factor: Float;
  /** Number of steps. 1 to 10000, in the editor 3. */
  steps: Int;
  /** Saves the image before each step in the temp folder under this name, unless it is empty. */
  temp_prefix: Text;
  /** The upscaler that runs in each step. */
  upscaler: Link<'UPSCALER'>;
  /**
   * simple: each step adds the same amount; geometric: each step has the same factor. In the editor
   * simple.
   */
  step_mode: OneOf<'simple' | 'geometric'>;
}, Node<{ latent: 'LATENT'; vae: 'VAE' }>> = nodeFunction('IterativeLatentUpscale', [['latent', 'LATENT'], ['vae', 'VAE']]);

/** Join Image with Alpha (mask/compositing) */
export const JoinImageWithAlpha: NodeFunction<{
  image: Link<'IMAGE'>;
  alpha: Link<'MASK'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('JoinImageWithAlpha', [['IMAGE', 'IMAGE']]);

/**
 * KSampler (sampling): Denoises a latent under the guidance of a positive and a negative prompt.
 */
export const KSampler: NodeFunction<{
  /** The model that denoises. */
  model: Link<'MODEL'>;
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** Number of denoising steps. 1 to 10000, in the editor 20. */
  steps: Int;
  /**
   * How closely the image follows the prompt; 1 ignores the negative prompt. 0 to 100, in the
   * editor 8.
   */
  cfg: Float;
  /** The algorithm. */
  sampler_name: OneOf<SamplerName>;
  /** How the noise level falls from step to step. */
  scheduler: OneOf<Scheduler>;
  /** What the image should show. */
  positive: Link<'CONDITIONING'>;
  /** What the image should not show. */
  negative: Link<'CONDITIONING'>;
  /** The latent to start from. */
  latent_image: Link<'LATENT'>;
  /** Below 1, part of the latent is preserved (image to image). 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('KSampler', [['LATENT', 'LATENT']]);

/** KSampler (Advanced) (sampling) */
export const KSamplerAdvanced: NodeFunction<{
  model: Link<'MODEL'>;
  add_noise: OneOf<'enable' | 'disable'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  noise_seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  latent_image: Link<'LATENT'>;
  /** 0 to 10000, in the editor 0. */
  start_at_step: Int;
  /** 0 to 10000, in the editor 10000. */
  end_at_step: Int;
  return_with_leftover_noise: OneOf<'disable' | 'enable'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('KSamplerAdvanced', [['LATENT', 'LATENT']]);

/**
 * KSamplerAdvancedProvider (ImpactPack/Sampler): A sampler with its model and prompts, for nodes
 * that sample step by step and set the seed and the steps.
 */
export const KSamplerAdvancedProvider: NodeFunction<{
  /** How closely the image follows the prompt. 0 to 100, in the editor 8. */
  cfg: Float;
  /** The sampling algorithm. */
  sampler_name: OneOf<SamplerName>;
  /** How the noise level falls from step to step. */
  scheduler: OneOf<Scheduler2>;
  /** Factor on all sigmas. 0 to 10, in the editor 1. */
  sigma_factor: Float;
  /** The model and the prompts. */
  basic_pipe: Link<'BASIC_PIPE'>;
  /** A sampler with its options, which replaces the named one. */
  sampler_opt?: Link<'SAMPLER'>;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ KSAMPLER_ADVANCED: 'KSAMPLER_ADVANCED' }>> = nodeFunction('KSamplerAdvancedProvider', [['KSAMPLER_ADVANCED', 'KSAMPLER_ADVANCED']]);

/**
 * KSamplerProvider (ImpactPack/Sampler): A sampler with its model, prompts, seed and denoise, for
 * nodes that sample a whole latent.
 */
export const KSamplerProvider: NodeFunction<{
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** Number of steps of the whole schedule. 1 to 10000, in the editor 20. */
  steps: Int;
  /** How closely the image follows the prompt. 0 to 100, in the editor 8. */
  cfg: Float;
  /** The sampling algorithm. */
  sampler_name: OneOf<SamplerName>;
  /** How the noise level falls from step to step. */
  scheduler: OneOf<Scheduler2>;
  /**
   * Share of the schedule that is run; below 1, the latent keeps some of its content. 0 to 1, in
   * the editor 1.
   */
  denoise: Float;
  /** The model and the prompts. */
  basic_pipe: Link<'BASIC_PIPE'>;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ KSAMPLER: 'KSAMPLER' }>> = nodeFunction('KSamplerProvider', [['KSAMPLER', 'KSAMPLER']]);

/** KSamplerSelect (sampling/custom_sampling/samplers) */
export const KSamplerSelect: NodeFunction<{
  sampler_name: OneOf<SamplerName>;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('KSamplerSelect', [['SAMPLER', 'SAMPLER']]);

/** KarrasScheduler (sampling/custom_sampling/schedulers) */
export const KarrasScheduler: NodeFunction<{
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 5000, in the editor 14.614642. */
  sigma_max: Float;
  /** 0 to 5000, in the editor 0.0291675. */
  sigma_min: Float;
  /** 0 to 100, in the editor 7. */
  rho: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('KarrasScheduler', [['SIGMAS', 'SIGMAS']]);

/** LaplaceScheduler (sampling/custom_sampling/schedulers) */
export const LaplaceScheduler: NodeFunction<{
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 5000, in the editor 14.614642. */
  sigma_max: Float;
  /** 0 to 5000, in the editor 0.0291675. */
  sigma_min: Float;
  /** -10 to 10, in the editor 0. */
  mu: Float;
  /** 0 to 10, in the editor 0.5. */
  beta: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('LaplaceScheduler', [['SIGMAS', 'SIGMAS']]);

/** LatentAdd (latent/advanced) */
export const LatentAdd: NodeFunction<{
  samples1: Link<'LATENT'>;
  samples2: Link<'LATENT'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentAdd', [['LATENT', 'LATENT']]);

/**
 * LatentApplyOperation (latent/advanced/operations)
 * @experimental
 */
export const LatentApplyOperation: NodeFunction<{
  samples: Link<'LATENT'>;
  operation: Link<'LATENT_OPERATION'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentApplyOperation', [['LATENT', 'LATENT']]);

/**
 * LatentApplyOperationCFG (latent/advanced/operations)
 * @experimental
 */
export const LatentApplyOperationCFG: NodeFunction<{
  model: Link<'MODEL'>;
  operation: Link<'LATENT_OPERATION'>;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('LatentApplyOperationCFG', [['MODEL', 'MODEL']]);

/** LatentBatch (latent/batch) */
export const LatentBatch: NodeFunction<{
  samples1: Link<'LATENT'>;
  samples2: Link<'LATENT'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentBatch', [['LATENT', 'LATENT']]);

/** LatentBatchSeedBehavior (latent/advanced) */
export const LatentBatchSeedBehavior: NodeFunction<{
  samples: Link<'LATENT'>;
  /** In the editor fixed. */
  seed_behavior: OneOf<'random' | 'fixed'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentBatchSeedBehavior', [['LATENT', 'LATENT']]);

/** Latent Blend (_for_testing) */
export const LatentBlend: NodeFunction<{
  samples1: Link<'LATENT'>;
  samples2: Link<'LATENT'>;
  /** 0 to 1, in the editor 0.5. */
  blend_factor: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentBlend', [['LATENT', 'LATENT']]);

/** Latent Composite (latent) */
export const LatentComposite: NodeFunction<{
  samples_to: Link<'LATENT'>;
  samples_from: Link<'LATENT'>;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
  /** 0 to 16384, in the editor 0. */
  feather: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentComposite', [['LATENT', 'LATENT']]);

/** LatentCompositeMasked (latent) */
export const LatentCompositeMasked: NodeFunction<{
  destination: Link<'LATENT'>;
  source: Link<'LATENT'>;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
  /** In the editor false. */
  resize_source: Bool;
  mask?: Link<'MASK'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentCompositeMasked', [['LATENT', 'LATENT']]);

/** LatentConcat (latent/advanced) */
export const LatentConcat: NodeFunction<{
  samples1: Link<'LATENT'>;
  samples2: Link<'LATENT'>;
  dim: OneOf<'x' | '-x' | 'y' | '-y' | 't' | '-t'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentConcat', [['LATENT', 'LATENT']]);

/** Crop Latent (latent/transform) */
export const LatentCrop: NodeFunction<{
  samples: Link<'LATENT'>;
  /** 64 to 16384, in the editor 512. */
  width: Int;
  /** 64 to 16384, in the editor 512. */
  height: Int;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentCrop', [['LATENT', 'LATENT']]);

/** LatentCut (latent/advanced) */
export const LatentCut: NodeFunction<{
  samples: Link<'LATENT'>;
  dim: OneOf<'x' | 'y' | 't'>;
  /** -16384 to 16384, in the editor 0. */
  index: Int;
  /** 1 to 16384, in the editor 1. */
  amount: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentCut', [['LATENT', 'LATENT']]);

/** Flip Latent (latent/transform) */
export const LatentFlip: NodeFunction<{
  samples: Link<'LATENT'>;
  flip_method: OneOf<'x-axis: vertically' | 'y-axis: horizontally'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentFlip', [['LATENT', 'LATENT']]);

/** Latent From Batch (latent/batch) */
export const LatentFromBatch: NodeFunction<{
  samples: Link<'LATENT'>;
  /** 0 to 63, in the editor 0. */
  batch_index: Int;
  /** 1 to 64, in the editor 1. */
  length: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentFromBatch', [['LATENT', 'LATENT']]);

/** LatentInterpolate (latent/advanced) */
export const LatentInterpolate: NodeFunction<{
  samples1: Link<'LATENT'>;
  samples2: Link<'LATENT'>;
  /** 0 to 1, in the editor 1. */
  ratio: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentInterpolate', [['LATENT', 'LATENT']]);

/** LatentMultiply (latent/advanced) */
export const LatentMultiply: NodeFunction<{
  samples: Link<'LATENT'>;
  /** -10 to 10, in the editor 1. */
  multiplier: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentMultiply', [['LATENT', 'LATENT']]);

/**
 * LatentOperationSharpen (latent/advanced/operations)
 * @experimental
 */
export const LatentOperationSharpen: NodeFunction<{
  /** 1 to 31, in the editor 9. */
  sharpen_radius: Int;
  /** 0.1 to 10, in the editor 1. */
  sigma: Float;
  /** 0 to 5, in the editor 0.1. */
  alpha: Float;
}, Node<{ LATENT_OPERATION: 'LATENT_OPERATION' }>> = nodeFunction('LatentOperationSharpen', [['LATENT_OPERATION', 'LATENT_OPERATION']]);

/**
 * LatentOperationTonemapReinhard (latent/advanced/operations)
 * @experimental
 */
export const LatentOperationTonemapReinhard: NodeFunction<{
  /** 0 to 100, in the editor 1. */
  multiplier: Float;
}, Node<{ LATENT_OPERATION: 'LATENT_OPERATION' }>> = nodeFunction('LatentOperationTonemapReinhard', [['LATENT_OPERATION', 'LATENT_OPERATION']]);

/**
 * Latent Scale (on Pixel Space) (ImpactPack/Upscale): Decodes a latent, resizes the image and
 * encodes it again.
 */
export const LatentPixelScale: NodeFunction<{
  samples: Link<'LATENT'>;
  /** How the image is resized. */
  scale_method: OneOf<ScaleMethod>;
  /** 0.1 to 10000, in the editor 1.5. */
  scale_factor: Float;
  vae: Link<'VAE'>;
  /** In the editor false. */
  use_tiled_vae: Bool;
  /** Enlarges the image before it is resized. */
  upscale_model_opt?: Link<'UPSCALE_MODEL'>;
}, Node<{ LATENT: 'LATENT'; IMAGE: 'IMAGE' }>> = nodeFunction('LatentPixelScale', [['LATENT', 'LATENT'], ['IMAGE', 'IMAGE']]);

/**
 * LatentReceiver (ImpactPack/Util): Loads a latent of the input folder: a .latent file, or an image
 * that LatentSender saved.
 */
export const LatentReceiver: NodeFunction<{
  latent: FileName;
  /** 0 to 9223372036854775807, in the editor 0. */
  link_id: Int;
  /** In the editor false. */
  trigger_always: Bool;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentReceiver', [['LATENT', 'LATENT']]);

/** Rotate Latent (latent/transform) */
export const LatentRotate: NodeFunction<{
  samples: Link<'LATENT'>;
  rotation: OneOf<Rotation>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentRotate', [['LATENT', 'LATENT']]);

/**
 * LatentSender (ImpactPack/Util): Saves a latent in a small preview image of it, and sends it to
 * the receivers with the same link_id in the editor.
 */
export const LatentSender: NodeFunction<{
  samples: Link<'LATENT'>;
  filename_prefix: Text;
  /** 0 to 9223372036854775807, in the editor 0. */
  link_id: Int;
  preview_method: OneOf<'Latent2RGB-SDXL' | 'Latent2RGB-SD15' | 'TAESDXL' | 'TAESD15'>;
}, OutputNode> = nodeFunction('LatentSender');

/** LatentSubtract (latent/advanced) */
export const LatentSubtract: NodeFunction<{
  samples1: Link<'LATENT'>;
  samples2: Link<'LATENT'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentSubtract', [['LATENT', 'LATENT']]);

/**
 * Switch (latent/legacy) (ImpactPack/Util): Passes on the input with the selected number; only that
 * one is evaluated.
 */
export const LatentSwitch: NodeFunction<{
  /** Number of the input. 1 to 999999, in the editor 1. */
  select: Int;
  /**
   * select_on_prompt removes unselected inputs from the prompt before it is validated. In the
   * editor false.
   */
  sel_mode: Bool;
  input1?: Anything;
  [more: `input${number}`]: Anything | undefined;
}, Node<{ selected_value: never; selected_label: 'STRING'; selected_index: 'INT' }>> = nodeFunction('LatentSwitch', [['selected_value', '*'], ['selected_label', 'STRING'], ['selected_index', 'INT']]);

/** Upscale Latent (latent) */
export const LatentUpscale: NodeFunction<{
  samples: Link<'LATENT'>;
  upscale_method: OneOf<UpscaleMethod2>;
  /** 0 to 16384, in the editor 512. */
  width: Int;
  /** 0 to 16384, in the editor 512. */
  height: Int;
  crop: OneOf<'disabled' | 'center'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentUpscale', [['LATENT', 'LATENT']]);

/** Upscale Latent By (latent) */
export const LatentUpscaleBy: NodeFunction<{
  samples: Link<'LATENT'>;
  upscale_method: OneOf<UpscaleMethod2>;
  /** 0.01 to 8, in the editor 1.5. */
  scale_by: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LatentUpscaleBy', [['LATENT', 'LATENT']]);

/**
 * LazyCache (advanced/debug/model): Skips steps whose prediction would hardly differ from the last
 * one. Faster, but the result changes.
 * @experimental
 */
export const LazyCache: NodeFunction<{
  model: Link<'MODEL'>;
  /**
   * The change up to which steps are skipped; larger values skip more steps. 0 to 3, in the editor
   * 0.2.
   */
  reuse_threshold: Float;
  /** Steps may be skipped from here on. 0 to 1, in the editor 0.15. */
  start_percent: Float;
  /** Steps may be skipped up to here. 0 to 1, in the editor 0.95. */
  end_percent: Float;
  /** Reports for each step whether it is skipped. In the editor false. */
  verbose: Bool;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('LazyCache', [['MODEL', 'MODEL']]);

/** Load Image (image) */
export const LoadImage: NodeFunction<{
  image: FileName;
}, Node<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('LoadImage', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/** Load Image (as Mask) (mask) */
export const LoadImageMask: NodeFunction<{
  image: FileName;
  channel: OneOf<'alpha' | 'red' | 'green' | 'blue'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('LoadImageMask', [['MASK', 'MASK']]);

/**
 * Load Image (from Outputs) (image): Loads an image of the output folder. The refresh button of the
 * editor selects the newest.
 * @experimental
 */
export const LoadImageOutput: NodeFunction<{
  image: FileName;
}, Node<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('LoadImageOutput', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/** LoadLatent (_for_testing) */
export const LoadLatent: NodeFunction<{
  latent: FileName;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('LoadLatent', [['LATENT', 'LATENT']]);

/**
 * Load LoRA (loaders): Applies a LoRA to a model and its text encoders. Several nodes can follow
 * one another.
 */
export const LoraLoader: NodeFunction<{
  /** The model to change. */
  model: Link<'MODEL'>;
  /** The text encoders to change. */
  clip: Link<'CLIP'>;
  /** The file. A file of models/loras. */
  lora_name: FileName;
  /** Strength for the model; may be negative. -100 to 100, in the editor 1. */
  strength_model: Float;
  /** Strength for the text encoders; may be negative. -100 to 100, in the editor 1. */
  strength_clip: Float;
}, Node<{ MODEL: 'MODEL'; CLIP: 'CLIP' }>> = nodeFunction('LoraLoader', [['MODEL', 'MODEL'], ['CLIP', 'CLIP']]);

/** LoraLoaderModelOnly (loaders) */
export const LoraLoaderModelOnly: NodeFunction<{
  model: Link<'MODEL'>;
  /** A file of models/loras. */
  lora_name: FileName;
  /** -100 to 100, in the editor 1. */
  strength_model: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('LoraLoaderModelOnly', [['MODEL', 'MODEL']]);

/**
 * Mahiro is so cute that she deserves a better guidance function!! (。・ω・。) (_for_testing): Guides
 * in the direction of the positive prediction rather than of its difference from the negative one.
 * @experimental
 */
export const Mahiro: NodeFunction<{
  model: Link<'MODEL'>;
}, Node<{ patched_model: 'MODEL' }>> = nodeFunction('Mahiro', [['patched_model', 'MODEL']]);

/** MaskComposite (mask) */
export const MaskComposite: NodeFunction<{
  destination: Link<'MASK'>;
  source: Link<'MASK'>;
  /** 0 to 16384, in the editor 0. */
  x: Int;
  /** 0 to 16384, in the editor 0. */
  y: Int;
  operation: OneOf<'multiply' | 'add' | 'subtract' | 'and' | 'or' | 'xor'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('MaskComposite', [['MASK', 'MASK']]);

/**
 * MaskDetailer (pipe) (ImpactPack/Detailer): Samples the masked areas of an image at a larger size
 * and pastes them back.
 */
export const MaskDetailerPipe: NodeFunction<{
  image: Link<'IMAGE'>;
  mask: Link<'MASK'>;
  basic_pipe: Link<'BASIC_PIPE'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 1024. */
  max_size: Float;
  /** In the editor true. */
  mask_mode: Bool;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** 1 to 10, in the editor 3. */
  crop_factor: Float;
  /** 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Share of the steps that the refiner samples. 0 to 1, in the editor 0.2. */
  refiner_ratio: Float;
  /** 1 to 100, in the editor 1. */
  batch_size: Int;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  refiner_basic_pipe_opt?: Link<'BASIC_PIPE'>;
  detailer_hook?: Link<'DETAILER_HOOK'>;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** In the editor false. */
  bbox_fill?: Bool;
  /** In the editor true. */
  contour_fill?: Bool;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ image: 'IMAGE'; cropped_refined: 'IMAGE'; cropped_enhanced_alpha: 'IMAGE'; basic_pipe: 'BASIC_PIPE'; refiner_basic_pipe_opt: 'BASIC_PIPE' }>> = nodeFunction('MaskDetailerPipe', [['image', 'IMAGE'], ['cropped_refined', 'IMAGE'], ['cropped_enhanced_alpha', 'IMAGE'], ['basic_pipe', 'BASIC_PIPE'], ['refiner_basic_pipe_opt', 'BASIC_PIPE']]);

/**
 * Mask List to Mask Batch (ImpactPack/Operation): Joins masks to a batch; those of another size
 * than the first are resized.
 */
export const MaskListToMaskBatch: NodeFunction<{
  mask: Link<'MASK'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('MaskListToMaskBatch', [['MASK', 'MASK']]);

/** MaskPreview (mask) */
export const MaskPreview: NodeFunction<{
  mask: Link<'MASK'>;
}, OutputNode> = nodeFunction('MaskPreview');

/** Convert Mask to Image (mask) */
export const MaskToImage: NodeFunction<{
  mask: Link<'MASK'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('MaskToImage', [['IMAGE', 'IMAGE']]);

/**
 * MASK to SEGS (ImpactPack/Operation): Makes a segment of each shape in a mask, or one of the whole
 * mask.
 */
export const MaskToSEGS: NodeFunction<{
  mask: Link<'MASK'>;
  /** Makes one segment of the whole mask. In the editor false. */
  combined: Bool;
  /** Size of the crop region relative to the bbox. 1 to 100, in the editor 3. */
  crop_factor: Float;
  /** Fills the bbox in the mask. In the editor false. */
  bbox_fill: Bool;
  /** Smaller shapes are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Fills each shape with 1 instead of the values of the mask. In the editor false. */
  contour_fill: Bool;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('MaskToSEGS', [['SEGS', 'SEGS']]);

/**
 * MASK to SEGS for AnimateDiff (ImpactPack/Operation): Makes a segment of each shape in a mask, or
 * one of the whole mask.
 */
export const MaskToSEGS_for_AnimateDiff: NodeFunction<{
  mask: Link<'MASK'>;
  /** Makes one segment of the whole mask. In the editor false. */
  combined: Bool;
  /** Size of the crop region relative to the bbox. 1 to 100, in the editor 3. */
  crop_factor: Float;
  /** Fills the bbox in the mask. In the editor false. */
  bbox_fill: Bool;
  /** Smaller shapes are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Fills each shape with 1 instead of the values of the mask. In the editor false. */
  contour_fill: Bool;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('MaskToSEGS_for_AnimateDiff', [['SEGS', 'SEGS']]);

/** Mask Batch to Mask List (ImpactPack/Operation) */
export const MasksToMaskList: NodeFunction<{
  masks: Link<'MASK'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('MasksToMaskList', [['MASK', 'MASK']]);

/** ModelMergeAdd (advanced/model_merging) */
export const ModelMergeAdd: NodeFunction<{
  model1: Link<'MODEL'>;
  model2: Link<'MODEL'>;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelMergeAdd', [['MODEL', 'MODEL']]);

/** ModelMergeBlocks (advanced/model_merging) */
export const ModelMergeBlocks: NodeFunction<{
  model1: Link<'MODEL'>;
  model2: Link<'MODEL'>;
  /** 0 to 1, in the editor 1. */
  input: Float;
  /** 0 to 1, in the editor 1. */
  middle: Float;
  /** 0 to 1, in the editor 1. */
  out: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelMergeBlocks', [['MODEL', 'MODEL']]);

/** ModelMergeSD1 (advanced/model_merging/model_specific) */
export const ModelMergeSD1: NodeFunction<{
  model1: Link<'MODEL'>;
  model2: Link<'MODEL'>;
  /** 0 to 1, in the editor 1. */
  'time_embed.': Float;
  /** 0 to 1, in the editor 1. */
  'label_emb.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.0.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.1.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.2.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.3.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.4.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.5.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.6.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.7.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.8.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.9.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.10.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.11.': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.0.': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.1.': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.2.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.0.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.1.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.2.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.3.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.4.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.5.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.6.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.7.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.8.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.9.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.10.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.11.': Float;
  /** 0 to 1, in the editor 1. */
  'out.': Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelMergeSD1', [['MODEL', 'MODEL']]);

/** ModelMergeSD2 (advanced/model_merging/model_specific) */
export const ModelMergeSD2: NodeFunction<{
  model1: Link<'MODEL'>;
  model2: Link<'MODEL'>;
  /** 0 to 1, in the editor 1. */
  'time_embed.': Float;
  /** 0 to 1, in the editor 1. */
  'label_emb.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.0.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.1.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.2.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.3.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.4.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.5.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.6.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.7.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.8.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.9.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.10.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.11.': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.0.': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.1.': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.2.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.0.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.1.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.2.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.3.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.4.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.5.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.6.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.7.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.8.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.9.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.10.': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.11.': Float;
  /** 0 to 1, in the editor 1. */
  'out.': Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelMergeSD2', [['MODEL', 'MODEL']]);

/** ModelMergeSDXL (advanced/model_merging/model_specific) */
export const ModelMergeSDXL: NodeFunction<{
  model1: Link<'MODEL'>;
  model2: Link<'MODEL'>;
  /** 0 to 1, in the editor 1. */
  'time_embed.': Float;
  /** 0 to 1, in the editor 1. */
  'label_emb.': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.0': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.1': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.2': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.3': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.4': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.5': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.6': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.7': Float;
  /** 0 to 1, in the editor 1. */
  'input_blocks.8': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.0': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.1': Float;
  /** 0 to 1, in the editor 1. */
  'middle_block.2': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.0': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.1': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.2': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.3': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.4': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.5': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.6': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.7': Float;
  /** 0 to 1, in the editor 1. */
  'output_blocks.8': Float;
  /** 0 to 1, in the editor 1. */
  'out.': Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelMergeSDXL', [['MODEL', 'MODEL']]);

/** ModelMergeSimple (advanced/model_merging): A share of model1 (ratio), the rest from model2. */
export const ModelMergeSimple: NodeFunction<{
  model1: Link<'MODEL'>;
  model2: Link<'MODEL'>;
  /** 0 to 1, in the editor 1. */
  ratio: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelMergeSimple', [['MODEL', 'MODEL']]);

/**
 * ModelMergeSubtract (advanced/model_merging): The difference of model1 and model2, multiplied by a
 * factor.
 */
export const ModelMergeSubtract: NodeFunction<{
  model1: Link<'MODEL'>;
  model2: Link<'MODEL'>;
  /** -10 to 10, in the editor 1. */
  multiplier: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelMergeSubtract', [['MODEL', 'MODEL']]);

/** ModelSamplerTonemapNoiseTest (custom_node_experiments) */
export const ModelSamplerTonemapNoiseTest: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 100, in the editor 1. */
  multiplier: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelSamplerTonemapNoiseTest', [['MODEL', 'MODEL']]);

/** ModelSamplingContinuousEDM (advanced/model) */
export const ModelSamplingContinuousEDM: NodeFunction<{
  model: Link<'MODEL'>;
  sampling: OneOf<'v_prediction' | 'edm' | 'edm_playground_v2.5' | 'eps' | 'cosmos_rflow'>;
  /** 0 to 1000, in the editor 120. */
  sigma_max: Float;
  /** 0 to 1000, in the editor 0.002. */
  sigma_min: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelSamplingContinuousEDM', [['MODEL', 'MODEL']]);

/** ModelSamplingContinuousV (advanced/model) */
export const ModelSamplingContinuousV: NodeFunction<{
  model: Link<'MODEL'>;
  sampling: OneOf<'v_prediction'>;
  /** 0 to 1000, in the editor 500. */
  sigma_max: Float;
  /** 0 to 1000, in the editor 0.03. */
  sigma_min: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelSamplingContinuousV', [['MODEL', 'MODEL']]);

/** ModelSamplingDiscrete (advanced/model) */
export const ModelSamplingDiscrete: NodeFunction<{
  model: Link<'MODEL'>;
  sampling: OneOf<'eps' | 'v_prediction' | 'lcm' | 'x0' | 'img_to_img'>;
  /** In the editor false. */
  zsnr: Bool;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('ModelSamplingDiscrete', [['MODEL', 'MODEL']]);

/** ModelSave (advanced/model_merging) */
export const ModelSave: NodeFunction<{
  model: Link<'MODEL'>;
  filename_prefix: Text;
}, OutputNode> = nodeFunction('ModelSave');

/** ImageMorphology (image/postprocessing) */
export const Morphology: NodeFunction<{
  image: Link<'IMAGE'>;
  operation: OneOf<'erode' | 'dilate' | 'open' | 'close' | 'gradient' | 'bottom_hat' | 'top_hat'>;
  /** 3 to 999, in the editor 3. */
  kernel_size: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('Morphology', [['IMAGE', 'IMAGE']]);

/**
 * NoiseInjectionDetailerHookProvider (ImpactPack/Detailer): Adds noise to the latent at the start
 * of each cycle.
 */
export const NoiseInjectionDetailerHookProvider: NodeFunction<{
  /** Whether the schedule starts with the first cycle or the second one. */
  schedule_for_cycle: OneOf<'skip_start' | 'from_start'>;
  /** No effect: the noise is always that of the CPU. */
  source: OneOf<'CPU' | 'GPU'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 0 to 200, in the editor 2. */
  start_strength: Float;
  /** 0 to 200, in the editor 1. */
  end_strength: Float;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('NoiseInjectionDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/**
 * NoiseInjectionHookProvider (ImpactPack/Upscale): Adds noise to each enlarged latent before it is
 * sampled.
 */
export const NoiseInjectionHookProvider: NodeFunction<{
  /** Changes by the same amount in each step. */
  schedule_for_iteration: OneOf<'simple'>;
  /** No effect: the noise is always that of the CPU. */
  source: OneOf<'CPU' | 'GPU'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** Strength of the noise in the first step. 0 to 200, in the editor 1. */
  start_strength: Float;
  /** The strength that it moves towards. 0 to 200, in the editor 1. */
  end_strength: Float;
}, Node<{ PK_HOOK: 'PK_HOOK' }>> = nodeFunction('NoiseInjectionHookProvider', [['PK_HOOK', 'PK_HOOK']]);

/**
 * ONNXDetectorProvider (ImpactPack): Loads a detector from an .onnx file: YOLO, or RetinaNet with
 * boxes, scores and labels.
 */
export const ONNXDetectorProvider: NodeFunction<{
  /** The file, in the models folder `onnx`. A file of models/onnx. */
  model_name: FileName;
}, Node<{ BBOX_DETECTOR: 'BBOX_DETECTOR' }>> = nodeFunction('ONNXDetectorProvider', [['BBOX_DETECTOR', 'BBOX_DETECTOR']]);

/** ONNX Detector (SEGS/legacy) - use BBOXDetector (ImpactPack/Detector) */
export const ONNXDetectorSEGS: NodeFunction<{
  bbox_detector: Link<'BBOX_DETECTOR'>;
  image: Link<'IMAGE'>;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 10. */
  dilation: Int;
  /** Size of the crop region relative to the bbox. 1 to 100, in the editor 3. */
  crop_factor: Float;
  /** Smaller detections are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Labels to keep, separated by commas; `all` keeps everything. */
  labels: Text;
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('ONNXDetectorSEGS', [['SEGS', 'SEGS']]);

/**
 * Cond Pair Combine (advanced/hooks/cond pair)
 * @experimental
 */
export const PairConditioningCombine: NodeFunction<{
  positive_A: Link<'CONDITIONING'>;
  negative_A: Link<'CONDITIONING'>;
  positive_B: Link<'CONDITIONING'>;
  negative_B: Link<'CONDITIONING'>;
}, Node<{ positive: 'CONDITIONING'; negative: 'CONDITIONING' }>> = nodeFunction('PairConditioningCombine', [['positive', 'CONDITIONING'], ['negative', 'CONDITIONING']]);

/**
 * Cond Pair Set Props (advanced/hooks/cond pair)
 * @experimental
 */
export const PairConditioningSetProperties: NodeFunction<{
  positive_NEW: Link<'CONDITIONING'>;
  negative_NEW: Link<'CONDITIONING'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  set_cond_area: OneOf<'default' | 'mask bounds'>;
  mask?: Link<'MASK'>;
  hooks?: Link<'HOOKS'>;
  timesteps?: Link<'TIMESTEPS_RANGE'>;
}, Node<{ positive: 'CONDITIONING'; negative: 'CONDITIONING' }>> = nodeFunction('PairConditioningSetProperties', [['positive', 'CONDITIONING'], ['negative', 'CONDITIONING']]);

/**
 * Cond Pair Set Props Combine (advanced/hooks/cond pair)
 * @experimental
 */
export const PairConditioningSetPropertiesAndCombine: NodeFunction<{
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  positive_NEW: Link<'CONDITIONING'>;
  negative_NEW: Link<'CONDITIONING'>;
  /** 0 to 10, in the editor 1. */
  strength: Float;
  set_cond_area: OneOf<'default' | 'mask bounds'>;
  mask?: Link<'MASK'>;
  hooks?: Link<'HOOKS'>;
  timesteps?: Link<'TIMESTEPS_RANGE'>;
}, Node<{ positive: 'CONDITIONING'; negative: 'CONDITIONING' }>> = nodeFunction('PairConditioningSetPropertiesAndCombine', [['positive', 'CONDITIONING'], ['negative', 'CONDITIONING']]);

/**
 * Perp-Neg (DEPRECATED by PerpNegGuider) (_for_testing)
 * @deprecated
 * @experimental
 */
export const PerpNeg: NodeFunction<{
  model: Link<'MODEL'>;
  empty_conditioning: Link<'CONDITIONING'>;
  /** 0 to 100, in the editor 1. */
  neg_scale: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('PerpNeg', [['MODEL', 'MODEL']]);

/**
 * PerpNegGuider (_for_testing)
 * @experimental
 */
export const PerpNegGuider: NodeFunction<{
  model: Link<'MODEL'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  empty_conditioning: Link<'CONDITIONING'>;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  /** 0 to 100, in the editor 1. */
  neg_scale: Float;
}, Node<{ GUIDER: 'GUIDER' }>> = nodeFunction('PerpNegGuider', [['GUIDER', 'GUIDER']]);

/** PerturbedAttentionGuidance (model_patches/unet) */
export const PerturbedAttentionGuidance: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 100, in the editor 3. */
  scale: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('PerturbedAttentionGuidance', [['MODEL', 'MODEL']]);

/**
 * PixelKSampleHookCombine (ImpactPack/Upscale): Combines two hooks; the first one is called first.
 */
export const PixelKSampleHookCombine: NodeFunction<{
  hook1: Link<'PK_HOOK'>;
  hook2: Link<'PK_HOOK'>;
}, Node<{ PK_HOOK: 'PK_HOOK' }>> = nodeFunction('PixelKSampleHookCombine', [['PK_HOOK', 'PK_HOOK']]);

/**
 * PixelKSampleUpscalerProvider (ImpactPack/Upscale): A step of an iterative upscale: enlarges the
 * image, encodes and samples it.
 */
export const PixelKSampleUpscalerProvider: NodeFunction<{
  /** How the image is resized. */
  scale_method: OneOf<ScaleMethod>;
  model: Link<'MODEL'>;
  vae: Link<'VAE'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** How much each enlarged image changes; 1 replaces it entirely. 0 to 1, in the editor 1. */
  denoise: Float;
  /** In the editor false. */
  use_tiled_vae: Bool;
  /** Side of the VAE's tiles in pixels. 320 to 4096, in the editor 512. */
  tile_size: Int;
  /** Enlarges the image before it is resized. */
  upscale_model_opt?: Link<'UPSCALE_MODEL'>;
  pk_hook_opt?: Link<'PK_HOOK'>;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ UPSCALER: 'UPSCALER' }>> = nodeFunction('PixelKSampleUpscalerProvider', [['UPSCALER', 'UPSCALER']]);

/**
 * PixelKSampleUpscalerProviderPipe (ImpactPack/Upscale): A step of an iterative upscale: enlarges
 * the image, encodes and samples it.
 */
export const PixelKSampleUpscalerProviderPipe: NodeFunction<{
  /** How the image is resized. */
  scale_method: OneOf<ScaleMethod>;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  /** How much each enlarged image changes; 1 replaces it entirely. 0 to 1, in the editor 1. */
  denoise: Float;
  /** In the editor false. */
  use_tiled_vae: Bool;
  basic_pipe: Link<'BASIC_PIPE'>;
  /** Side of the VAE's tiles in pixels. 320 to 4096, in the editor 512. */
  tile_size: Int;
  /** Enlarges the image before it is resized. */
  upscale_model_opt?: Link<'UPSCALE_MODEL'>;
  pk_hook_opt?: Link<'PK_HOOK'>;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
  /** Not supported: it needs a preprocessor of another pack. */
  tile_cnet_opt?: Link<'CONTROL_NET'>;
  /** 0 to 1, in the editor 1. */
  tile_cnet_strength?: Float;
}, Node<{ UPSCALER: 'UPSCALER' }>> = nodeFunction('PixelKSampleUpscalerProviderPipe', [['UPSCALER', 'UPSCALER']]);

/** PolyexponentialScheduler (sampling/custom_sampling/schedulers) */
export const PolyexponentialScheduler: NodeFunction<{
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 5000, in the editor 14.614642. */
  sigma_max: Float;
  /** 0 to 5000, in the editor 0.0291675. */
  sigma_min: Float;
  /** 0 to 100, in the editor 1. */
  rho: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('PolyexponentialScheduler', [['SIGMAS', 'SIGMAS']]);

/** Porter-Duff Image Composite (mask/compositing) */
export const PorterDuffImageComposite: NodeFunction<{
  source: Link<'IMAGE'>;
  source_alpha: Link<'MASK'>;
  destination: Link<'IMAGE'>;
  destination_alpha: Link<'MASK'>;
  /** In the editor DST. */
  mode: OneOf<'ADD' | 'CLEAR' | 'DARKEN' | 'DST' | 'DST_ATOP' | 'DST_IN' | 'DST_OUT' | 'DST_OVER' | 'LIGHTEN' | 'MULTIPLY' | 'OVERLAY' | 'SCREEN' | 'SRC' | 'SRC_ATOP' | 'SRC_IN' | 'SRC_OUT' | 'SRC_OVER' | 'XOR'>;
}, Node<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('PorterDuffImageComposite', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/** Preview Any (utils) */
export const PreviewAny: NodeFunction<{
  source: Anything;
}, OutputNode> = nodeFunction('PreviewAny');

/**
 * Preview Bridge (Image) (ImpactPack/Util): Shows an image and outputs it with the mask that is
 * drawn on it.
 */
export const PreviewBridge: NodeFunction<{
  images: Link<'IMAGE'>;
  /** The edited image, set by the editor. A file name also works: sub/name.png [temp]. */
  image: Text;
  /** Blocks the nodes that follow while the mask is empty. In the editor false. */
  block?: Bool;
  /** Applies the last mask to a new image; takes precedence over block. */
  restore_mask?: OneOf<RestoreMask>;
}, OutputNode<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('PreviewBridge', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/**
 * Preview Bridge (Latent) (ImpactPack/Util): Shows a latent and outputs it with the mask that is
 * drawn on it as its noise mask.
 */
export const PreviewBridgeLatent: NodeFunction<{
  latent: Link<'LATENT'>;
  /** The edited image, set by the editor. A file name also works: sub/name.png [temp]. */
  image: Text;
  preview_method: OneOf<'Latent2RGB-FLUX.1' | 'Latent2RGB-SDXL' | 'Latent2RGB-SD15' | 'Latent2RGB-SD3' | 'Latent2RGB-SD-X4' | 'Latent2RGB-Playground-2.5' | 'Latent2RGB-SC-Prior' | 'Latent2RGB-SC-B' | 'TAEF1' | 'TAESDXL' | 'TAESD15' | 'TAESD3'>;
  vae_opt?: Link<'VAE'>;
  /** Blocks the nodes that follow while the mask is empty. In the editor false. */
  block?: Bool;
  /** Applies the last mask to a new image; takes precedence over block. */
  restore_mask?: OneOf<RestoreMask>;
}, OutputNode<{ LATENT: 'LATENT'; MASK: 'MASK' }>> = nodeFunction('PreviewBridgeLatent', [['LATENT', 'LATENT'], ['MASK', 'MASK']]);

/**
 * PreviewDetailerHookProvider (ImpactPack/Util): Shows the image after each segment is pasted
 * (message `impact-preview`).
 */
export const PreviewDetailerHookProvider: NodeFunction<{
  /** 20 to 100, in the editor 95. */
  quality: Int;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK'; UPSCALER_HOOK: 'UPSCALER_HOOK' }>> = nodeFunction('PreviewDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK'], ['UPSCALER_HOOK', 'UPSCALER_HOOK']]);

/** Preview Image (image): Shows images. They are saved in the temp folder only. */
export const PreviewImage: NodeFunction<{
  images: Link<'IMAGE'>;
}, OutputNode> = nodeFunction('PreviewImage');

/** Boolean (utils/primitive) */
export const PrimitiveBoolean: NodeFunction<{
  /** In the editor false. */
  value: Bool;
}, Node<{ BOOLEAN: 'BOOLEAN' }>> = nodeFunction('PrimitiveBoolean', [['BOOLEAN', 'BOOLEAN']]);

/** Float (utils/primitive) */
export const PrimitiveFloat: NodeFunction<{
  /** -9223372036854776000 to 9223372036854776000, in the editor 0. */
  value: Float;
}, Node<{ FLOAT: 'FLOAT' }>> = nodeFunction('PrimitiveFloat', [['FLOAT', 'FLOAT']]);

/** Int (utils/primitive) */
export const PrimitiveInt: NodeFunction<{
  /** -9223372036854775807 to 9223372036854775807, in the editor 0. */
  value: Int;
}, Node<{ INT: 'INT' }>> = nodeFunction('PrimitiveInt', [['INT', 'INT']]);

/** String (utils/primitive) */
export const PrimitiveString: NodeFunction<{
  value: Text;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('PrimitiveString', [['STRING', 'STRING']]);

/** String (Multiline) (utils/primitive) */
export const PrimitiveStringMultiline: NodeFunction<{
  value: Text;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('PrimitiveStringMultiline', [['STRING', 'STRING']]);

/** RandomNoise (sampling/custom_sampling/noise) */
export const RandomNoise: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  noise_seed: Int;
}, Node<{ NOISE: 'NOISE' }>> = nodeFunction('RandomNoise', [['NOISE', 'NOISE']]);

/** Rebatch Images (image/batch) */
export const RebatchImages: NodeFunction<{
  images: Link<'IMAGE'>;
  /** 1 to 4096, in the editor 1. */
  batch_size: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('RebatchImages', [['IMAGE', 'IMAGE']]);

/** Rebatch Latents (latent/batch) */
export const RebatchLatents: NodeFunction<{
  latents: Link<'LATENT'>;
  /** 1 to 4096, in the editor 1. */
  batch_size: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('RebatchLatents', [['LATENT', 'LATENT']]);

/** Reencode Latent (ImpactPack/Util): Decodes a latent with one VAE and encodes it with another. */
export const ReencodeLatent: NodeFunction<{
  samples: Link<'LATENT'>;
  /** Which VAE processes the image in tiles. */
  tile_mode: OneOf<TileMode>;
  input_vae: Link<'VAE'>;
  output_vae: Link<'VAE'>;
  /** Side of the VAE's tiles in pixels. 320 to 4096, in the editor 512. */
  tile_size: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('ReencodeLatent', [['LATENT', 'LATENT']]);

/**
 * Reencode Latent (pipe) (ImpactPack/Util): Decodes a latent with one pipe's VAE and encodes it
 * with the other's.
 */
export const ReencodeLatentPipe: NodeFunction<{
  samples: Link<'LATENT'>;
  /** Which VAE processes the image in tiles. */
  tile_mode: OneOf<TileMode>;
  input_basic_pipe: Link<'BASIC_PIPE'>;
  output_basic_pipe: Link<'BASIC_PIPE'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('ReencodeLatentPipe', [['LATENT', 'LATENT']]);

/** Regex Extract (utils/string) */
export const RegexExtract: NodeFunction<{
  string: Text;
  regex_pattern: Text;
  mode: OneOf<'First Match' | 'All Matches' | 'First Group' | 'All Groups'>;
  /** In the editor true. */
  case_insensitive: Bool;
  /** In the editor false. */
  multiline: Bool;
  /** In the editor false. */
  dotall: Bool;
  /** 0 to 100, in the editor 1. */
  group_index: Int;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('RegexExtract', [['STRING', 'STRING']]);

/** Regex Match (utils/string) */
export const RegexMatch: NodeFunction<{
  string: Text;
  regex_pattern: Text;
  /** In the editor true. */
  case_insensitive: Bool;
  /** In the editor false. */
  multiline: Bool;
  /** In the editor false. */
  dotall: Bool;
}, Node<{ matches: 'BOOLEAN' }>> = nodeFunction('RegexMatch', [['matches', 'BOOLEAN']]);

/** Regex Replace (utils/string): Replaces the matches of a regular expression. */
export const RegexReplace: NodeFunction<{
  string: Text;
  regex_pattern: Text;
  replace: Text;
  /** In the editor true. */
  case_insensitive?: Bool;
  /** In the editor false. */
  multiline?: Bool;
  /** The dot also matches line breaks. In the editor false. */
  dotall?: Bool;
  /** Maximum number of replacements; 0 means all. 0 to 100, in the editor 0. */
  count?: Int;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('RegexReplace', [['STRING', 'STRING']]);

/** RegionalPrompt (ImpactPack/Regional): A region of the image with its own sampler and prompts. */
export const RegionalPrompt: NodeFunction<{
  /** The region. */
  mask: Link<'MASK'>;
  /** Samples the region. */
  advanced_sampler: Link<'KSAMPLER_ADVANCED'>;
  /** Seed of the variation noise for the region. 0 to 18446744073709551615, in the editor 0. */
  variation_seed?: Int;
  /** Share of the variation noise. 0 to 1, in the editor 0. */
  variation_strength?: Float;
  /** How the two noises are blended. */
  variation_method?: OneOf<'linear' | 'slerp'>;
}, Node<{ REGIONAL_PROMPTS: 'REGIONAL_PROMPTS' }>> = nodeFunction('RegionalPrompt', [['REGIONAL_PROMPTS', 'REGIONAL_PROMPTS']]);

/**
 * RegionalSampler (ImpactPack/Regional): Samples a latent with the base sampler alone for some
 * steps, then with the base outside all regions and with each region inside its mask.
 */
export const RegionalSampler: NodeFunction<{
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /**
   * Seed of new noise for the regions, depending on seed_2nd_mode. 0 to 18446744073709551615, in
   * the editor 0.
   */
  seed_2nd: Int;
  /**
   * ignore: the regions continue with the noise that the base left. Otherwise the base removes all
   * noise, and new noise is added: of seed_2nd (fixed, and also increment, decrement and
   * randomize), or of the sum or the difference of both seeds.
   */
  seed_2nd_mode: OneOf<'ignore' | 'fixed' | 'seed+seed_2nd' | 'seed-seed_2nd' | 'increment' | 'decrement' | 'randomize'>;
  /** Number of steps. 1 to 10000, in the editor 20. */
  steps: Int;
  /** Steps of the base sampler before the regions start. 0 to 10000, in the editor 2. */
  base_only_steps: Int;
  /**
   * Share of the schedule that is run; below 1, the latent keeps some of its content. 0 to 1, in
   * the editor 1.
   */
  denoise: Float;
  /** The latent to start from. */
  samples: Link<'LATENT'>;
  /** Samples outside all regions. */
  base_sampler: Link<'KSAMPLER_ADVANCED'>;
  /** The regions. */
  regional_prompts: Link<'REGIONAL_PROMPTS'>;
  /** Latent cells by which each region grows, so that seams blend. 0 to 10000, in the editor 10. */
  overlap_factor: Int;
  /**
   * Restores the latent outside of a region after each of its steps. Otherwise the regions build on
   * each other. In the editor true.
   */
  restore_latent: Bool;
  /**
   * SDE samplers and uni_pc leave a masked region noisy, which a second sampler corrects in each
   * step. DISABLE: no correction. ratio additional: after the step. ratio between: both share the
   * sigmas of the step. In the editor ratio between.
   */
  additional_mode: OneOf<AdditionalMode>;
  /** The second sampler. AUTO: dpm_fast or dpmpp_2m, depending on the first one. */
  additional_sampler: OneOf<AdditionalSampler>;
  /** The second sampler's share of each sigma. 0 to 1, in the editor 0.3. */
  additional_sigma_ratio: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('RegionalSampler', [['LATENT', 'LATENT']]);

/**
 * RegionalSamplerAdvanced (ImpactPack/Regional): In each step of a range, samples with the base
 * outside all regions, then with each region inside its mask.
 */
export const RegionalSamplerAdvanced: NodeFunction<{
  /** Adds noise of the seed before the first step. In the editor true. */
  add_noise: Bool;
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  noise_seed: Int;
  /** Number of steps of the whole schedule. 1 to 10000, in the editor 20. */
  steps: Int;
  /** The first step. 0 to 10000, in the editor 0. */
  start_at_step: Int;
  /** Sampling stops before this step. 0 to 10000, in the editor 10000. */
  end_at_step: Int;
  /** Latent cells by which each region grows, so that seams blend. 0 to 10000, in the editor 10. */
  overlap_factor: Int;
  /**
   * Restores the latent outside of a region after each of its steps. Otherwise the regions build on
   * each other. In the editor true.
   */
  restore_latent: Bool;
  /** Keeps the noise that later steps would remove. In the editor false. */
  return_with_leftover_noise: Bool;
  /** The latent to start from. */
  latent_image: Link<'LATENT'>;
  /** Samples outside all regions. */
  base_sampler: Link<'KSAMPLER_ADVANCED'>;
  /** The regions. */
  regional_prompts: Link<'REGIONAL_PROMPTS'>;
  /**
   * SDE samplers and uni_pc leave a masked region noisy, which a second sampler corrects in each
   * step. DISABLE: no correction. ratio additional: after the step. ratio between: both share the
   * sigmas of the step. In the editor ratio between.
   */
  additional_mode: OneOf<AdditionalMode>;
  /** The second sampler. AUTO: dpm_fast or dpmpp_2m, depending on the first one. */
  additional_sampler: OneOf<AdditionalSampler>;
  /** The second sampler's share of each sigma. 0 to 1, in the editor 0.3. */
  additional_sigma_ratio: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('RegionalSamplerAdvanced', [['LATENT', 'LATENT']]);

/** Remove Image from SEGS (ImpactPack/Util) */
export const RemoveImageFromSEGS: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('RemoveImageFromSEGS', [['SEGS', 'SEGS']]);

/** Remove Noise Mask (ImpactPack/Util) */
export const RemoveNoiseMask: NodeFunction<{
  samples: Link<'LATENT'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('RemoveNoiseMask', [['LATENT', 'LATENT']]);

/** RenormCFG (advanced/model) */
export const RenormCFG: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 100, in the editor 100. */
  cfg_trunc: Float;
  /** 0 to 100, in the editor 1. */
  renorm_cfg: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('RenormCFG', [['MODEL', 'MODEL']]);

/** RepeatImageBatch (image/batch) */
export const RepeatImageBatch: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 1 to 4096, in the editor 1. */
  amount: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('RepeatImageBatch', [['IMAGE', 'IMAGE']]);

/** Repeat Latent Batch (latent/batch) */
export const RepeatLatentBatch: NodeFunction<{
  samples: Link<'LATENT'>;
  /** 1 to 64, in the editor 1. */
  amount: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('RepeatLatentBatch', [['LATENT', 'LATENT']]);

/** RescaleCFG (advanced/model) */
export const RescaleCFG: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 1, in the editor 0.7. */
  multiplier: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('RescaleCFG', [['MODEL', 'MODEL']]);

/** ResizeAndPadImage (image/transform) */
export const ResizeAndPadImage: NodeFunction<{
  image: Link<'IMAGE'>;
  /** 1 to 16384, in the editor 512. */
  target_width: Int;
  /** 1 to 16384, in the editor 512. */
  target_height: Int;
  padding_color: OneOf<'white' | 'black'>;
  interpolation: OneOf<'area' | 'bicubic' | 'nearest-exact' | 'bilinear' | 'lanczos'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('ResizeAndPadImage', [['IMAGE', 'IMAGE']]);

/** SAMDetector (combined) (ImpactPack/Detector) */
export const SAMDetectorCombined: NodeFunction<{
  sam_model: Link<'SAM_MODEL'>;
  segs: Link<'SEGS'>;
  image: Link<'IMAGE'>;
  /** The points of a segment that mark its object. */
  detection_hint: OneOf<SamDetectionHint>;
  /** Pixels by which the mask grows. -512 to 512, in the editor 0. */
  dilation: Int;
  /**
   * Minimum score of a mask; if none reaches it, the best one is used. 0 to 1, in the editor 0.93.
   */
  threshold: Float;
  /** Pixels by which the boxes grow on each side. 0 to 1000, in the editor 0. */
  bbox_expansion: Int;
  /** Minimum mask value of the points (mask-area). 0 to 1, in the editor 0.7. */
  mask_hint_threshold: Float;
  /**
   * Points that do not belong to the object: Small takes them from masks and small boxes, Outter
   * from outside.
   */
  mask_hint_use_negative: OneOf<SamMaskHintUseNegative>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('SAMDetectorCombined', [['MASK', 'MASK']]);

/** SAMDetector (segmented) (ImpactPack/Detector) */
export const SAMDetectorSegmented: NodeFunction<{
  sam_model: Link<'SAM_MODEL'>;
  segs: Link<'SEGS'>;
  image: Link<'IMAGE'>;
  /** The points of a segment that mark its object. */
  detection_hint: OneOf<SamDetectionHint>;
  /** Pixels by which the mask grows. -512 to 512, in the editor 0. */
  dilation: Int;
  /**
   * Minimum score of a mask; if none reaches it, the best one is used. 0 to 1, in the editor 0.93.
   */
  threshold: Float;
  /** Pixels by which the boxes grow on each side. 0 to 1000, in the editor 0. */
  bbox_expansion: Int;
  /** Minimum mask value of the points (mask-area). 0 to 1, in the editor 0.7. */
  mask_hint_threshold: Float;
  /**
   * Points that do not belong to the object: Small takes them from masks and small boxes, Outter
   * from outside.
   */
  mask_hint_use_negative: OneOf<SamMaskHintUseNegative>;
}, Node<{ combined_mask: 'MASK'; batch_masks: 'MASK' }>> = nodeFunction('SAMDetectorSegmented', [['combined_mask', 'MASK'], ['batch_masks', 'MASK']]);

/**
 * SAMLoader (Impact) (ImpactPack): Loads a Segment Anything model, which predicts the mask of the
 * object at a point or in a box.
 */
export const SAMLoader: NodeFunction<{
  /** The file, in the models folder `sams`: ViT-B, ViT-L or ViT-H. A file of models/sams. */
  model_name: FileName;
  /** No effect: the device is selected for all models together. */
  device_mode: OneOf<'AUTO' | 'Prefer GPU' | 'CPU'>;
}, Node<{ SAM_MODEL: 'SAM_MODEL' }>> = nodeFunction('SAMLoader', [['SAM_MODEL', 'SAM_MODEL']]);

/** SDTurboScheduler (sampling/custom_sampling/schedulers) */
export const SDTurboScheduler: NodeFunction<{
  model: Link<'MODEL'>;
  /** 1 to 10, in the editor 1. */
  steps: Int;
  /** 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('SDTurboScheduler', [['SIGMAS', 'SIGMAS']]);

/**
 * SEGSDetailer (ImpactPack/Detailer): Samples each segment at a larger size and stores the results
 * as the segments' images; SEGSPaste pastes them.
 */
export const SEGSDetailer: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  /** The size that the shorter side of a segment is scaled to. 64 to 16384, in the editor 512. */
  guide_size: Float;
  /** Whose shorter side: that of the bbox or of the crop region. In the editor true. */
  guide_size_for: Bool;
  /** Maximum of the longer side. 64 to 16384, in the editor 768. */
  max_size: Float;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** In the editor true. */
  noise_mask: Bool;
  /** In the editor true. */
  force_inpaint: Bool;
  basic_pipe: Link<'BASIC_PIPE'>;
  /** Share of the steps that the refiner samples. 0 to 1, in the editor 0.2. */
  refiner_ratio: Float;
  /** 1 to 100, in the editor 1. */
  batch_size: Int;
  /** How many times each segment is sampled in a row. 1 to 10, in the editor 1. */
  cycle: Int;
  refiner_basic_pipe_opt?: Link<'BASIC_PIPE'>;
  /** For inpainting models. In the editor false. */
  inpaint_model?: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather?: Int;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ segs: 'SEGS'; cnet_images: 'IMAGE' }>> = nodeFunction('SEGSDetailer', [['segs', 'SEGS'], ['cnet_images', 'IMAGE']]);

/** SEGSLabelFilterDetailerHookProvider (ImpactPack/Util) */
export const SEGSLabelFilterDetailerHookProvider: NodeFunction<{
  /** No effect: the hook filters the segments of the detector. */
  segs: Link<'SEGS'>;
  /** Added to the labels by the editor when it is selected. */
  preset: OneOf<Preset>;
  /** Labels to keep, separated by commas; `all` keeps everything. */
  labels: Text;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('SEGSLabelFilterDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/** SEGSOrderedFilterDetailerHookProvider (ImpactPack/Util) */
export const SEGSOrderedFilterDetailerHookProvider: NodeFunction<{
  target: OneOf<'area(=w*h)' | 'width' | 'height' | 'x1' | 'y1' | 'x2' | 'y2'>;
  /** In the editor true. */
  order: Bool;
  /** Segments to skip. 0 to 9007199254740991, in the editor 0. */
  take_start: Int;
  /** Segments to keep. 0 to 9007199254740991, in the editor 1. */
  take_count: Int;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('SEGSOrderedFilterDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/**
 * SEGSPaste (ImpactPack/Detailer): Pastes the segments' images, or the same regions of another
 * image, under feathered masks.
 */
export const SEGSPaste: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  /** 0 to 100, in the editor 5. */
  feather: Int;
  /** 0 to 255, in the editor 255. */
  alpha: Int;
  ref_image_opt?: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('SEGSPaste', [['IMAGE', 'IMAGE']]);

/** SEGSPreview (ImpactPack/Util): Shows the segments' images. */
export const SEGSPreview: NodeFunction<{
  segs: Link<'SEGS'>;
  /** Makes the images transparent outside the masks. In the editor true. */
  alpha_mode: Bool;
  /** Opacity outside the masks. 0 to 1, in the editor 0.2. */
  min_alpha: Float;
  /** The whole image, for segments without an image. */
  fallback_image_opt?: Link<'IMAGE'>;
}, OutputNode<{ IMAGE: 'IMAGE' }>> = nodeFunction('SEGSPreview', [['IMAGE', 'IMAGE']]);

/** SEGSPreview (CNET Image) (ImpactPack/Util): Shows the segments' control images. */
export const SEGSPreviewCNet: NodeFunction<{
  segs: Link<'SEGS'>;
}, OutputNode<{ IMAGE: 'IMAGE' }>> = nodeFunction('SEGSPreviewCNet', [['IMAGE', 'IMAGE']]);

/** SEGSRangeFilterDetailerHookProvider (ImpactPack/Util) */
export const SEGSRangeFilterDetailerHookProvider: NodeFunction<{
  target: OneOf<'area(=w*h)' | 'width' | 'height' | 'x1' | 'y1' | 'x2' | 'y2' | 'length_percent'>;
  /** In the editor true. */
  mode: Bool;
  /** 0 to 9007199254740991, in the editor 0. */
  min_value: Int;
  /** 0 to 9007199254740991, in the editor 67108864. */
  max_value: Int;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('SEGSRangeFilterDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/**
 * Switch (SEGS/legacy) (ImpactPack/Util): Passes on the input with the selected number; only that
 * one is evaluated.
 */
export const SEGSSwitch: NodeFunction<{
  /** Number of the input. 1 to 999999, in the editor 1. */
  select: Int;
  /**
   * select_on_prompt removes unselected inputs from the prompt before it is validated. In the
   * editor false.
   */
  sel_mode: Bool;
  input1?: Anything;
  [more: `input${number}`]: Anything | undefined;
}, Node<{ selected_value: never; selected_label: 'STRING'; selected_index: 'INT' }>> = nodeFunction('SEGSSwitch', [['selected_value', '*'], ['selected_label', 'STRING'], ['selected_index', 'INT']]);

/** SEGSToImageList (ImpactPack/Util) */
export const SEGSToImageList: NodeFunction<{
  segs: Link<'SEGS'>;
  /** The whole image, for segments without an image. */
  fallback_image_opt?: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('SEGSToImageList', [['IMAGE', 'IMAGE']]);

/** Upscaler (SEGS) (ImpactPack/Upscale): Enlarges an image and samples each of its segments. */
export const SEGSUpscaler: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  /** 0.01 to 100, in the editor 2. */
  rescale_factor: Float;
  /** No effect, as in the original: bicubic is always used. */
  resampling_method: OneOf<ResamplingMethod>;
  /** Resizes to eight times the size first. */
  supersample: OneOf<'true' | 'false'>;
  /** No effect, as in the original. 8 to 1024, in the editor 8. */
  rounding_modulus: Int;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** For inpainting models. In the editor false. */
  inpaint_model: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather: Int;
  /** Applied first; the final size is that of rescale_factor. */
  upscale_model_opt?: Link<'UPSCALE_MODEL'>;
  upscaler_hook_opt?: Link<'UPSCALER_HOOK'>;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('SEGSUpscaler', [['IMAGE', 'IMAGE']]);

/**
 * Upscaler (SEGS/pipe) (ImpactPack/Upscale): Enlarges an image and samples each of its segments.
 */
export const SEGSUpscalerPipe: NodeFunction<{
  image: Link<'IMAGE'>;
  segs: Link<'SEGS'>;
  basic_pipe: Link<'BASIC_PIPE'>;
  /** 0.01 to 100, in the editor 2. */
  rescale_factor: Float;
  /** No effect, as in the original: bicubic is always used. */
  resampling_method: OneOf<ResamplingMethod>;
  /** Resizes to eight times the size first. */
  supersample: OneOf<'true' | 'false'>;
  /** No effect, as in the original. 8 to 1024, in the editor 8. */
  rounding_modulus: Int;
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler2>;
  /** How much each segment changes; 1 replaces it entirely. 0.0001 to 1, in the editor 0.5. */
  denoise: Float;
  /** Blur of the mask that a segment is pasted with. 0 to 100, in the editor 5. */
  feather: Int;
  /** For inpainting models. In the editor false. */
  inpaint_model: Bool;
  /**
   * Blur of the noise mask. Above 0, the mask's values say at which step a pixel starts to change.
   * 0 to 100, in the editor 20.
   */
  noise_mask_feather: Int;
  /** Applied first; the final size is that of rescale_factor. */
  upscale_model_opt?: Link<'UPSCALE_MODEL'>;
  upscaler_hook_opt?: Link<'UPSCALER_HOOK'>;
  /** A schedule that replaces the named one. */
  scheduler_func_opt?: Link<'SCHEDULER_FUNC'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('SEGSUpscalerPipe', [['IMAGE', 'IMAGE']]);

/** SamplerCustom (sampling/custom_sampling) */
export const SamplerCustom: NodeFunction<{
  model: Link<'MODEL'>;
  /** In the editor true. */
  add_noise: Bool;
  /** 0 to 18446744073709551615, in the editor 0. */
  noise_seed: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  sampler: Link<'SAMPLER'>;
  sigmas: Link<'SIGMAS'>;
  latent_image: Link<'LATENT'>;
}, Node<{ output: 'LATENT'; denoised_output: 'LATENT' }>> = nodeFunction('SamplerCustom', [['output', 'LATENT'], ['denoised_output', 'LATENT']]);

/** SamplerCustomAdvanced (sampling/custom_sampling) */
export const SamplerCustomAdvanced: NodeFunction<{
  noise: Link<'NOISE'>;
  guider: Link<'GUIDER'>;
  sampler: Link<'SAMPLER'>;
  sigmas: Link<'SIGMAS'>;
  latent_image: Link<'LATENT'>;
}, Node<{ output: 'LATENT'; denoised_output: 'LATENT' }>> = nodeFunction('SamplerCustomAdvanced', [['output', 'LATENT'], ['denoised_output', 'LATENT']]);

/** SamplerDPMAdaptative (sampling/custom_sampling/samplers) */
export const SamplerDPMAdaptative: NodeFunction<{
  /** 2 to 3, in the editor 3. */
  order: Int;
  /** 0 to 100, in the editor 0.05. */
  rtol: Float;
  /** 0 to 100, in the editor 0.0078. */
  atol: Float;
  /** 0 to 100, in the editor 0.05. */
  h_init: Float;
  /** 0 to 100, in the editor 0. */
  pcoeff: Float;
  /** 0 to 100, in the editor 1. */
  icoeff: Float;
  /** 0 to 100, in the editor 0. */
  dcoeff: Float;
  /** 0 to 100, in the editor 0.81. */
  accept_safety: Float;
  /** 0 to 100, in the editor 0. */
  eta: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerDPMAdaptative', [['SAMPLER', 'SAMPLER']]);

/** SamplerDPMPP_2M_SDE (sampling/custom_sampling/samplers) */
export const SamplerDPMPP_2M_SDE: NodeFunction<{
  solver_type: OneOf<'midpoint' | 'heun'>;
  /** 0 to 100, in the editor 1. */
  eta: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
  noise_device: OneOf<'gpu' | 'cpu'>;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerDPMPP_2M_SDE', [['SAMPLER', 'SAMPLER']]);

/** SamplerDPMPP_2S_Ancestral (sampling/custom_sampling/samplers) */
export const SamplerDPMPP_2S_Ancestral: NodeFunction<{
  /** 0 to 100, in the editor 1. */
  eta: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerDPMPP_2S_Ancestral', [['SAMPLER', 'SAMPLER']]);

/** SamplerDPMPP_3M_SDE (sampling/custom_sampling/samplers) */
export const SamplerDPMPP_3M_SDE: NodeFunction<{
  /** 0 to 100, in the editor 1. */
  eta: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
  noise_device: OneOf<'gpu' | 'cpu'>;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerDPMPP_3M_SDE', [['SAMPLER', 'SAMPLER']]);

/** SamplerDPMPP_SDE (sampling/custom_sampling/samplers) */
export const SamplerDPMPP_SDE: NodeFunction<{
  /** 0 to 100, in the editor 1. */
  eta: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
  /** 0 to 100, in the editor 0.5. */
  r: Float;
  noise_device: OneOf<'gpu' | 'cpu'>;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerDPMPP_SDE', [['SAMPLER', 'SAMPLER']]);

/** SamplerER_SDE (sampling/custom_sampling/samplers) */
export const SamplerER_SDE: NodeFunction<{
  solver_type: OneOf<'ER-SDE' | 'Reverse-time SDE' | 'ODE'>;
  /** 1 to 3, in the editor 3. */
  max_stage: Int;
  /**
   * How stochastic the reverse-time SDE is. At eta=0 it becomes the deterministic ODE. The ER-SDE
   * solver does not use it. 0 to 100, in the editor 1.
   */
  eta: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerER_SDE', [['SAMPLER', 'SAMPLER']]);

/** SamplerEulerAncestral (sampling/custom_sampling/samplers) */
export const SamplerEulerAncestral: NodeFunction<{
  /** 0 to 100, in the editor 1. */
  eta: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerEulerAncestral', [['SAMPLER', 'SAMPLER']]);

/** SamplerEulerAncestralCFG++ (sampling/custom_sampling/samplers) */
export const SamplerEulerAncestralCFGPP: NodeFunction<{
  /** 0 to 1, in the editor 1. */
  eta: Float;
  /** 0 to 10, in the editor 1. */
  s_noise: Float;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerEulerAncestralCFGPP', [['SAMPLER', 'SAMPLER']]);

/**
 * SamplerEulerCFG++ (_for_testing)
 * @experimental
 */
export const SamplerEulerCFGpp: NodeFunction<{
  version: OneOf<'regular' | 'alternative'>;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerEulerCFGpp', [['SAMPLER', 'SAMPLER']]);

/** SamplerLCMUpscale (sampling/custom_sampling/samplers) */
export const SamplerLCMUpscale: NodeFunction<{
  /** 0.1 to 20, in the editor 1. */
  scale_ratio: Float;
  /** -1 to 1000, in the editor -1. */
  scale_steps: Int;
  upscale_method: OneOf<'bislerp' | 'nearest-exact' | 'bilinear' | 'area' | 'bicubic'>;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerLCMUpscale', [['SAMPLER', 'SAMPLER']]);

/** SamplerLMS (sampling/custom_sampling/samplers) */
export const SamplerLMS: NodeFunction<{
  /** 1 to 100, in the editor 4. */
  order: Int;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerLMS', [['SAMPLER', 'SAMPLER']]);

/** SamplerSASolver (sampling/custom_sampling/samplers) */
export const SamplerSASolver: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 10, in the editor 1. */
  eta: Float;
  /** 0 to 1, in the editor 0.2. */
  sde_start_percent: Float;
  /** 0 to 1, in the editor 0.8. */
  sde_end_percent: Float;
  /** 0 to 100, in the editor 1. */
  s_noise: Float;
  /** 1 to 6, in the editor 3. */
  predictor_order: Int;
  /** 0 to 6, in the editor 4. */
  corrector_order: Int;
  /** In the editor false. */
  use_pece: Bool;
  /** In the editor false. */
  simple_order_2: Bool;
}, Node<{ SAMPLER: 'SAMPLER' }>> = nodeFunction('SamplerSASolver', [['SAMPLER', 'SAMPLER']]);

/** SamplingPercentToSigma (sampling/custom_sampling/sigmas) */
export const SamplingPercentToSigma: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 1, in the editor 0. */
  sampling_percent: Float;
  /**
   * Returns the sigma itself instead of the value that interval checks use.
   * This makes a difference at 0.0 and 1.0 only. In the editor false.
   */
  return_actual_sigma: Bool;
}, Node<{ sigma_value: 'FLOAT' }>> = nodeFunction('SamplingPercentToSigma', [['sigma_value', 'FLOAT']]);

/** SaveAnimatedPNG (image/animation) */
export const SaveAnimatedPNG: NodeFunction<{
  images: Link<'IMAGE'>;
  filename_prefix: Text;
  /** 0.01 to 1000, in the editor 6. */
  fps: Float;
  /** 0 to 9, in the editor 4. */
  compress_level: Int;
}, OutputNode> = nodeFunction('SaveAnimatedPNG');

/** SaveAnimatedWEBP (image/animation) */
export const SaveAnimatedWEBP: NodeFunction<{
  images: Link<'IMAGE'>;
  filename_prefix: Text;
  /** 0.01 to 1000, in the editor 6. */
  fps: Float;
  /** In the editor true. */
  lossless: Bool;
  /** 0 to 100, in the editor 80. */
  quality: Int;
  method: OneOf<'default' | 'fastest' | 'slowest'>;
}, OutputNode> = nodeFunction('SaveAnimatedWEBP');

/** Save Image (image): Saves images in the output folder, with the workflow in them. */
export const SaveImage: NodeFunction<{
  /** The images. */
  images: Link<'IMAGE'>;
  /**
   * The beginning of the file names. It may contain a subfolder, and %width%, %height%, %year%,
   * %month%, %day% …
   */
  filename_prefix: Text;
}, OutputNode> = nodeFunction('SaveImage');

/** SaveLatent (_for_testing) */
export const SaveLatent: NodeFunction<{
  samples: Link<'LATENT'>;
  filename_prefix: Text;
}, OutputNode> = nodeFunction('SaveLatent');

/** Checkpoint Loader (Searge) (Searge/_deprecated_/Files) */
export const SeargeCheckpointLoader: NodeFunction<{
  ckpt_name: string | Link<'CHECKPOINT_NAME'>;
}, Node<{ MODEL: 'MODEL'; CLIP: 'CLIP'; VAE: 'VAE' }>> = nodeFunction('SeargeCheckpointLoader', [['MODEL', 'MODEL'], ['CLIP', 'CLIP'], ['VAE', 'VAE']]);

/** 2-Way Muxer for Conditioning (Searge/_deprecated_/FlowControl) */
export const SeargeConditioningMuxer2: NodeFunction<{
  input0: Link<'CONDITIONING'>;
  input1: Link<'CONDITIONING'>;
  /** 0 to 1, in the editor 0. */
  input_selector: Int;
}, Node<{ output: 'CONDITIONING' }>> = nodeFunction('SeargeConditioningMuxer2', [['output', 'CONDITIONING']]);

/** 5-Way Muxer for Conditioning (Searge/_deprecated_/FlowControl) */
export const SeargeConditioningMuxer5: NodeFunction<{
  input0: Link<'CONDITIONING'>;
  input1: Link<'CONDITIONING'>;
  input2: Link<'CONDITIONING'>;
  input3: Link<'CONDITIONING'>;
  input4: Link<'CONDITIONING'>;
  /** 0 to 4, in the editor 0. */
  input_selector: Int;
}, Node<{ output: 'CONDITIONING' }>> = nodeFunction('SeargeConditioningMuxer5', [['output', 'CONDITIONING']]);

/** Enable / Disable (Searge/_deprecated_/Inputs) */
export const SeargeEnablerInputs: NodeFunction<{
  /** In the editor enabled. */
  state: OneOf<'disabled' | 'enabled'>;
}, Node<{ state: 'ENABLE_STATE' }>> = nodeFunction('SeargeEnablerInputs', [['state', 'ENABLE_STATE']]);

/** Float Constant (Searge/_deprecated_/Floats) */
export const SeargeFloatConstant: NodeFunction<{
  /** -Infinity to Infinity, in the editor 0. */
  value: Float;
}, Node<{ value: 'FLOAT' }>> = nodeFunction('SeargeFloatConstant', [['value', 'FLOAT']]);

/** Float Math (Searge/_deprecated_/Floats) */
export const SeargeFloatMath: NodeFunction<{
  /** In the editor a * b + c. */
  op: OneOf<Op>;
  /** -Infinity to Infinity, in the editor 0. */
  a: Float;
  /** -Infinity to Infinity, in the editor 1. */
  b: Float;
  /** -Infinity to Infinity, in the editor 0. */
  c: Float;
}, Node<{ result: 'FLOAT' }>> = nodeFunction('SeargeFloatMath', [['result', 'FLOAT']]);

/** Float Pair (Searge/_deprecated_/Floats) */
export const SeargeFloatPair: NodeFunction<{
  /** -Infinity to Infinity, in the editor 0. */
  value1: Float;
  /** -Infinity to Infinity, in the editor 0. */
  value2: Float;
}, Node<{ 'value 1': 'FLOAT'; 'value 2': 'FLOAT' }>> = nodeFunction('SeargeFloatPair', [['value 1', 'FLOAT'], ['value 2', 'FLOAT']]);

/** Flow Control Parameters (Searge/_deprecated_/UI/Generated) */
export const SeargeGenerated1: NodeFunction<{
  parameters: Link<'PARAMETERS'>;
}, Node<{ parameters: 'PARAMETERS'; operation_selector: 'INT'; prompt_style_selector: 'INT'; prompt_style_group: 'INT' }>> = nodeFunction('SeargeGenerated1', [['parameters', 'PARAMETERS'], ['operation_selector', 'INT'], ['prompt_style_selector', 'INT'], ['prompt_style_group', 'INT']]);

/**
 * Save Image (Searge) (Searge/_deprecated_/Files): Saves images in the output folder under a
 * prefix, or in the input folder as output-<date>. When disabled, its image is not computed.
 */
export const SeargeImageSave: NodeFunction<{
  images: Link<'IMAGE'>;
  filename_prefix: Text;
  state: string | Link<'ENABLE_STATE'>;
  save_to: string | Link<'SAVE_FOLDER'>;
}, OutputNode> = nodeFunction('SeargeImageSave');

/** Prompts (Searge/_deprecated_/UI/Inputs) */
export const SeargeInput1: NodeFunction<{
  main_prompt: Text;
  secondary_prompt: Text;
  style_prompt: Text;
  negative_prompt: Text;
  negative_style: Text;
  inputs?: Link<'PARAMETER_INPUTS'>;
  image?: Link<'IMAGE'>;
  mask?: Link<'MASK'>;
}, Node<{ inputs: 'PARAMETER_INPUTS' }>> = nodeFunction('SeargeInput1', [['inputs', 'PARAMETER_INPUTS']]);

/** Generation Parameters (Searge/_deprecated_/UI/Inputs) */
export const SeargeInput2: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 0 to 16384, in the editor 1024. */
  image_width: Int;
  /** 0 to 16384, in the editor 1024. */
  image_height: Int;
  /** 0 to 200, in the editor 20. */
  steps: Int;
  /** 0 to 30, in the editor 7. */
  cfg: Float;
  /** In the editor ddim. */
  sampler_name: OneOf<SamplerName>;
  /** In the editor ddim_uniform. */
  scheduler: OneOf<Scheduler>;
  /** In the editor enabled. */
  save_image: OneOf<'disabled' | 'enabled'>;
  /** In the editor output folder. */
  save_directory: OneOf<'output folder' | 'input folder'>;
  inputs?: Link<'PARAMETER_INPUTS'>;
}, Node<{ inputs: 'PARAMETER_INPUTS' }>> = nodeFunction('SeargeInput2', [['inputs', 'PARAMETER_INPUTS']]);

/** Advanced Parameters (Searge/_deprecated_/UI/Inputs) */
export const SeargeInput3: NodeFunction<{
  /** 0 to 1, in the editor 0.8. */
  base_ratio: Float;
  /** 0.1 to 1, in the editor 1. */
  refiner_strength: Float;
  /** In the editor soft. */
  refiner_intensity: OneOf<'hard' | 'soft'>;
  /** 0 to 10, in the editor 0. */
  precondition_steps: Int;
  /** 1 to 4, in the editor 1. */
  batch_size: Int;
  /** 0.25 to 4, in the editor 2. */
  upscale_resolution_factor: Float;
  /** In the editor enabled. */
  save_upscaled_image: OneOf<'disabled' | 'enabled'>;
  inputs?: Link<'PARAMETER_INPUTS'>;
  /** 0 to 1, in the editor 1. */
  denoise?: Float;
}, Node<{ inputs: 'PARAMETER_INPUTS' }>> = nodeFunction('SeargeInput3', [['inputs', 'PARAMETER_INPUTS']]);

/** Model Names (Searge/_deprecated_/UI/Inputs) */
export const SeargeInput4: NodeFunction<{
  /** A file of models/checkpoints. */
  base_model: FileName;
  /** A file of models/checkpoints. */
  refiner_model: FileName;
  /** A file of models/vae. */
  vae_model: FileName;
  /** A file of models/upscale_models. */
  main_upscale_model: FileName;
  /** A file of models/upscale_models. */
  support_upscale_model: FileName;
  /** A file of models/loras. */
  lora_model: FileName;
  model_settings?: Link<'MODEL_SETTINGS'>;
}, Node<{ model_names: 'MODEL_NAMES' }>> = nodeFunction('SeargeInput4', [['model_names', 'MODEL_NAMES']]);

/** Prompt Processing (Searge/_deprecated_/UI/Inputs) */
export const SeargeInput5: NodeFunction<{
  /** 0.25 to 4, in the editor 2. */
  base_conditioning_scale: Float;
  /** 0.25 to 4, in the editor 2. */
  refiner_conditioning_scale: Float;
  /** 0 to 1, in the editor 0.33. */
  style_prompt_power: Float;
  /** 0 to 1, in the editor 0.67. */
  negative_style_power: Float;
  /** In the editor none. */
  style_template: OneOf<'none' | 'from preprocessor' | 'test'>;
  inputs?: Link<'PARAMETER_INPUTS'>;
}, Node<{ inputs: 'PARAMETER_INPUTS' }>> = nodeFunction('SeargeInput5', [['inputs', 'PARAMETER_INPUTS']]);

/** HiResFix Parameters (Searge/_deprecated_/UI/Inputs) */
export const SeargeInput6: NodeFunction<{
  /** In the editor enabled. */
  hires_fix: OneOf<'disabled' | 'enabled'>;
  /** 0 to 100, in the editor 0. */
  hrf_steps: Int;
  /** 0 to 1, in the editor 0.1. */
  hrf_denoise: Float;
  /** 0.25 to 4, in the editor 1.5. */
  hrf_upscale_factor: Float;
  /** In the editor soft. */
  hrf_intensity: OneOf<'hard' | 'soft'>;
  /** In the editor distinct. */
  hrf_seed_offset: OneOf<'same' | 'distinct'>;
  /** 0 to 1, in the editor 0. */
  hrf_smoothness: Float;
  inputs?: Link<'PARAMETER_INPUTS'>;
}, Node<{ inputs: 'PARAMETER_INPUTS' }>> = nodeFunction('SeargeInput6', [['inputs', 'PARAMETER_INPUTS']]);

/** Misc Parameters (Searge/_deprecated_/UI/Inputs) */
export const SeargeInput7: NodeFunction<{
  /** -10 to 10, in the editor 0.2. */
  lora_strength: Float;
  /** In the editor text to image. */
  operation_mode: OneOf<'text to image' | 'image to image' | 'inpainting'>;
  /** In the editor simple. */
  prompt_style: OneOf<'simple' | '3 prompts G+L-N' | 'subject focus' | 'style focus' | 'weighted' | 'overlay' | 'subject - style' | 'style - subject' | 'style only' | 'weighted - overlay' | 'overlay - weighted'>;
  inputs?: Link<'PARAMETER_INPUTS'>;
}, Node<{ inputs: 'PARAMETER_INPUTS' }>> = nodeFunction('SeargeInput7', [['inputs', 'PARAMETER_INPUTS']]);

/** Integer Constant (Searge/_deprecated_/Integers) */
export const SeargeIntegerConstant: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  value: Int;
}, Node<{ value: 'INT' }>> = nodeFunction('SeargeIntegerConstant', [['value', 'INT']]);

/** Integer Math (Searge/_deprecated_/Integers) */
export const SeargeIntegerMath: NodeFunction<{
  /** In the editor a * b + c. */
  op: OneOf<Op>;
  /** 0 to 18446744073709551615, in the editor 0. */
  a: Int;
  /** 0 to 18446744073709551615, in the editor 1. */
  b: Int;
  /** 0 to 18446744073709551615, in the editor 0. */
  c: Int;
}, Node<{ result: 'INT' }>> = nodeFunction('SeargeIntegerMath', [['result', 'INT']]);

/** Integer Pair (Searge/_deprecated_/Integers) */
export const SeargeIntegerPair: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  value1: Int;
  /** 0 to 18446744073709551615, in the editor 0. */
  value2: Int;
}, Node<{ 'value 1': 'INT'; 'value 2': 'INT' }>> = nodeFunction('SeargeIntegerPair', [['value 1', 'INT'], ['value 2', 'INT']]);

/** Integer Scaler (Searge/_deprecated_/Integers) */
export const SeargeIntegerScaler: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  value: Int;
  /** -Infinity to Infinity, in the editor 1. */
  factor: Float;
  /** 0 to 65536, in the editor 1. */
  multiple_of: Int;
}, Node<{ value: 'INT' }>> = nodeFunction('SeargeIntegerScaler', [['value', 'INT']]);

/** 3-Way Muxer for Latents (Searge/_deprecated_/FlowControl) */
export const SeargeLatentMuxer3: NodeFunction<{
  input0: Link<'LATENT'>;
  input1: Link<'LATENT'>;
  input2: Link<'LATENT'>;
  /** 0 to 2, in the editor 0. */
  input_selector: Int;
}, Node<{ output: 'LATENT' }>> = nodeFunction('SeargeLatentMuxer3', [['output', 'LATENT']]);

/** Lora Loader (Searge) (Searge/_deprecated_/Files) */
export const SeargeLoraLoader: NodeFunction<{
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  lora_name: string | Link<'LORA_NAME'>;
  /** -10 to 10, in the editor 1. */
  strength_model: Float;
  /** -10 to 10, in the editor 1. */
  strength_clip: Float;
}, Node<{ MODEL: 'MODEL'; CLIP: 'CLIP' }>> = nodeFunction('SeargeLoraLoader', [['MODEL', 'MODEL'], ['CLIP', 'CLIP']]);

/** Prompts (Searge/_deprecated_/UI/Outputs) */
export const SeargeOutput1: NodeFunction<{
  parameters: Link<'PARAMETERS'>;
}, Node<{ parameters: 'PARAMETERS'; main_prompt: 'STRING'; secondary_prompt: 'STRING'; style_prompt: 'STRING'; negative_prompt: 'STRING'; negative_style: 'STRING'; image: 'IMAGE'; mask: 'MASK' }>> = nodeFunction('SeargeOutput1', [['parameters', 'PARAMETERS'], ['main_prompt', 'STRING'], ['secondary_prompt', 'STRING'], ['style_prompt', 'STRING'], ['negative_prompt', 'STRING'], ['negative_style', 'STRING'], ['image', 'IMAGE'], ['mask', 'MASK']]);

/** Generation Parameters (Searge/_deprecated_/UI/Outputs) */
export const SeargeOutput2: NodeFunction<{
  parameters: Link<'PARAMETERS'>;
}, Node<{ parameters: 'PARAMETERS'; seed: 'INT'; image_width: 'INT'; image_height: 'INT'; steps: 'INT'; cfg: 'FLOAT'; sampler_name: 'SAMPLER_NAME'; scheduler: 'SCHEDULER_NAME'; save_image: 'ENABLE_STATE'; save_directory: 'SAVE_FOLDER' }>> = nodeFunction('SeargeOutput2', [['parameters', 'PARAMETERS'], ['seed', 'INT'], ['image_width', 'INT'], ['image_height', 'INT'], ['steps', 'INT'], ['cfg', 'FLOAT'], ['sampler_name', 'SAMPLER_NAME'], ['scheduler', 'SCHEDULER_NAME'], ['save_image', 'ENABLE_STATE'], ['save_directory', 'SAVE_FOLDER']]);

/** Advanced Parameters (Searge/_deprecated_/UI/Outputs) */
export const SeargeOutput3: NodeFunction<{
  parameters: Link<'PARAMETERS'>;
}, Node<{ parameters: 'PARAMETERS'; denoise: 'FLOAT'; base_ratio: 'FLOAT'; refiner_strength: 'FLOAT'; noise_offset: 'INT'; precondition_steps: 'INT'; batch_size: 'INT'; upscale_resolution_factor: 'FLOAT'; save_upscaled_image: 'ENABLE_STATE' }>> = nodeFunction('SeargeOutput3', [['parameters', 'PARAMETERS'], ['denoise', 'FLOAT'], ['base_ratio', 'FLOAT'], ['refiner_strength', 'FLOAT'], ['noise_offset', 'INT'], ['precondition_steps', 'INT'], ['batch_size', 'INT'], ['upscale_resolution_factor', 'FLOAT'], ['save_upscaled_image', 'ENABLE_STATE']]);

/** Model Names (Searge/_deprecated_/UI/Outputs) */
export const SeargeOutput4: NodeFunction<{
  model_names: Link<'MODEL_NAMES'>;
}, Node<{ model_names: 'MODEL_NAMES'; base_model: 'CHECKPOINT_NAME'; refiner_model: 'CHECKPOINT_NAME'; vae_model: 'VAE_NAME'; main_upscale_model: 'UPSCALER_NAME'; support_upscale_model: 'UPSCALER_NAME'; lora_model: 'LORA_NAME' }>> = nodeFunction('SeargeOutput4', [['model_names', 'MODEL_NAMES'], ['base_model', 'CHECKPOINT_NAME'], ['refiner_model', 'CHECKPOINT_NAME'], ['vae_model', 'VAE_NAME'], ['main_upscale_model', 'UPSCALER_NAME'], ['support_upscale_model', 'UPSCALER_NAME'], ['lora_model', 'LORA_NAME']]);

/** Prompt Processing (Searge/_deprecated_/UI/Outputs) */
export const SeargeOutput5: NodeFunction<{
  parameters: Link<'PARAMETERS'>;
}, Node<{ parameters: 'PARAMETERS'; base_conditioning_scale: 'FLOAT'; refiner_conditioning_scale: 'FLOAT'; style_prompt_power: 'FLOAT'; negative_style_power: 'FLOAT' }>> = nodeFunction('SeargeOutput5', [['parameters', 'PARAMETERS'], ['base_conditioning_scale', 'FLOAT'], ['refiner_conditioning_scale', 'FLOAT'], ['style_prompt_power', 'FLOAT'], ['negative_style_power', 'FLOAT']]);

/** HiResFix Parameters (Searge/_deprecated_/UI/Outputs) */
export const SeargeOutput6: NodeFunction<{
  parameters: Link<'PARAMETERS'>;
}, Node<{ parameters: 'PARAMETERS'; hrf_steps: 'INT'; hrf_denoise: 'FLOAT'; hrf_upscale_factor: 'FLOAT'; hrf_noise_offset: 'INT'; hrf_seed: 'INT'; hires_fix: 'ENABLE_STATE'; hrf_smoothness: 'FLOAT' }>> = nodeFunction('SeargeOutput6', [['parameters', 'PARAMETERS'], ['hrf_steps', 'INT'], ['hrf_denoise', 'FLOAT'], ['hrf_upscale_factor', 'FLOAT'], ['hrf_noise_offset', 'INT'], ['hrf_seed', 'INT'], ['hires_fix', 'ENABLE_STATE'], ['hrf_smoothness', 'FLOAT']]);

/** Misc Parameters (Searge/_deprecated_/UI/Outputs) */
export const SeargeOutput7: NodeFunction<{
  parameters: Link<'PARAMETERS'>;
}, Node<{ parameters: 'PARAMETERS'; lora_strength: 'FLOAT' }>> = nodeFunction('SeargeOutput7', [['parameters', 'PARAMETERS'], ['lora_strength', 'FLOAT']]);

/** Parameter Processor (Searge/_deprecated_/UI) */
export const SeargeParameterProcessor: NodeFunction<{
  inputs: Link<'PARAMETER_INPUTS'>;
}, Node<{ parameters: 'PARAMETERS' }>> = nodeFunction('SeargeParameterProcessor', [['parameters', 'PARAMETERS']]);

/** Prompt combiner (Searge/_deprecated_/Prompting) */
export const SeargePromptCombiner: NodeFunction<{
  prompt1: Text;
  separator: Text;
  prompt2: Text;
}, Node<{ 'combined prompt': 'STRING' }>> = nodeFunction('SeargePromptCombiner', [['combined prompt', 'STRING']]);

/** Prompt text input (Searge/_deprecated_/Prompting) */
export const SeargePromptText: NodeFunction<{
  prompt: Text;
}, Node<{ prompt: 'STRING' }>> = nodeFunction('SeargePromptText', [['prompt', 'STRING']]);

/** SDXL Base Prompt Encoder (Searge) (Searge/_deprecated_/ClipEncoding) */
export const SeargeSDXLBasePromptEncoder: NodeFunction<{
  base_clip: Link<'CLIP'>;
  pos_g: Text;
  pos_l: Text;
  neg_g: Text;
  neg_l: Text;
  /** 0 to 16384, in the editor 4096. */
  base_width: Int;
  /** 0 to 16384, in the editor 4096. */
  base_height: Int;
  /** 0 to 16384, in the editor 0. */
  crop_w: Int;
  /** 0 to 16384, in the editor 0. */
  crop_h: Int;
  /** 0 to 16384, in the editor 4096. */
  target_width: Int;
  /** 0 to 16384, in the editor 4096. */
  target_height: Int;
}, Node<{ base_positive: 'CONDITIONING'; base_negative: 'CONDITIONING' }>> = nodeFunction('SeargeSDXLBasePromptEncoder', [['base_positive', 'CONDITIONING'], ['base_negative', 'CONDITIONING']]);

/**
 * Image2Image Sampler v1 (Searge) (Searge/_deprecated_/Sampling): Enlarges images and samples them
 * again with base and refiner.
 */
export const SeargeSDXLImage2ImageSampler: NodeFunction<{
  base_model: Link<'MODEL'>;
  base_positive: Link<'CONDITIONING'>;
  base_negative: Link<'CONDITIONING'>;
  refiner_model: Link<'MODEL'>;
  refiner_positive: Link<'CONDITIONING'>;
  refiner_negative: Link<'CONDITIONING'>;
  image: Link<'IMAGE'>;
  vae: Link<'VAE'>;
  /** 0 to 18446744073709551600, in the editor 0. */
  noise_seed: Int;
  /** 0 to 200, in the editor 20. */
  steps: Int;
  /** 0 to 30, in the editor 7. */
  cfg: Float;
  sampler_name: string | Link<'SAMPLER_NAME'>;
  scheduler: string | Link<'SCHEDULER_NAME'>;
  /** 0 to 1, in the editor 0.8. */
  base_ratio: Float;
  /** 0 to 1, in the editor 0.25. */
  denoise: Float;
  upscale_model?: Link<'UPSCALE_MODEL'>;
  /** 0 to 16384, in the editor 1536. */
  scaled_width?: Int;
  /** 0 to 16384, in the editor 1536. */
  scaled_height?: Int;
  /** 0 to 1, in the editor 1. */
  noise_offset?: Int;
  /** 0.1 to 1, in the editor 1. */
  refiner_strength?: Float;
  /**
   * Share of the bicubic enlargement that is blended into the upscale model's. 0 to 1, in the
   * editor 0.
   */
  softness?: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('SeargeSDXLImage2ImageSampler', [['IMAGE', 'IMAGE']]);

/**
 * Image2Image Sampler v2 (Searge) (Searge/_deprecated_/Sampling): Enlarges images and samples them
 * again with base and refiner.
 */
export const SeargeSDXLImage2ImageSampler2: NodeFunction<{
  base_model: Link<'MODEL'>;
  base_positive: Link<'CONDITIONING'>;
  base_negative: Link<'CONDITIONING'>;
  refiner_model: Link<'MODEL'>;
  refiner_positive: Link<'CONDITIONING'>;
  refiner_negative: Link<'CONDITIONING'>;
  image: Link<'IMAGE'>;
  vae: Link<'VAE'>;
  /** 0 to 18446744073709551600, in the editor 0. */
  noise_seed: Int;
  /** 0 to 200, in the editor 20. */
  steps: Int;
  /** 0 to 30, in the editor 7. */
  cfg: Float;
  sampler_name: string | Link<'SAMPLER_NAME'>;
  scheduler: string | Link<'SCHEDULER_NAME'>;
  /** 0 to 1, in the editor 0.8. */
  base_ratio: Float;
  /** 0 to 1, in the editor 0.25. */
  denoise: Float;
  upscale_model?: Link<'UPSCALE_MODEL'>;
  /** 0 to 16384, in the editor 1536. */
  scaled_width?: Int;
  /** 0 to 16384, in the editor 1536. */
  scaled_height?: Int;
  /** 0 to 1, in the editor 1. */
  noise_offset?: Int;
  /** 0.1 to 1, in the editor 1. */
  refiner_strength?: Float;
  /**
   * Share of the bicubic enlargement that is blended into the upscale model's. 0 to 1, in the
   * editor 0.
   */
  softness?: Float;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('SeargeSDXLImage2ImageSampler2', [['IMAGE', 'IMAGE']]);

/** SDXL Prompt Encoder (Searge) (Searge/_deprecated_/ClipEncoding) */
export const SeargeSDXLPromptEncoder: NodeFunction<{
  base_clip: Link<'CLIP'>;
  refiner_clip: Link<'CLIP'>;
  pos_g: Text;
  pos_l: Text;
  pos_r: Text;
  neg_g: Text;
  neg_l: Text;
  neg_r: Text;
  /** 0 to 16384, in the editor 4096. */
  base_width: Int;
  /** 0 to 16384, in the editor 4096. */
  base_height: Int;
  /** 0 to 16384, in the editor 0. */
  crop_w: Int;
  /** 0 to 16384, in the editor 0. */
  crop_h: Int;
  /** 0 to 16384, in the editor 4096. */
  target_width: Int;
  /** 0 to 16384, in the editor 4096. */
  target_height: Int;
  /** 0 to 1000, in the editor 6. */
  pos_ascore: Float;
  /** 0 to 1000, in the editor 2.5. */
  neg_ascore: Float;
  /** 0 to 16384, in the editor 2048. */
  refiner_width: Int;
  /** 0 to 16384, in the editor 2048. */
  refiner_height: Int;
}, Node<{ base_positive: 'CONDITIONING'; base_negative: 'CONDITIONING'; refiner_positive: 'CONDITIONING'; refiner_negative: 'CONDITIONING' }>> = nodeFunction('SeargeSDXLPromptEncoder', [['base_positive', 'CONDITIONING'], ['base_negative', 'CONDITIONING'], ['refiner_positive', 'CONDITIONING'], ['refiner_negative', 'CONDITIONING']]);

/** SDXL Refiner Prompt Encoder (Searge) (Searge/_deprecated_/ClipEncoding) */
export const SeargeSDXLRefinerPromptEncoder: NodeFunction<{
  refiner_clip: Link<'CLIP'>;
  pos_r: Text;
  neg_r: Text;
  /** 0 to 1000, in the editor 6. */
  pos_ascore: Float;
  /** 0 to 1000, in the editor 2.5. */
  neg_ascore: Float;
  /** 0 to 16384, in the editor 2048. */
  refiner_width: Int;
  /** 0 to 16384, in the editor 2048. */
  refiner_height: Int;
}, Node<{ refiner_positive: 'CONDITIONING'; refiner_negative: 'CONDITIONING' }>> = nodeFunction('SeargeSDXLRefinerPromptEncoder', [['refiner_positive', 'CONDITIONING'], ['refiner_negative', 'CONDITIONING']]);

/**
 * SDXL Sampler v1 (Searge) (Searge/_deprecated_/Sampling): Samples a latent with the base model for
 * a share of the steps; the refiner continues from the remaining noise.
 */
export const SeargeSDXLSampler: NodeFunction<{
  base_model: Link<'MODEL'>;
  base_positive: Link<'CONDITIONING'>;
  base_negative: Link<'CONDITIONING'>;
  refiner_model: Link<'MODEL'>;
  refiner_positive: Link<'CONDITIONING'>;
  refiner_negative: Link<'CONDITIONING'>;
  latent_image: Link<'LATENT'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  noise_seed: Int;
  /** 1 to 1000, in the editor 30. */
  steps: Int;
  /** 0 to 100, in the editor 7. */
  cfg: Float;
  /** In the editor dpmpp_2m. */
  sampler_name: OneOf<SamplerName>;
  /** In the editor karras. */
  scheduler: OneOf<Scheduler>;
  /** 0 to 1, in the editor 0.8. */
  base_ratio: Float;
  /** 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ 0: 'LATENT' }>> = nodeFunction('SeargeSDXLSampler', [[0, 'LATENT']]);

/**
 * SDXL Sampler v2 (Searge) (Searge/_deprecated_/Sampling): Samples a latent with the base model for
 * a share of the steps, then with the refiner.
 */
export const SeargeSDXLSampler2: NodeFunction<{
  base_model: Link<'MODEL'>;
  base_positive: Link<'CONDITIONING'>;
  base_negative: Link<'CONDITIONING'>;
  refiner_model: Link<'MODEL'>;
  refiner_positive: Link<'CONDITIONING'>;
  refiner_negative: Link<'CONDITIONING'>;
  latent_image: Link<'LATENT'>;
  /** 0 to 18446744073709551600, in the editor 0. */
  noise_seed: Int;
  /** 1 to 200, in the editor 20. */
  steps: Int;
  /** 0 to 30, in the editor 7. */
  cfg: Float;
  sampler_name: string | Link<'SAMPLER_NAME'>;
  scheduler: string | Link<'SCHEDULER_NAME'>;
  /** 0 to 1, in the editor 0.8. */
  base_ratio: Float;
  /** 0 to 1, in the editor 1. */
  denoise: Float;
  /** 0 to 10, in the editor 0. */
  refiner_prep_steps?: Int;
  /** 0 to 1, in the editor 1. */
  noise_offset?: Int;
  /** 0.01 to 1, in the editor 1. */
  refiner_strength?: Float;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('SeargeSDXLSampler2', [['LATENT', 'LATENT']]);

/**
 * Experimental Sampler (Searge/_deprecated_/_test_): Samples a latent, then repeatedly enlarges it
 * a little and samples it again.
 */
export const SeargeSamplerAdvanced: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 18446744073709551615, in the editor 0. */
  noise_seed: Int;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 100, in the editor 8. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  latent_image: Link<'LATENT'>;
  /** 0.05 to 1, in the editor 1. */
  denoise: Float;
  /** 1 to 2, in the editor 1.5. */
  scale_factor: Float;
  /** 0.05 to 1, in the editor 0.75. */
  scale_denoise: Float;
  scale_method: OneOf<UpscaleMethod2>;
}, Node<{ latent: 'LATENT' }>> = nodeFunction('SeargeSamplerAdvanced', [['latent', 'LATENT']]);

/** Sampler Settings (Searge/_deprecated_/Inputs) */
export const SeargeSamplerInputs: NodeFunction<{
  /** In the editor ddim. */
  sampler_name: OneOf<SamplerName>;
  /** In the editor ddim_uniform. */
  scheduler: OneOf<Scheduler>;
}, Node<{ sampler_name: 'SAMPLER_NAME'; scheduler: 'SCHEDULER_NAME' }>> = nodeFunction('SeargeSamplerInputs', [['sampler_name', 'SAMPLER_NAME'], ['scheduler', 'SCHEDULER_NAME']]);

/** Save Folder (Searge/_deprecated_/Inputs) */
export const SeargeSaveFolderInputs: NodeFunction<{
  /** In the editor output folder. */
  save_to: OneOf<'output folder' | 'input folder'>;
}, Node<{ save_to: 'SAVE_FOLDER' }>> = nodeFunction('SeargeSaveFolderInputs', [['save_to', 'SAVE_FOLDER']]);

/**
 * Style Preprocessor (wip) (Searge/_deprecated_/UI): Returns the parameters unchanged: the original
 * is unfinished.
 */
export const SeargeStylePreprocessor: NodeFunction<{
  inputs: Link<'PARAMETER_INPUTS'>;
  active_style_name: Text;
  style_definitions: Text;
}, Node<{ inputs: 'PARAMETER_INPUTS' }>> = nodeFunction('SeargeStylePreprocessor', [['inputs', 'PARAMETER_INPUTS']]);

/** Upscale Model Loader (Searge) (Searge/_deprecated_/Files) */
export const SeargeUpscaleModelLoader: NodeFunction<{
  upscaler_name: string | Link<'UPSCALER_NAME'>;
}, Node<{ UPSCALE_MODEL: 'UPSCALE_MODEL' }>> = nodeFunction('SeargeUpscaleModelLoader', [['UPSCALE_MODEL', 'UPSCALE_MODEL']]);

/** VAE Loader (Searge) (Searge/_deprecated_/Files) */
export const SeargeVAELoader: NodeFunction<{
  vae_name: string | Link<'VAE_NAME'>;
}, Node<{ VAE: 'VAE' }>> = nodeFunction('SeargeVAELoader', [['VAE', 'VAE']]);

/** SEGM Detector (combined) (ImpactPack/Detector) */
export const SegmDetectorCombined_v2: NodeFunction<{
  segm_detector: Link<'SEGM_DETECTOR'>;
  image: Link<'IMAGE'>;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 0. */
  dilation: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('SegmDetectorCombined_v2', [['MASK', 'MASK']]);

/** SEGM Detector (SEGS) (ImpactPack/Detector) */
export const SegmDetectorSEGS: NodeFunction<{
  segm_detector: Link<'SEGM_DETECTOR'>;
  image: Link<'IMAGE'>;
  /** Minimum confidence of detections. 0 to 1, in the editor 0.5. */
  threshold: Float;
  /** Pixels by which the masks grow; below 0 they shrink. -512 to 512, in the editor 10. */
  dilation: Int;
  /** Size of the crop region relative to the bbox. 1 to 100, in the editor 3. */
  crop_factor: Float;
  /** Smaller detections are dropped. 1 to 16384, in the editor 10. */
  drop_size: Int;
  /** Labels to keep, separated by commas; `all` keeps everything. */
  labels: Text;
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('SegmDetectorSEGS', [['SEGS', 'SEGS']]);

/**
 * SegsMaskCombine (Legacy) (ImpactPack/Legacy)
 * @deprecated
 */
export const SegsMaskCombine: NodeFunction<{
  segs: Link<'SEGS'>;
  image: Link<'IMAGE'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('SegsMaskCombine', [['MASK', 'MASK']]);

/** SEGS to MASK (combined) (ImpactPack/Operation) */
export const SegsToCombinedMask: NodeFunction<{
  segs: Link<'SEGS'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('SegsToCombinedMask', [['MASK', 'MASK']]);

/** Set Default Image for SEGS (ImpactPack/Util) */
export const SetDefaultImageForSEGS: NodeFunction<{
  segs: Link<'SEGS'>;
  image: Link<'IMAGE'>;
  /** In the editor true. */
  override: Bool;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('SetDefaultImageForSEGS', [['SEGS', 'SEGS']]);

/** SetFirstSigma (sampling/custom_sampling/sigmas) */
export const SetFirstSigma: NodeFunction<{
  sigmas: Link<'SIGMAS'>;
  /** 0 to 20000, in the editor 136. */
  sigma: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('SetFirstSigma', [['SIGMAS', 'SIGMAS']]);

/** Set Latent Noise Mask (latent/inpaint) */
export const SetLatentNoiseMask: NodeFunction<{
  samples: Link<'LATENT'>;
  mask: Link<'MASK'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('SetLatentNoiseMask', [['LATENT', 'LATENT']]);

/** SetUnionControlNetType (conditioning/controlnet) */
export const SetUnionControlNetType: NodeFunction<{
  control_net: Link<'CONTROL_NET'>;
  type: OneOf<'auto' | 'openpose' | 'depth' | 'hed/pidi/scribble/ted' | 'canny/lineart/anime_lineart/mlsd' | 'normal' | 'segment' | 'tile' | 'repaint'>;
}, Node<{ CONTROL_NET: 'CONTROL_NET' }>> = nodeFunction('SetUnionControlNetType', [['CONTROL_NET', 'CONTROL_NET']]);

/** SolidMask (mask) */
export const SolidMask: NodeFunction<{
  /** 0 to 1, in the editor 1. */
  value: Float;
  /** 1 to 16384, in the editor 512. */
  width: Int;
  /** 1 to 16384, in the editor 512. */
  height: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('SolidMask', [['MASK', 'MASK']]);

/** Split Image with Alpha (mask/compositing) */
export const SplitImageWithAlpha: NodeFunction<{
  image: Link<'IMAGE'>;
}, Node<{ IMAGE: 'IMAGE'; MASK: 'MASK' }>> = nodeFunction('SplitImageWithAlpha', [['IMAGE', 'IMAGE'], ['MASK', 'MASK']]);

/** SplitSigmas (sampling/custom_sampling/sigmas) */
export const SplitSigmas: NodeFunction<{
  sigmas: Link<'SIGMAS'>;
  /** 0 to 10000, in the editor 0. */
  step: Int;
}, Node<{ high_sigmas: 'SIGMAS'; low_sigmas: 'SIGMAS' }>> = nodeFunction('SplitSigmas', [['high_sigmas', 'SIGMAS'], ['low_sigmas', 'SIGMAS']]);

/** SplitSigmasDenoise (sampling/custom_sampling/sigmas) */
export const SplitSigmasDenoise: NodeFunction<{
  sigmas: Link<'SIGMAS'>;
  /** 0 to 1, in the editor 1. */
  denoise: Float;
}, Node<{ high_sigmas: 'SIGMAS'; low_sigmas: 'SIGMAS' }>> = nodeFunction('SplitSigmasDenoise', [['high_sigmas', 'SIGMAS'], ['low_sigmas', 'SIGMAS']]);

/**
 * StepsScheduleHookProvider (ImpactPack/Upscale): Changes the sampler's number of steps over the
 * steps of an iterative upscale.
 */
export const StepsScheduleHookProvider: NodeFunction<{
  /** Changes by the same amount in each step. */
  schedule_for_iteration: OneOf<'simple'>;
  /** The sampler's steps in the last step. 1 to 10000, in the editor 20. */
  target_steps: Int;
}, Node<{ PK_HOOK: 'PK_HOOK' }>> = nodeFunction('StepsScheduleHookProvider', [['PK_HOOK', 'PK_HOOK']]);

/** Compare (utils/string) */
export const StringCompare: NodeFunction<{
  string_a: Text;
  string_b: Text;
  mode: OneOf<'Starts With' | 'Ends With' | 'Equal'>;
  /** In the editor true. */
  case_sensitive: Bool;
}, Node<{ BOOLEAN: 'BOOLEAN' }>> = nodeFunction('StringCompare', [['BOOLEAN', 'BOOLEAN']]);

/** Concatenate (utils/string) */
export const StringConcatenate: NodeFunction<{
  string_a: Text;
  string_b: Text;
  delimiter: Text;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('StringConcatenate', [['STRING', 'STRING']]);

/** Contains (utils/string) */
export const StringContains: NodeFunction<{
  string: Text;
  substring: Text;
  /** In the editor true. */
  case_sensitive: Bool;
}, Node<{ contains: 'BOOLEAN' }>> = nodeFunction('StringContains', [['contains', 'BOOLEAN']]);

/** Length (utils/string) */
export const StringLength: NodeFunction<{
  string: Text;
}, Node<{ length: 'INT' }>> = nodeFunction('StringLength', [['length', 'INT']]);

/** String List to String (ImpactPack/Util) */
export const StringListToString: NodeFunction<{
  join_with: Text;
  string_list: Text;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('StringListToString', [['STRING', 'STRING']]);

/** Replace (utils/string) */
export const StringReplace: NodeFunction<{
  string: Text;
  find: Text;
  replace: Text;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('StringReplace', [['STRING', 'STRING']]);

/** Substring (utils/string) */
export const StringSubstring: NodeFunction<{
  string: Text;
  /** -Infinity to Infinity, in the editor 0. */
  start: Int;
  /** -Infinity to Infinity, in the editor 0. */
  end: Int;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('StringSubstring', [['STRING', 'STRING']]);

/** Trim (utils/string) */
export const StringTrim: NodeFunction<{
  string: Text;
  mode: OneOf<'Both' | 'Left' | 'Right'>;
}, Node<{ STRING: 'STRING' }>> = nodeFunction('StringTrim', [['STRING', 'STRING']]);

/**
 * Load Style Model (loaders): Not supported: style models (T2I-Adapter style, FLUX Redux) are not
 * supported. Use a T2I-Adapter or ControlNet with an image, or unCLIPConditioning with an unCLIP
 * checkpoint.
 */
export const StyleModelLoader: NodeFunction<{
  /** A file of models/style_models. */
  style_model_name: FileName;
}, Node<{ STYLE_MODEL: 'STYLE_MODEL' }>> = nodeFunction('StyleModelLoader', [['STYLE_MODEL', 'STYLE_MODEL']]);

/** Pixelwise(MASK - MASK) (ImpactPack/Operation) */
export const SubtractMask: NodeFunction<{
  mask1: Link<'MASK'>;
  mask2: Link<'MASK'>;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('SubtractMask', [['MASK', 'MASK']]);

/** Pixelwise(SEGS - SEGS) (ImpactPack/Operation) */
export const SubtractMaskForEach: NodeFunction<{
  base_segs: Link<'SEGS'>;
  mask_segs: Link<'SEGS'>;
}, Node<{ SEGS: 'SEGS' }>> = nodeFunction('SubtractMaskForEach', [['SEGS', 'SEGS']]);

/**
 * Tangential Damping CFG (advanced/guidance): Removes the component of the negative prediction that
 * is tangential to both.
 */
export const TCFG: NodeFunction<{
  model: Link<'MODEL'>;
}, Node<{ patched_model: 'MODEL' }>> = nodeFunction('TCFG', [['patched_model', 'MODEL']]);

/** ThresholdMask (mask) */
export const ThresholdMask: NodeFunction<{
  mask: Link<'MASK'>;
  /** 0 to 1, in the editor 0.5. */
  value: Float;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ThresholdMask', [['MASK', 'MASK']]);

/** ToBasicPipe (ImpactPack/Pipe): Combines a model, CLIP, VAE and both prompts in one link. */
export const ToBasicPipe: NodeFunction<{
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
}, Node<{ basic_pipe: 'BASIC_PIPE' }>> = nodeFunction('ToBasicPipe', [['basic_pipe', 'BASIC_PIPE']]);

/**
 * ToBinaryMask (ImpactPack/Operation): 1 where the mask is above the threshold (0 to 255), 0
 * elsewhere.
 */
export const ToBinaryMask: NodeFunction<{
  mask: Link<'MASK'>;
  /** 1 to 255, in the editor 20. */
  threshold: Int;
}, Node<{ MASK: 'MASK' }>> = nodeFunction('ToBinaryMask', [['MASK', 'MASK']]);

/** ToDetailerPipe (ImpactPack/Pipe): Combines the values that a detailer needs in one link. */
export const ToDetailerPipe: NodeFunction<{
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  bbox_detector: Link<'BBOX_DETECTOR'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  'Select to add LoRA': FileName;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
  sam_model_opt?: Link<'SAM_MODEL'>;
  segm_detector_opt?: Link<'SEGM_DETECTOR'>;
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE' }>> = nodeFunction('ToDetailerPipe', [['detailer_pipe', 'DETAILER_PIPE']]);

/**
 * ToDetailerPipeSDXL (ImpactPack/Pipe): Combines the values that a detailer with base and refiner
 * needs in one link.
 */
export const ToDetailerPipeSDXL: NodeFunction<{
  model: Link<'MODEL'>;
  clip: Link<'CLIP'>;
  vae: Link<'VAE'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  refiner_model: Link<'MODEL'>;
  refiner_clip: Link<'CLIP'>;
  refiner_positive: Link<'CONDITIONING'>;
  refiner_negative: Link<'CONDITIONING'>;
  bbox_detector: Link<'BBOX_DETECTOR'>;
  /** A prompt for the segments that replaces the positive one, unless it is empty. */
  wildcard: Text;
  'Select to add LoRA': FileName;
  'Select to add Wildcard': OneOf<'Select the Wildcard to add to the text'>;
  sam_model_opt?: Link<'SAM_MODEL'>;
  segm_detector_opt?: Link<'SEGM_DETECTOR'>;
  detailer_hook?: Link<'DETAILER_HOOK'>;
}, Node<{ detailer_pipe: 'DETAILER_PIPE' }>> = nodeFunction('ToDetailerPipeSDXL', [['detailer_pipe', 'DETAILER_PIPE']]);

/**
 * TwoAdvancedSamplersForMask (ImpactPack/Sampler): A RegionalSampler with the mask as its only
 * region: one step of the base alone, then both in each step.
 */
export const TwoAdvancedSamplersForMask: NodeFunction<{
  /** The seed of the noise. 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** Number of steps. 1 to 10000, in the editor 20. */
  steps: Int;
  /**
   * Share of the schedule that is run; below 1, the latent keeps some of its content. 0 to 1, in
   * the editor 1.
   */
  denoise: Float;
  /** The latent to start from. */
  samples: Link<'LATENT'>;
  /** Samples outside the mask. */
  base_sampler: Link<'KSAMPLER_ADVANCED'>;
  /** Samples inside the mask. */
  mask_sampler: Link<'KSAMPLER_ADVANCED'>;
  /** The region. */
  mask: Link<'MASK'>;
  /** Latent cells by which each region grows, so that seams blend. 0 to 10000, in the editor 10. */
  overlap_factor: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('TwoAdvancedSamplersForMask', [['LATENT', 'LATENT']]);

/**
 * TwoSamplersForMask (ImpactPack/Sampler): Samples where the mask is not 1 with one sampler, then
 * where it is 1 with another.
 */
export const TwoSamplersForMask: NodeFunction<{
  /** The latent to start from. */
  latent_image: Link<'LATENT'>;
  /** Samples outside the mask. */
  base_sampler: Link<'KSAMPLER'>;
  /** Samples inside the mask. */
  mask_sampler: Link<'KSAMPLER'>;
  /** The region. */
  mask: Link<'MASK'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('TwoSamplersForMask', [['LATENT', 'LATENT']]);

/** TwoSamplersForMask Upscaler Provider (ImpactPack/Upscale) */
export const TwoSamplersForMaskUpscalerProvider: NodeFunction<{
  /** How the image is resized. */
  scale_method: OneOf<ScaleMethod>;
  /** The steps in which both samplers sample the whole image. */
  full_sample_schedule: OneOf<FullSampleSchedule>;
  /** In the editor false. */
  use_tiled_vae: Bool;
  /** Samples outside the mask. */
  base_sampler: Link<'KSAMPLER'>;
  /** Samples inside the mask. */
  mask_sampler: Link<'KSAMPLER'>;
  /** As in the original, only its first row is used, unless it is a batch. */
  mask: Link<'MASK'>;
  vae: Link<'VAE'>;
  /** Side of the VAE's tiles in pixels. 320 to 4096, in the editor 512. */
  tile_size: Int;
  /** The second sampler for the whole image; base_sampler unless connected. */
  full_sampler_opt?: Link<'KSAMPLER'>;
  /** Enlarges the image before it is resized. */
  upscale_model_opt?: Link<'UPSCALE_MODEL'>;
  pk_hook_base_opt?: Link<'PK_HOOK'>;
  pk_hook_mask_opt?: Link<'PK_HOOK'>;
  pk_hook_full_opt?: Link<'PK_HOOK'>;
}, Node<{ UPSCALER: 'UPSCALER' }>> = nodeFunction('TwoSamplersForMaskUpscalerProvider', [['UPSCALER', 'UPSCALER']]);

/** TwoSamplersForMask Upscaler Provider (pipe) (ImpactPack/Upscale) */
export const TwoSamplersForMaskUpscalerProviderPipe: NodeFunction<{
  /** How the image is resized. */
  scale_method: OneOf<ScaleMethod>;
  /** The steps in which both samplers sample the whole image. */
  full_sample_schedule: OneOf<FullSampleSchedule>;
  /** In the editor false. */
  use_tiled_vae: Bool;
  /** Samples outside the mask. */
  base_sampler: Link<'KSAMPLER'>;
  /** Samples inside the mask. */
  mask_sampler: Link<'KSAMPLER'>;
  /** As in the original, only its first row is used, unless it is a batch. */
  mask: Link<'MASK'>;
  basic_pipe: Link<'BASIC_PIPE'>;
  /** Side of the VAE's tiles in pixels. 320 to 4096, in the editor 512. */
  tile_size: Int;
  /** The second sampler for the whole image; base_sampler unless connected. */
  full_sampler_opt?: Link<'KSAMPLER'>;
  /** Enlarges the image before it is resized. */
  upscale_model_opt?: Link<'UPSCALE_MODEL'>;
  pk_hook_base_opt?: Link<'PK_HOOK'>;
  pk_hook_mask_opt?: Link<'PK_HOOK'>;
  pk_hook_full_opt?: Link<'PK_HOOK'>;
}, Node<{ UPSCALER: 'UPSCALER' }>> = nodeFunction('TwoSamplersForMaskUpscalerProviderPipe', [['UPSCALER', 'UPSCALER']]);

/** Load Diffusion Model (advanced/loaders) */
export const UNETLoader: NodeFunction<{
  /** A file of models/diffusion_models. */
  unet_name: FileName;
  weight_dtype: OneOf<'default' | 'fp8_e4m3fn' | 'fp8_e4m3fn_fast' | 'fp8_e5m2'>;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('UNETLoader', [['MODEL', 'MODEL']]);

/**
 * UNetCrossAttentionMultiply (_for_testing/attention_experiments)
 * @experimental
 */
export const UNetCrossAttentionMultiply: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 10, in the editor 1. */
  q: Float;
  /** 0 to 10, in the editor 1. */
  k: Float;
  /** 0 to 10, in the editor 1. */
  v: Float;
  /** 0 to 10, in the editor 1. */
  out: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('UNetCrossAttentionMultiply', [['MODEL', 'MODEL']]);

/**
 * UNetSelfAttentionMultiply (_for_testing/attention_experiments)
 * @experimental
 */
export const UNetSelfAttentionMultiply: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 10, in the editor 1. */
  q: Float;
  /** 0 to 10, in the editor 1. */
  k: Float;
  /** 0 to 10, in the editor 1. */
  v: Float;
  /** 0 to 10, in the editor 1. */
  out: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('UNetSelfAttentionMultiply', [['MODEL', 'MODEL']]);

/**
 * UNetTemporalAttentionMultiply (_for_testing/attention_experiments): Image models have no temporal
 * layers: only the structural factors have an effect.
 * @experimental
 */
export const UNetTemporalAttentionMultiply: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 10, in the editor 1. */
  self_structural: Float;
  /** 0 to 10, in the editor 1. */
  self_temporal: Float;
  /** 0 to 10, in the editor 1. */
  cross_structural: Float;
  /** 0 to 10, in the editor 1. */
  cross_temporal: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('UNetTemporalAttentionMultiply', [['MODEL', 'MODEL']]);

/**
 * UltralyticsDetectorProvider (ImpactPack): Loads a YOLO detector (v5u, v8, v9, 11) from a .pt
 * file, without executing its code.
 */
export const UltralyticsDetectorProvider: NodeFunction<{
  /**
   * The file, in the models folder `ultralytics/bbox` (boxes only) or `ultralytics/segm`. A file of
   * models/ultralytics.
   */
  model_name: FileName;
}, Node<{ BBOX_DETECTOR: 'BBOX_DETECTOR'; SEGM_DETECTOR: 'SEGM_DETECTOR' }>> = nodeFunction('UltralyticsDetectorProvider', [['BBOX_DETECTOR', 'BBOX_DETECTOR'], ['SEGM_DETECTOR', 'SEGM_DETECTOR']]);

/**
 * Unsampler (sampling): Computes the noise from which a deterministic sampler would produce a
 * latent.
 */
export const Unsampler: NodeFunction<{
  model: Link<'MODEL'>;
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** The step, counted from full noise, at which it stops. 0 to 10000, in the editor 0. */
  end_at_step: Int;
  /** 0 to 100, in the editor 1. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler>;
  /** Normalizes to mean 0 and standard deviation 1. */
  normalize: OneOf<'disable' | 'enable'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  latent_image: Link<'LATENT'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('Unsampler', [['LATENT', 'LATENT']]);

/**
 * UnsamplerDetailerHookProvider (ImpactPack/Detailer): Unsamples the latent at the start of each
 * cycle.
 */
export const UnsamplerDetailerHookProvider: NodeFunction<{
  model: Link<'MODEL'>;
  /** 1 to 10000, in the editor 25. */
  steps: Int;
  /** 0 to 10000, in the editor 21. */
  start_end_at_step: Int;
  /** 0 to 10000, in the editor 24. */
  end_end_at_step: Int;
  /** 0 to 100, in the editor 1. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler>;
  normalize: OneOf<'disable' | 'enable'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** Whether the schedule starts with the first cycle or the second one. */
  schedule_for_cycle: OneOf<'skip_start' | 'from_start'>;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('UnsamplerDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/**
 * UnsamplerHookProvider (ImpactPack/Upscale): Unsamples each enlarged latent before it is sampled.
 */
export const UnsamplerHookProvider: NodeFunction<{
  model: Link<'MODEL'>;
  /** 1 to 10000, in the editor 25. */
  steps: Int;
  /** The step to unsample to in the first step of the upscale. 0 to 10000, in the editor 21. */
  start_end_at_step: Int;
  /** The step that it moves towards. 0 to 10000, in the editor 24. */
  end_end_at_step: Int;
  /** 0 to 100, in the editor 1. */
  cfg: Float;
  sampler_name: OneOf<SamplerName>;
  scheduler: OneOf<Scheduler>;
  /** Scales the result to mean 0 and standard deviation 1, like new noise. */
  normalize: OneOf<'disable' | 'enable'>;
  positive: Link<'CONDITIONING'>;
  negative: Link<'CONDITIONING'>;
  /** Changes by the same amount in each step. */
  schedule_for_iteration: OneOf<'simple'>;
}, Node<{ PK_HOOK: 'PK_HOOK' }>> = nodeFunction('UnsamplerHookProvider', [['PK_HOOK', 'PK_HOOK']]);

/** Load Upscale Model (loaders): Loads a model that enlarges images by a fixed factor. */
export const UpscaleModelLoader: NodeFunction<{
  /**
   * The file: ESRGAN, Real-ESRGAN, BSRGAN or Real-ESRGAN Compact. A file of models/upscale_models.
   */
  model_name: FileName;
}, Node<{ UPSCALE_MODEL: 'UPSCALE_MODEL' }>> = nodeFunction('UpscaleModelLoader', [['UPSCALE_MODEL', 'UPSCALE_MODEL']]);

/** VAE Decode (latent): Decodes latents to images. */
export const VAEDecode: NodeFunction<{
  /** The latents. */
  samples: Link<'LATENT'>;
  /** The autoencoder of the model that made the latents. */
  vae: Link<'VAE'>;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('VAEDecode', [['IMAGE', 'IMAGE']]);

/** VAE Decode (Tiled) (_for_testing) */
export const VAEDecodeTiled: NodeFunction<{
  samples: Link<'LATENT'>;
  vae: Link<'VAE'>;
  /** 64 to 4096, in the editor 512. */
  tile_size: Int;
  /** 0 to 4096, in the editor 64. */
  overlap: Int;
  /** Video VAEs only: frames at a time. 8 to 4096, in the editor 64. */
  temporal_size: Int;
  /** Video VAEs only: frames that overlap. 4 to 4096, in the editor 8. */
  temporal_overlap: Int;
}, Node<{ IMAGE: 'IMAGE' }>> = nodeFunction('VAEDecodeTiled', [['IMAGE', 'IMAGE']]);

/** VAE Encode (latent) */
export const VAEEncode: NodeFunction<{
  pixels: Link<'IMAGE'>;
  vae: Link<'VAE'>;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('VAEEncode', [['LATENT', 'LATENT']]);

/** VAE Encode (for Inpainting) (latent/inpaint) */
export const VAEEncodeForInpaint: NodeFunction<{
  pixels: Link<'IMAGE'>;
  vae: Link<'VAE'>;
  mask: Link<'MASK'>;
  /** 0 to 64, in the editor 6. */
  grow_mask_by: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('VAEEncodeForInpaint', [['LATENT', 'LATENT']]);

/** VAE Encode (Tiled) (_for_testing) */
export const VAEEncodeTiled: NodeFunction<{
  pixels: Link<'IMAGE'>;
  vae: Link<'VAE'>;
  /** 64 to 4096, in the editor 512. */
  tile_size: Int;
  /** 0 to 4096, in the editor 64. */
  overlap: Int;
  /** Video VAEs only: frames at a time. 8 to 4096, in the editor 64. */
  temporal_size: Int;
  /** Video VAEs only: frames that overlap. 4 to 4096, in the editor 8. */
  temporal_overlap: Int;
}, Node<{ LATENT: 'LATENT' }>> = nodeFunction('VAEEncodeTiled', [['LATENT', 'LATENT']]);

/** Load VAE (loaders) */
export const VAELoader: NodeFunction<{
  /** A file of models/vae. */
  vae_name: FileName;
}, Node<{ VAE: 'VAE' }>> = nodeFunction('VAELoader', [['VAE', 'VAE']]);

/** VAESave (advanced/model_merging) */
export const VAESave: NodeFunction<{
  vae: Link<'VAE'>;
  filename_prefix: Text;
}, OutputNode> = nodeFunction('VAESave');

/** VPScheduler (sampling/custom_sampling/schedulers) */
export const VPScheduler: NodeFunction<{
  /** 1 to 10000, in the editor 20. */
  steps: Int;
  /** 0 to 5000, in the editor 19.9. */
  beta_d: Float;
  /** 0 to 5000, in the editor 0.1. */
  beta_min: Float;
  /** 0 to 1, in the editor 0.001. */
  eps_s: Float;
}, Node<{ SIGMAS: 'SIGMAS' }>> = nodeFunction('VPScheduler', [['SIGMAS', 'SIGMAS']]);

/**
 * VariationNoiseDetailerHookProvider (ImpactPack/Detailer): Mixes another seed's noise into that of
 * each segment.
 */
export const VariationNoiseDetailerHookProvider: NodeFunction<{
  /** 0 to 18446744073709551615, in the editor 0. */
  seed: Int;
  /** 0 to 1, in the editor 0. */
  strength: Float;
}, Node<{ DETAILER_HOOK: 'DETAILER_HOOK' }>> = nodeFunction('VariationNoiseDetailerHookProvider', [['DETAILER_HOOK', 'DETAILER_HOOK']]);

/** VideoLinearCFGGuidance (sampling/video_models) */
export const VideoLinearCFGGuidance: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 100, in the editor 1. */
  min_cfg: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('VideoLinearCFGGuidance', [['MODEL', 'MODEL']]);

/** VideoTriangleCFGGuidance (sampling/video_models) */
export const VideoTriangleCFGGuidance: NodeFunction<{
  model: Link<'MODEL'>;
  /** 0 to 100, in the editor 1. */
  min_cfg: Float;
}, Node<{ MODEL: 'MODEL' }>> = nodeFunction('VideoTriangleCFGGuidance', [['MODEL', 'MODEL']]);

/**
 * Wildcard Prompt from String (ImpactPack/Util): Makes [LAB] prompts for segments from a text, one
 * per line; the tags keep their order.
 */
export const WildcardPromptFromString: NodeFunction<{
  string: Text;
  delimiter: Text;
  prefix_all: Text;
  postfix_all: Text;
  restrict_to_tags: Text;
  exclude_tags: Text;
}, Node<{ wildcard: 'STRING'; segs_labels: 'STRING' }>> = nodeFunction('WildcardPromptFromString', [['wildcard', 'STRING'], ['segs_labels', 'STRING']]);

/** unCLIPCheckpointLoader (loaders) */
export const unCLIPCheckpointLoader: NodeFunction<{
  /** A file of models/checkpoints. */
  ckpt_name: FileName;
}, Node<{ MODEL: 'MODEL'; CLIP: 'CLIP'; VAE: 'VAE'; CLIP_VISION: 'CLIP_VISION' }>> = nodeFunction('unCLIPCheckpointLoader', [['MODEL', 'MODEL'], ['CLIP', 'CLIP'], ['VAE', 'VAE'], ['CLIP_VISION', 'CLIP_VISION']]);

/** unCLIPConditioning (conditioning) */
export const unCLIPConditioning: NodeFunction<{
  conditioning: Link<'CONDITIONING'>;
  clip_vision_output: Link<'CLIP_VISION_OUTPUT'>;
  /** -10 to 10, in the editor 1. */
  strength: Float;
  /** 0 to 1, in the editor 0. */
  noise_augmentation: Float;
}, Node<{ CONDITIONING: 'CONDITIONING' }>> = nodeFunction('unCLIPConditioning', [['CONDITIONING', 'CONDITIONING']]);

/** All nodes by class type, also those whose types are no identifiers. */
export const nodes: {
  APG: typeof APG;
  AddMask: typeof AddMask;
  AddNoise: typeof AddNoise;
  AlignYourStepsScheduler: typeof AlignYourStepsScheduler;
  AnyPipeToBasic: typeof AnyPipeToBasic;
  BNK_DuplicateBatchIndex: typeof BNK_DuplicateBatchIndex;
  BNK_GetSigma: typeof BNK_GetSigma;
  BNK_InjectNoise: typeof BNK_InjectNoise;
  BNK_NoisyLatentImage: typeof BNK_NoisyLatentImage;
  BNK_SlerpLatent: typeof BNK_SlerpLatent;
  BNK_Unsampler: typeof BNK_Unsampler;
  BasicGuider: typeof BasicGuider;
  BasicPipeToDetailerPipe: typeof BasicPipeToDetailerPipe;
  BasicPipeToDetailerPipeSDXL: typeof BasicPipeToDetailerPipeSDXL;
  BasicScheduler: typeof BasicScheduler;
  BboxDetectorCombined_v2: typeof BboxDetectorCombined_v2;
  BboxDetectorSEGS: typeof BboxDetectorSEGS;
  BetaSamplingScheduler: typeof BetaSamplingScheduler;
  BitwiseAndMask: typeof BitwiseAndMask;
  BitwiseAndMaskForEach: typeof BitwiseAndMaskForEach;
  CFGGuider: typeof CFGGuider;
  CFGNorm: typeof CFGNorm;
  CFGZeroStar: typeof CFGZeroStar;
  CLIPAttentionMultiply: typeof CLIPAttentionMultiply;
  CLIPLoader: typeof CLIPLoader;
  CLIPMergeAdd: typeof CLIPMergeAdd;
  CLIPMergeSimple: typeof CLIPMergeSimple;
  CLIPMergeSubtract: typeof CLIPMergeSubtract;
  CLIPSave: typeof CLIPSave;
  CLIPSeg: typeof CLIPSeg;
  CLIPSegDetectorProvider: typeof CLIPSegDetectorProvider;
  CLIPSetLastLayer: typeof CLIPSetLastLayer;
  CLIPTextEncode: typeof CLIPTextEncode;
  CLIPTextEncodeSDXL: typeof CLIPTextEncodeSDXL;
  CLIPTextEncodeSDXLRefiner: typeof CLIPTextEncodeSDXLRefiner;
  CLIPVisionEncode: typeof CLIPVisionEncode;
  CLIPVisionLoader: typeof CLIPVisionLoader;
  Canny: typeof Canny;
  CaseConverter: typeof CaseConverter;
  CfgScheduleHookProvider: typeof CfgScheduleHookProvider;
  CheckpointLoader: typeof CheckpointLoader;
  CheckpointLoaderSimple: typeof CheckpointLoaderSimple;
  CheckpointSave: typeof CheckpointSave;
  CombineRegionalPrompts: typeof CombineRegionalPrompts;
  ConditioningAverage: typeof ConditioningAverage;
  ConditioningCombine: typeof ConditioningCombine;
  ConditioningConcat: typeof ConditioningConcat;
  ConditioningSetArea: typeof ConditioningSetArea;
  ConditioningSetAreaPercentage: typeof ConditioningSetAreaPercentage;
  ConditioningSetAreaStrength: typeof ConditioningSetAreaStrength;
  ConditioningSetMask: typeof ConditioningSetMask;
  ConditioningSetProperties: typeof ConditioningSetProperties;
  ConditioningSetPropertiesAndCombine: typeof ConditioningSetPropertiesAndCombine;
  ConditioningSetTimestepRange: typeof ConditioningSetTimestepRange;
  ConditioningTimestepsRange: typeof ConditioningTimestepsRange;
  ConditioningZeroOut: typeof ConditioningZeroOut;
  ControlNetApply: typeof ControlNetApply;
  ControlNetApplyAdvanced: typeof ControlNetApplyAdvanced;
  ControlNetLoader: typeof ControlNetLoader;
  CropMask: typeof CropMask;
  DenoiseScheduleHookProvider: typeof DenoiseScheduleHookProvider;
  DenoiseSchedulerDetailerHookProvider: typeof DenoiseSchedulerDetailerHookProvider;
  DetailerForEach: typeof DetailerForEach;
  DetailerForEachDebug: typeof DetailerForEachDebug;
  DetailerForEachDebugPipe: typeof DetailerForEachDebugPipe;
  DetailerForEachPipe: typeof DetailerForEachPipe;
  DetailerHookCombine: typeof DetailerHookCombine;
  DetailerPipeToBasicPipe: typeof DetailerPipeToBasicPipe;
  DiffControlNetLoader: typeof DiffControlNetLoader;
  DifferentialDiffusion: typeof DifferentialDiffusion;
  DiffusersLoader: typeof DiffusersLoader;
  DisableNoise: typeof DisableNoise;
  DualCFGGuider: typeof DualCFGGuider;
  DualCLIPLoader: typeof DualCLIPLoader;
  EditBasicPipe: typeof EditBasicPipe;
  EditDetailerPipe: typeof EditDetailerPipe;
  EditDetailerPipeSDXL: typeof EditDetailerPipeSDXL;
  EmptyImage: typeof EmptyImage;
  EmptyLatentImage: typeof EmptyLatentImage;
  EmptySegs: typeof EmptySegs;
  ExponentialScheduler: typeof ExponentialScheduler;
  ExtendIntermediateSigmas: typeof ExtendIntermediateSigmas;
  FaceDetailer: typeof FaceDetailer;
  FaceDetailerPipe: typeof FaceDetailerPipe;
  FeatherMask: typeof FeatherMask;
  FlipSigmas: typeof FlipSigmas;
  FreSca: typeof FreSca;
  FreeU: typeof FreeU;
  FreeU_V2: typeof FreeU_V2;
  FromBasicPipe: typeof FromBasicPipe;
  FromBasicPipe_v2: typeof FromBasicPipe_v2;
  FromDetailerPipe: typeof FromDetailerPipe;
  FromDetailerPipeSDXL: typeof FromDetailerPipeSDXL;
  FromDetailerPipe_v2: typeof FromDetailerPipe_v2;
  GITSScheduler: typeof GITSScheduler;
  GITSSchedulerFuncProvider: typeof GITSSchedulerFuncProvider;
  GLIGENLoader: typeof GLIGENLoader;
  GetImageSize: typeof GetImageSize;
  GrowMask: typeof GrowMask;
  HypernetworkLoader: typeof HypernetworkLoader;
  ImageAddNoise: typeof ImageAddNoise;
  ImageBatch: typeof ImageBatch;
  ImageBlend: typeof ImageBlend;
  ImageBlur: typeof ImageBlur;
  ImageColorToMask: typeof ImageColorToMask;
  ImageCompositeMasked: typeof ImageCompositeMasked;
  ImageCrop: typeof ImageCrop;
  ImageFlip: typeof ImageFlip;
  ImageFromBatch: typeof ImageFromBatch;
  ImageInvert: typeof ImageInvert;
  ImageListToImageBatch: typeof ImageListToImageBatch;
  ImageMaskSwitch: typeof ImageMaskSwitch;
  ImageOnlyCheckpointLoader: typeof ImageOnlyCheckpointLoader;
  ImagePadForOutpaint: typeof ImagePadForOutpaint;
  ImageRGBToYUV: typeof ImageRGBToYUV;
  ImageReceiver: typeof ImageReceiver;
  ImageRotate: typeof ImageRotate;
  ImageScale: typeof ImageScale;
  ImageScaleBy: typeof ImageScaleBy;
  ImageScaleToMaxDimension: typeof ImageScaleToMaxDimension;
  ImageScaleToTotalPixels: typeof ImageScaleToTotalPixels;
  ImageSender: typeof ImageSender;
  ImageSharpen: typeof ImageSharpen;
  ImageStitch: typeof ImageStitch;
  ImageToMask: typeof ImageToMask;
  ImageUpscaleWithModel: typeof ImageUpscaleWithModel;
  ImageYUVToRGB: typeof ImageYUVToRGB;
  ImpactAssembleSEGS: typeof ImpactAssembleSEGS;
  ImpactBoolean: typeof ImpactBoolean;
  ImpactCombineConditionings: typeof ImpactCombineConditionings;
  ImpactCompare: typeof ImpactCompare;
  ImpactConcatConditionings: typeof ImpactConcatConditionings;
  ImpactConditionalBranch: typeof ImpactConditionalBranch;
  ImpactConditionalBranchSelMode: typeof ImpactConditionalBranchSelMode;
  ImpactConditionalStopIteration: typeof ImpactConditionalStopIteration;
  ImpactControlBridge: typeof ImpactControlBridge;
  ImpactControlNetApplyAdvancedSEGS: typeof ImpactControlNetApplyAdvancedSEGS;
  ImpactControlNetApplySEGS: typeof ImpactControlNetApplySEGS;
  ImpactControlNetClearSEGS: typeof ImpactControlNetClearSEGS;
  ImpactConvertDataType: typeof ImpactConvertDataType;
  ImpactCount_Elts_in_SEGS: typeof ImpactCount_Elts_in_SEGS;
  ImpactDecomposeSEGS: typeof ImpactDecomposeSEGS;
  ImpactDilateMask: typeof ImpactDilateMask;
  ImpactDilateMaskInSEGS: typeof ImpactDilateMaskInSEGS;
  ImpactDilate_Mask_SEG_ELT: typeof ImpactDilate_Mask_SEG_ELT;
  ImpactDummyInput: typeof ImpactDummyInput;
  ImpactEdit_SEG_ELT: typeof ImpactEdit_SEG_ELT;
  ImpactExecutionOrderController: typeof ImpactExecutionOrderController;
  ImpactFlattenMask: typeof ImpactFlattenMask;
  ImpactFloat: typeof ImpactFloat;
  ImpactFrom_SEG_ELT: typeof ImpactFrom_SEG_ELT;
  ImpactFrom_SEG_ELT_bbox: typeof ImpactFrom_SEG_ELT_bbox;
  ImpactFrom_SEG_ELT_crop_region: typeof ImpactFrom_SEG_ELT_crop_region;
  ImpactGaussianBlurMask: typeof ImpactGaussianBlurMask;
  ImpactGaussianBlurMaskInSEGS: typeof ImpactGaussianBlurMaskInSEGS;
  ImpactIfNone: typeof ImpactIfNone;
  ImpactImageBatchToImageList: typeof ImpactImageBatchToImageList;
  ImpactImageInfo: typeof ImpactImageInfo;
  ImpactInt: typeof ImpactInt;
  ImpactInversedSwitch: typeof ImpactInversedSwitch;
  ImpactIsNotEmptySEGS: typeof ImpactIsNotEmptySEGS;
  ImpactKSamplerAdvancedBasicPipe: typeof ImpactKSamplerAdvancedBasicPipe;
  ImpactKSamplerBasicPipe: typeof ImpactKSamplerBasicPipe;
  ImpactLatentInfo: typeof ImpactLatentInfo;
  ImpactLogger: typeof ImpactLogger;
  ImpactLogicalOperators: typeof ImpactLogicalOperators;
  ImpactMakeAnyList: typeof ImpactMakeAnyList;
  ImpactMakeImageBatch: typeof ImpactMakeImageBatch;
  ImpactMakeImageList: typeof ImpactMakeImageList;
  ImpactMakeMaskBatch: typeof ImpactMakeMaskBatch;
  ImpactMakeMaskList: typeof ImpactMakeMaskList;
  ImpactMakeTileSEGS: typeof ImpactMakeTileSEGS;
  ImpactMinMax: typeof ImpactMinMax;
  ImpactNeg: typeof ImpactNeg;
  ImpactNegativeConditioningPlaceholder: typeof ImpactNegativeConditioningPlaceholder;
  ImpactNodeSetMuteState: typeof ImpactNodeSetMuteState;
  ImpactQueueTrigger: typeof ImpactQueueTrigger;
  ImpactQueueTriggerCountdown: typeof ImpactQueueTriggerCountdown;
  ImpactRemoteBoolean: typeof ImpactRemoteBoolean;
  ImpactRemoteInt: typeof ImpactRemoteInt;
  ImpactSEGSConcat: typeof ImpactSEGSConcat;
  ImpactSEGSLabelAssign: typeof ImpactSEGSLabelAssign;
  ImpactSEGSLabelFilter: typeof ImpactSEGSLabelFilter;
  ImpactSEGSMerge: typeof ImpactSEGSMerge;
  ImpactSEGSOrderedFilter: typeof ImpactSEGSOrderedFilter;
  ImpactSEGSPicker: typeof ImpactSEGSPicker;
  ImpactSEGSRangeFilter: typeof ImpactSEGSRangeFilter;
  ImpactSEGSToMaskBatch: typeof ImpactSEGSToMaskBatch;
  ImpactSEGSToMaskList: typeof ImpactSEGSToMaskList;
  ImpactScaleBy_BBOX_SEG_ELT: typeof ImpactScaleBy_BBOX_SEG_ELT;
  ImpactSchedulerAdapter: typeof ImpactSchedulerAdapter;
  ImpactSegsAndMask: typeof ImpactSegsAndMask;
  ImpactSegsAndMaskForEach: typeof ImpactSegsAndMaskForEach;
  ImpactSetWidgetValue: typeof ImpactSetWidgetValue;
  ImpactSimpleDetectorSEGS: typeof ImpactSimpleDetectorSEGS;
  ImpactSimpleDetectorSEGSPipe: typeof ImpactSimpleDetectorSEGSPipe;
  ImpactSleep: typeof ImpactSleep;
  ImpactStringSelector: typeof ImpactStringSelector;
  ImpactSwitch: typeof ImpactSwitch;
  ImpactValueReceiver: typeof ImpactValueReceiver;
  ImpactValueSender: typeof ImpactValueSender;
  ImpactWildcardEncode: typeof ImpactWildcardEncode;
  ImpactWildcardProcessor: typeof ImpactWildcardProcessor;
  InpaintModelConditioning: typeof InpaintModelConditioning;
  InstructPixToPixConditioning: typeof InstructPixToPixConditioning;
  InvertMask: typeof InvertMask;
  IterativeImageUpscale: typeof IterativeImageUpscale;
  IterativeLatentUpscale: typeof IterativeLatentUpscale;
  JoinImageWithAlpha: typeof JoinImageWithAlpha;
  KSampler: typeof KSampler;
  KSamplerAdvanced: typeof KSamplerAdvanced;
  KSamplerAdvancedProvider: typeof KSamplerAdvancedProvider;
  KSamplerProvider: typeof KSamplerProvider;
  KSamplerSelect: typeof KSamplerSelect;
  KarrasScheduler: typeof KarrasScheduler;
  LaplaceScheduler: typeof LaplaceScheduler;
  LatentAdd: typeof LatentAdd;
  LatentApplyOperation: typeof LatentApplyOperation;
  LatentApplyOperationCFG: typeof LatentApplyOperationCFG;
  LatentBatch: typeof LatentBatch;
  LatentBatchSeedBehavior: typeof LatentBatchSeedBehavior;
  LatentBlend: typeof LatentBlend;
  LatentComposite: typeof LatentComposite;
  LatentCompositeMasked: typeof LatentCompositeMasked;
  LatentConcat: typeof LatentConcat;
  LatentCrop: typeof LatentCrop;
  LatentCut: typeof LatentCut;
  LatentFlip: typeof LatentFlip;
  LatentFromBatch: typeof LatentFromBatch;
  LatentInterpolate: typeof LatentInterpolate;
  LatentMultiply: typeof LatentMultiply;
  LatentOperationSharpen: typeof LatentOperationSharpen;
  LatentOperationTonemapReinhard: typeof LatentOperationTonemapReinhard;
  LatentPixelScale: typeof LatentPixelScale;
  LatentReceiver: typeof LatentReceiver;
  LatentRotate: typeof LatentRotate;
  LatentSender: typeof LatentSender;
  LatentSubtract: typeof LatentSubtract;
  LatentSwitch: typeof LatentSwitch;
  LatentUpscale: typeof LatentUpscale;
  LatentUpscaleBy: typeof LatentUpscaleBy;
  LazyCache: typeof LazyCache;
  LoadImage: typeof LoadImage;
  LoadImageMask: typeof LoadImageMask;
  LoadImageOutput: typeof LoadImageOutput;
  LoadLatent: typeof LoadLatent;
  LoraLoader: typeof LoraLoader;
  LoraLoaderModelOnly: typeof LoraLoaderModelOnly;
  Mahiro: typeof Mahiro;
  MaskComposite: typeof MaskComposite;
  MaskDetailerPipe: typeof MaskDetailerPipe;
  MaskListToMaskBatch: typeof MaskListToMaskBatch;
  MaskPreview: typeof MaskPreview;
  MaskToImage: typeof MaskToImage;
  MaskToSEGS: typeof MaskToSEGS;
  MaskToSEGS_for_AnimateDiff: typeof MaskToSEGS_for_AnimateDiff;
  MasksToMaskList: typeof MasksToMaskList;
  ModelMergeAdd: typeof ModelMergeAdd;
  ModelMergeBlocks: typeof ModelMergeBlocks;
  ModelMergeSD1: typeof ModelMergeSD1;
  ModelMergeSD2: typeof ModelMergeSD2;
  ModelMergeSDXL: typeof ModelMergeSDXL;
  ModelMergeSimple: typeof ModelMergeSimple;
  ModelMergeSubtract: typeof ModelMergeSubtract;
  ModelSamplerTonemapNoiseTest: typeof ModelSamplerTonemapNoiseTest;
  ModelSamplingContinuousEDM: typeof ModelSamplingContinuousEDM;
  ModelSamplingContinuousV: typeof ModelSamplingContinuousV;
  ModelSamplingDiscrete: typeof ModelSamplingDiscrete;
  ModelSave: typeof ModelSave;
  Morphology: typeof Morphology;
  NoiseInjectionDetailerHookProvider: typeof NoiseInjectionDetailerHookProvider;
  NoiseInjectionHookProvider: typeof NoiseInjectionHookProvider;
  ONNXDetectorProvider: typeof ONNXDetectorProvider;
  ONNXDetectorSEGS: typeof ONNXDetectorSEGS;
  PairConditioningCombine: typeof PairConditioningCombine;
  PairConditioningSetProperties: typeof PairConditioningSetProperties;
  PairConditioningSetPropertiesAndCombine: typeof PairConditioningSetPropertiesAndCombine;
  PerpNeg: typeof PerpNeg;
  PerpNegGuider: typeof PerpNegGuider;
  PerturbedAttentionGuidance: typeof PerturbedAttentionGuidance;
  PixelKSampleHookCombine: typeof PixelKSampleHookCombine;
  PixelKSampleUpscalerProvider: typeof PixelKSampleUpscalerProvider;
  PixelKSampleUpscalerProviderPipe: typeof PixelKSampleUpscalerProviderPipe;
  PolyexponentialScheduler: typeof PolyexponentialScheduler;
  PorterDuffImageComposite: typeof PorterDuffImageComposite;
  PreviewAny: typeof PreviewAny;
  PreviewBridge: typeof PreviewBridge;
  PreviewBridgeLatent: typeof PreviewBridgeLatent;
  PreviewDetailerHookProvider: typeof PreviewDetailerHookProvider;
  PreviewImage: typeof PreviewImage;
  PrimitiveBoolean: typeof PrimitiveBoolean;
  PrimitiveFloat: typeof PrimitiveFloat;
  PrimitiveInt: typeof PrimitiveInt;
  PrimitiveString: typeof PrimitiveString;
  PrimitiveStringMultiline: typeof PrimitiveStringMultiline;
  RandomNoise: typeof RandomNoise;
  RebatchImages: typeof RebatchImages;
  RebatchLatents: typeof RebatchLatents;
  ReencodeLatent: typeof ReencodeLatent;
  ReencodeLatentPipe: typeof ReencodeLatentPipe;
  RegexExtract: typeof RegexExtract;
  RegexMatch: typeof RegexMatch;
  RegexReplace: typeof RegexReplace;
  RegionalPrompt: typeof RegionalPrompt;
  RegionalSampler: typeof RegionalSampler;
  RegionalSamplerAdvanced: typeof RegionalSamplerAdvanced;
  RemoveImageFromSEGS: typeof RemoveImageFromSEGS;
  RemoveNoiseMask: typeof RemoveNoiseMask;
  RenormCFG: typeof RenormCFG;
  RepeatImageBatch: typeof RepeatImageBatch;
  RepeatLatentBatch: typeof RepeatLatentBatch;
  RescaleCFG: typeof RescaleCFG;
  ResizeAndPadImage: typeof ResizeAndPadImage;
  SAMDetectorCombined: typeof SAMDetectorCombined;
  SAMDetectorSegmented: typeof SAMDetectorSegmented;
  SAMLoader: typeof SAMLoader;
  SDTurboScheduler: typeof SDTurboScheduler;
  SEGSDetailer: typeof SEGSDetailer;
  SEGSLabelFilterDetailerHookProvider: typeof SEGSLabelFilterDetailerHookProvider;
  SEGSOrderedFilterDetailerHookProvider: typeof SEGSOrderedFilterDetailerHookProvider;
  SEGSPaste: typeof SEGSPaste;
  SEGSPreview: typeof SEGSPreview;
  SEGSPreviewCNet: typeof SEGSPreviewCNet;
  SEGSRangeFilterDetailerHookProvider: typeof SEGSRangeFilterDetailerHookProvider;
  SEGSSwitch: typeof SEGSSwitch;
  SEGSToImageList: typeof SEGSToImageList;
  SEGSUpscaler: typeof SEGSUpscaler;
  SEGSUpscalerPipe: typeof SEGSUpscalerPipe;
  SamplerCustom: typeof SamplerCustom;
  SamplerCustomAdvanced: typeof SamplerCustomAdvanced;
  SamplerDPMAdaptative: typeof SamplerDPMAdaptative;
  SamplerDPMPP_2M_SDE: typeof SamplerDPMPP_2M_SDE;
  SamplerDPMPP_2S_Ancestral: typeof SamplerDPMPP_2S_Ancestral;
  SamplerDPMPP_3M_SDE: typeof SamplerDPMPP_3M_SDE;
  SamplerDPMPP_SDE: typeof SamplerDPMPP_SDE;
  SamplerER_SDE: typeof SamplerER_SDE;
  SamplerEulerAncestral: typeof SamplerEulerAncestral;
  SamplerEulerAncestralCFGPP: typeof SamplerEulerAncestralCFGPP;
  SamplerEulerCFGpp: typeof SamplerEulerCFGpp;
  SamplerLCMUpscale: typeof SamplerLCMUpscale;
  SamplerLMS: typeof SamplerLMS;
  SamplerSASolver: typeof SamplerSASolver;
  SamplingPercentToSigma: typeof SamplingPercentToSigma;
  SaveAnimatedPNG: typeof SaveAnimatedPNG;
  SaveAnimatedWEBP: typeof SaveAnimatedWEBP;
  SaveImage: typeof SaveImage;
  SaveLatent: typeof SaveLatent;
  SeargeCheckpointLoader: typeof SeargeCheckpointLoader;
  SeargeConditioningMuxer2: typeof SeargeConditioningMuxer2;
  SeargeConditioningMuxer5: typeof SeargeConditioningMuxer5;
  SeargeEnablerInputs: typeof SeargeEnablerInputs;
  SeargeFloatConstant: typeof SeargeFloatConstant;
  SeargeFloatMath: typeof SeargeFloatMath;
  SeargeFloatPair: typeof SeargeFloatPair;
  SeargeGenerated1: typeof SeargeGenerated1;
  SeargeImageSave: typeof SeargeImageSave;
  SeargeInput1: typeof SeargeInput1;
  SeargeInput2: typeof SeargeInput2;
  SeargeInput3: typeof SeargeInput3;
  SeargeInput4: typeof SeargeInput4;
  SeargeInput5: typeof SeargeInput5;
  SeargeInput6: typeof SeargeInput6;
  SeargeInput7: typeof SeargeInput7;
  SeargeIntegerConstant: typeof SeargeIntegerConstant;
  SeargeIntegerMath: typeof SeargeIntegerMath;
  SeargeIntegerPair: typeof SeargeIntegerPair;
  SeargeIntegerScaler: typeof SeargeIntegerScaler;
  SeargeLatentMuxer3: typeof SeargeLatentMuxer3;
  SeargeLoraLoader: typeof SeargeLoraLoader;
  SeargeOutput1: typeof SeargeOutput1;
  SeargeOutput2: typeof SeargeOutput2;
  SeargeOutput3: typeof SeargeOutput3;
  SeargeOutput4: typeof SeargeOutput4;
  SeargeOutput5: typeof SeargeOutput5;
  SeargeOutput6: typeof SeargeOutput6;
  SeargeOutput7: typeof SeargeOutput7;
  SeargeParameterProcessor: typeof SeargeParameterProcessor;
  SeargePromptCombiner: typeof SeargePromptCombiner;
  SeargePromptText: typeof SeargePromptText;
  SeargeSDXLBasePromptEncoder: typeof SeargeSDXLBasePromptEncoder;
  SeargeSDXLImage2ImageSampler: typeof SeargeSDXLImage2ImageSampler;
  SeargeSDXLImage2ImageSampler2: typeof SeargeSDXLImage2ImageSampler2;
  SeargeSDXLPromptEncoder: typeof SeargeSDXLPromptEncoder;
  SeargeSDXLRefinerPromptEncoder: typeof SeargeSDXLRefinerPromptEncoder;
  SeargeSDXLSampler: typeof SeargeSDXLSampler;
  SeargeSDXLSampler2: typeof SeargeSDXLSampler2;
  SeargeSamplerAdvanced: typeof SeargeSamplerAdvanced;
  SeargeSamplerInputs: typeof SeargeSamplerInputs;
  SeargeSaveFolderInputs: typeof SeargeSaveFolderInputs;
  SeargeStylePreprocessor: typeof SeargeStylePreprocessor;
  SeargeUpscaleModelLoader: typeof SeargeUpscaleModelLoader;
  SeargeVAELoader: typeof SeargeVAELoader;
  SegmDetectorCombined_v2: typeof SegmDetectorCombined_v2;
  SegmDetectorSEGS: typeof SegmDetectorSEGS;
  SegsMaskCombine: typeof SegsMaskCombine;
  SegsToCombinedMask: typeof SegsToCombinedMask;
  SetDefaultImageForSEGS: typeof SetDefaultImageForSEGS;
  SetFirstSigma: typeof SetFirstSigma;
  SetLatentNoiseMask: typeof SetLatentNoiseMask;
  SetUnionControlNetType: typeof SetUnionControlNetType;
  SolidMask: typeof SolidMask;
  SplitImageWithAlpha: typeof SplitImageWithAlpha;
  SplitSigmas: typeof SplitSigmas;
  SplitSigmasDenoise: typeof SplitSigmasDenoise;
  StepsScheduleHookProvider: typeof StepsScheduleHookProvider;
  StringCompare: typeof StringCompare;
  StringConcatenate: typeof StringConcatenate;
  StringContains: typeof StringContains;
  StringLength: typeof StringLength;
  StringListToString: typeof StringListToString;
  StringReplace: typeof StringReplace;
  StringSubstring: typeof StringSubstring;
  StringTrim: typeof StringTrim;
  StyleModelLoader: typeof StyleModelLoader;
  SubtractMask: typeof SubtractMask;
  SubtractMaskForEach: typeof SubtractMaskForEach;
  TCFG: typeof TCFG;
  ThresholdMask: typeof ThresholdMask;
  ToBasicPipe: typeof ToBasicPipe;
  ToBinaryMask: typeof ToBinaryMask;
  ToDetailerPipe: typeof ToDetailerPipe;
  ToDetailerPipeSDXL: typeof ToDetailerPipeSDXL;
  TwoAdvancedSamplersForMask: typeof TwoAdvancedSamplersForMask;
  TwoSamplersForMask: typeof TwoSamplersForMask;
  TwoSamplersForMaskUpscalerProvider: typeof TwoSamplersForMaskUpscalerProvider;
  TwoSamplersForMaskUpscalerProviderPipe: typeof TwoSamplersForMaskUpscalerProviderPipe;
  UNETLoader: typeof UNETLoader;
  UNetCrossAttentionMultiply: typeof UNetCrossAttentionMultiply;
  UNetSelfAttentionMultiply: typeof UNetSelfAttentionMultiply;
  UNetTemporalAttentionMultiply: typeof UNetTemporalAttentionMultiply;
  UltralyticsDetectorProvider: typeof UltralyticsDetectorProvider;
  Unsampler: typeof Unsampler;
  UnsamplerDetailerHookProvider: typeof UnsamplerDetailerHookProvider;
  UnsamplerHookProvider: typeof UnsamplerHookProvider;
  UpscaleModelLoader: typeof UpscaleModelLoader;
  VAEDecode: typeof VAEDecode;
  VAEDecodeTiled: typeof VAEDecodeTiled;
  VAEEncode: typeof VAEEncode;
  VAEEncodeForInpaint: typeof VAEEncodeForInpaint;
  VAEEncodeTiled: typeof VAEEncodeTiled;
  VAELoader: typeof VAELoader;
  VAESave: typeof VAESave;
  VPScheduler: typeof VPScheduler;
  VariationNoiseDetailerHookProvider: typeof VariationNoiseDetailerHookProvider;
  VideoLinearCFGGuidance: typeof VideoLinearCFGGuidance;
  VideoTriangleCFGGuidance: typeof VideoTriangleCFGGuidance;
  WildcardPromptFromString: typeof WildcardPromptFromString;
  unCLIPCheckpointLoader: typeof unCLIPCheckpointLoader;
  unCLIPConditioning: typeof unCLIPConditioning;
  /** ConditioningAverage (conditioning) */
  'ConditioningAverage ': NodeFunction<{
    conditioning_to: Link<'CONDITIONING'>;
    conditioning_from: Link<'CONDITIONING'>;
    /** 0 to 1, in the editor 1. */
    conditioning_to_strength: Float;
  }, Node<{ CONDITIONING: 'CONDITIONING' }>>;
  /** Epsilon Scaling (model_patches/unet) */
  'Epsilon Scaling': NodeFunction<{
    model: Link<'MODEL'>;
    /** 0.5 to 1.5, in the editor 1.005. */
    scaling_factor: Float;
  }, Node<{ MODEL: 'MODEL' }>>;
  /**
   * Segs & Mask (Legacy) (ImpactPack/Legacy)
   * @deprecated
   */
  'Segs & Mask': NodeFunction<{
    segs: Link<'SEGS'>;
    mask: Link<'MASK'>;
  }, Node<{ SEGS: 'SEGS' }>>;
  /**
   * Segs & Mask ForEach (Legacy) (ImpactPack/Legacy)
   * @deprecated
   */
  'Segs & Mask ForEach': NodeFunction<{
    segs: Link<'SEGS'>;
    masks: Link<'MASK'>;
  }, Node<{ SEGS: 'SEGS' }>>;
} = {
  APG,
  AddMask,
  AddNoise,
  AlignYourStepsScheduler,
  AnyPipeToBasic,
  BNK_DuplicateBatchIndex,
  BNK_GetSigma,
  BNK_InjectNoise,
  BNK_NoisyLatentImage,
  BNK_SlerpLatent,
  BNK_Unsampler,
  BasicGuider,
  BasicPipeToDetailerPipe,
  BasicPipeToDetailerPipeSDXL,
  BasicScheduler,
  BboxDetectorCombined_v2,
  BboxDetectorSEGS,
  BetaSamplingScheduler,
  BitwiseAndMask,
  BitwiseAndMaskForEach,
  CFGGuider,
  CFGNorm,
  CFGZeroStar,
  CLIPAttentionMultiply,
  CLIPLoader,
  CLIPMergeAdd,
  CLIPMergeSimple,
  CLIPMergeSubtract,
  CLIPSave,
  CLIPSeg,
  CLIPSegDetectorProvider,
  CLIPSetLastLayer,
  CLIPTextEncode,
  CLIPTextEncodeSDXL,
  CLIPTextEncodeSDXLRefiner,
  CLIPVisionEncode,
  CLIPVisionLoader,
  Canny,
  CaseConverter,
  CfgScheduleHookProvider,
  CheckpointLoader,
  CheckpointLoaderSimple,
  CheckpointSave,
  CombineRegionalPrompts,
  ConditioningAverage,
  ConditioningCombine,
  ConditioningConcat,
  ConditioningSetArea,
  ConditioningSetAreaPercentage,
  ConditioningSetAreaStrength,
  ConditioningSetMask,
  ConditioningSetProperties,
  ConditioningSetPropertiesAndCombine,
  ConditioningSetTimestepRange,
  ConditioningTimestepsRange,
  ConditioningZeroOut,
  ControlNetApply,
  ControlNetApplyAdvanced,
  ControlNetLoader,
  CropMask,
  DenoiseScheduleHookProvider,
  DenoiseSchedulerDetailerHookProvider,
  DetailerForEach,
  DetailerForEachDebug,
  DetailerForEachDebugPipe,
  DetailerForEachPipe,
  DetailerHookCombine,
  DetailerPipeToBasicPipe,
  DiffControlNetLoader,
  DifferentialDiffusion,
  DiffusersLoader,
  DisableNoise,
  DualCFGGuider,
  DualCLIPLoader,
  EditBasicPipe,
  EditDetailerPipe,
  EditDetailerPipeSDXL,
  EmptyImage,
  EmptyLatentImage,
  EmptySegs,
  ExponentialScheduler,
  ExtendIntermediateSigmas,
  FaceDetailer,
  FaceDetailerPipe,
  FeatherMask,
  FlipSigmas,
  FreSca,
  FreeU,
  FreeU_V2,
  FromBasicPipe,
  FromBasicPipe_v2,
  FromDetailerPipe,
  FromDetailerPipeSDXL,
  FromDetailerPipe_v2,
  GITSScheduler,
  GITSSchedulerFuncProvider,
  GLIGENLoader,
  GetImageSize,
  GrowMask,
  HypernetworkLoader,
  ImageAddNoise,
  ImageBatch,
  ImageBlend,
  ImageBlur,
  ImageColorToMask,
  ImageCompositeMasked,
  ImageCrop,
  ImageFlip,
  ImageFromBatch,
  ImageInvert,
  ImageListToImageBatch,
  ImageMaskSwitch,
  ImageOnlyCheckpointLoader,
  ImagePadForOutpaint,
  ImageRGBToYUV,
  ImageReceiver,
  ImageRotate,
  ImageScale,
  ImageScaleBy,
  ImageScaleToMaxDimension,
  ImageScaleToTotalPixels,
  ImageSender,
  ImageSharpen,
  ImageStitch,
  ImageToMask,
  ImageUpscaleWithModel,
  ImageYUVToRGB,
  ImpactAssembleSEGS,
  ImpactBoolean,
  ImpactCombineConditionings,
  ImpactCompare,
  ImpactConcatConditionings,
  ImpactConditionalBranch,
  ImpactConditionalBranchSelMode,
  ImpactConditionalStopIteration,
  ImpactControlBridge,
  ImpactControlNetApplyAdvancedSEGS,
  ImpactControlNetApplySEGS,
  ImpactControlNetClearSEGS,
  ImpactConvertDataType,
  ImpactCount_Elts_in_SEGS,
  ImpactDecomposeSEGS,
  ImpactDilateMask,
  ImpactDilateMaskInSEGS,
  ImpactDilate_Mask_SEG_ELT,
  ImpactDummyInput,
  ImpactEdit_SEG_ELT,
  ImpactExecutionOrderController,
  ImpactFlattenMask,
  ImpactFloat,
  ImpactFrom_SEG_ELT,
  ImpactFrom_SEG_ELT_bbox,
  ImpactFrom_SEG_ELT_crop_region,
  ImpactGaussianBlurMask,
  ImpactGaussianBlurMaskInSEGS,
  ImpactIfNone,
  ImpactImageBatchToImageList,
  ImpactImageInfo,
  ImpactInt,
  ImpactInversedSwitch,
  ImpactIsNotEmptySEGS,
  ImpactKSamplerAdvancedBasicPipe,
  ImpactKSamplerBasicPipe,
  ImpactLatentInfo,
  ImpactLogger,
  ImpactLogicalOperators,
  ImpactMakeAnyList,
  ImpactMakeImageBatch,
  ImpactMakeImageList,
  ImpactMakeMaskBatch,
  ImpactMakeMaskList,
  ImpactMakeTileSEGS,
  ImpactMinMax,
  ImpactNeg,
  ImpactNegativeConditioningPlaceholder,
  ImpactNodeSetMuteState,
  ImpactQueueTrigger,
  ImpactQueueTriggerCountdown,
  ImpactRemoteBoolean,
  ImpactRemoteInt,
  ImpactSEGSConcat,
  ImpactSEGSLabelAssign,
  ImpactSEGSLabelFilter,
  ImpactSEGSMerge,
  ImpactSEGSOrderedFilter,
  ImpactSEGSPicker,
  ImpactSEGSRangeFilter,
  ImpactSEGSToMaskBatch,
  ImpactSEGSToMaskList,
  ImpactScaleBy_BBOX_SEG_ELT,
  ImpactSchedulerAdapter,
  ImpactSegsAndMask,
  ImpactSegsAndMaskForEach,
  ImpactSetWidgetValue,
  ImpactSimpleDetectorSEGS,
  ImpactSimpleDetectorSEGSPipe,
  ImpactSleep,
  ImpactStringSelector,
  ImpactSwitch,
  ImpactValueReceiver,
  ImpactValueSender,
  ImpactWildcardEncode,
  ImpactWildcardProcessor,
  InpaintModelConditioning,
  InstructPixToPixConditioning,
  InvertMask,
  IterativeImageUpscale,
  IterativeLatentUpscale,
  JoinImageWithAlpha,
  KSampler,
  KSamplerAdvanced,
  KSamplerAdvancedProvider,
  KSamplerProvider,
  KSamplerSelect,
  KarrasScheduler,
  LaplaceScheduler,
  LatentAdd,
  LatentApplyOperation,
  LatentApplyOperationCFG,
  LatentBatch,
  LatentBatchSeedBehavior,
  LatentBlend,
  LatentComposite,
  LatentCompositeMasked,
  LatentConcat,
  LatentCrop,
  LatentCut,
  LatentFlip,
  LatentFromBatch,
  LatentInterpolate,
  LatentMultiply,
  LatentOperationSharpen,
  LatentOperationTonemapReinhard,
  LatentPixelScale,
  LatentReceiver,
  LatentRotate,
  LatentSender,
  LatentSubtract,
  LatentSwitch,
  LatentUpscale,
  LatentUpscaleBy,
  LazyCache,
  LoadImage,
  LoadImageMask,
  LoadImageOutput,
  LoadLatent,
  LoraLoader,
  LoraLoaderModelOnly,
  Mahiro,
  MaskComposite,
  MaskDetailerPipe,
  MaskListToMaskBatch,
  MaskPreview,
  MaskToImage,
  MaskToSEGS,
  MaskToSEGS_for_AnimateDiff,
  MasksToMaskList,
  ModelMergeAdd,
  ModelMergeBlocks,
  ModelMergeSD1,
  ModelMergeSD2,
  ModelMergeSDXL,
  ModelMergeSimple,
  ModelMergeSubtract,
  ModelSamplerTonemapNoiseTest,
  ModelSamplingContinuousEDM,
  ModelSamplingContinuousV,
  ModelSamplingDiscrete,
  ModelSave,
  Morphology,
  NoiseInjectionDetailerHookProvider,
  NoiseInjectionHookProvider,
  ONNXDetectorProvider,
  ONNXDetectorSEGS,
  PairConditioningCombine,
  PairConditioningSetProperties,
  PairConditioningSetPropertiesAndCombine,
  PerpNeg,
  PerpNegGuider,
  PerturbedAttentionGuidance,
  PixelKSampleHookCombine,
  PixelKSampleUpscalerProvider,
  PixelKSampleUpscalerProviderPipe,
  PolyexponentialScheduler,
  PorterDuffImageComposite,
  PreviewAny,
  PreviewBridge,
  PreviewBridgeLatent,
  PreviewDetailerHookProvider,
  PreviewImage,
  PrimitiveBoolean,
  PrimitiveFloat,
  PrimitiveInt,
  PrimitiveString,
  PrimitiveStringMultiline,
  RandomNoise,
  RebatchImages,
  RebatchLatents,
  ReencodeLatent,
  ReencodeLatentPipe,
  RegexExtract,
  RegexMatch,
  RegexReplace,
  RegionalPrompt,
  RegionalSampler,
  RegionalSamplerAdvanced,
  RemoveImageFromSEGS,
  RemoveNoiseMask,
  RenormCFG,
  RepeatImageBatch,
  RepeatLatentBatch,
  RescaleCFG,
  ResizeAndPadImage,
  SAMDetectorCombined,
  SAMDetectorSegmented,
  SAMLoader,
  SDTurboScheduler,
  SEGSDetailer,
  SEGSLabelFilterDetailerHookProvider,
  SEGSOrderedFilterDetailerHookProvider,
  SEGSPaste,
  SEGSPreview,
  SEGSPreviewCNet,
  SEGSRangeFilterDetailerHookProvider,
  SEGSSwitch,
  SEGSToImageList,
  SEGSUpscaler,
  SEGSUpscalerPipe,
  SamplerCustom,
  SamplerCustomAdvanced,
  SamplerDPMAdaptative,
  SamplerDPMPP_2M_SDE,
  SamplerDPMPP_2S_Ancestral,
  SamplerDPMPP_3M_SDE,
  SamplerDPMPP_SDE,
  SamplerER_SDE,
  SamplerEulerAncestral,
  SamplerEulerAncestralCFGPP,
  SamplerEulerCFGpp,
  SamplerLCMUpscale,
  SamplerLMS,
  SamplerSASolver,
  SamplingPercentToSigma,
  SaveAnimatedPNG,
  SaveAnimatedWEBP,
  SaveImage,
  SaveLatent,
  SeargeCheckpointLoader,
  SeargeConditioningMuxer2,
  SeargeConditioningMuxer5,
  SeargeEnablerInputs,
  SeargeFloatConstant,
  SeargeFloatMath,
  SeargeFloatPair,
  SeargeGenerated1,
  SeargeImageSave,
  SeargeInput1,
  SeargeInput2,
  SeargeInput3,
  SeargeInput4,
  SeargeInput5,
  SeargeInput6,
  SeargeInput7,
  SeargeIntegerConstant,
  SeargeIntegerMath,
  SeargeIntegerPair,
  SeargeIntegerScaler,
  SeargeLatentMuxer3,
  SeargeLoraLoader,
  SeargeOutput1,
  SeargeOutput2,
  SeargeOutput3,
  SeargeOutput4,
  SeargeOutput5,
  SeargeOutput6,
  SeargeOutput7,
  SeargeParameterProcessor,
  SeargePromptCombiner,
  SeargePromptText,
  SeargeSDXLBasePromptEncoder,
  SeargeSDXLImage2ImageSampler,
  SeargeSDXLImage2ImageSampler2,
  SeargeSDXLPromptEncoder,
  SeargeSDXLRefinerPromptEncoder,
  SeargeSDXLSampler,
  SeargeSDXLSampler2,
  SeargeSamplerAdvanced,
  SeargeSamplerInputs,
  SeargeSaveFolderInputs,
  SeargeStylePreprocessor,
  SeargeUpscaleModelLoader,
  SeargeVAELoader,
  SegmDetectorCombined_v2,
  SegmDetectorSEGS,
  SegsMaskCombine,
  SegsToCombinedMask,
  SetDefaultImageForSEGS,
  SetFirstSigma,
  SetLatentNoiseMask,
  SetUnionControlNetType,
  SolidMask,
  SplitImageWithAlpha,
  SplitSigmas,
  SplitSigmasDenoise,
  StepsScheduleHookProvider,
  StringCompare,
  StringConcatenate,
  StringContains,
  StringLength,
  StringListToString,
  StringReplace,
  StringSubstring,
  StringTrim,
  StyleModelLoader,
  SubtractMask,
  SubtractMaskForEach,
  TCFG,
  ThresholdMask,
  ToBasicPipe,
  ToBinaryMask,
  ToDetailerPipe,
  ToDetailerPipeSDXL,
  TwoAdvancedSamplersForMask,
  TwoSamplersForMask,
  TwoSamplersForMaskUpscalerProvider,
  TwoSamplersForMaskUpscalerProviderPipe,
  UNETLoader,
  UNetCrossAttentionMultiply,
  UNetSelfAttentionMultiply,
  UNetTemporalAttentionMultiply,
  UltralyticsDetectorProvider,
  Unsampler,
  UnsamplerDetailerHookProvider,
  UnsamplerHookProvider,
  UpscaleModelLoader,
  VAEDecode,
  VAEDecodeTiled,
  VAEEncode,
  VAEEncodeForInpaint,
  VAEEncodeTiled,
  VAELoader,
  VAESave,
  VPScheduler,
  VariationNoiseDetailerHookProvider,
  VideoLinearCFGGuidance,
  VideoTriangleCFGGuidance,
  WildcardPromptFromString,
  unCLIPCheckpointLoader,
  unCLIPConditioning,
  'ConditioningAverage ': nodeFunction('ConditioningAverage ', [['CONDITIONING', 'CONDITIONING']]),
  'Epsilon Scaling': nodeFunction('Epsilon Scaling', [['MODEL', 'MODEL']]),
  'Segs & Mask': nodeFunction('Segs & Mask', [['SEGS', 'SEGS']]),
  'Segs & Mask ForEach': nodeFunction('Segs & Mask ForEach', [['SEGS', 'SEGS']]),
};
