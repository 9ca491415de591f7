// The kinds of model files, which are folder names, as ComfyUI lists them.

const COMFYUI_KINDS = [
  'checkpoints',
  'configs',
  'loras',
  'vae',
  'text_encoders',
  'diffusion_models',
  'clip_vision',
  'style_models',
  'embeddings',
  'diffusers',
  'vae_approx',
  'controlnet',
  'gligen',
  'upscale_models',
  'custom_nodes',
  'hypernetworks',
  'photomaker',
  'classifiers',
  'model_patches',
  'audio_encoders',
];
/** Kinds of the Impact Pack and the Impact Subpack. */
const IMPACT_KINDS = [
  'mmdets',
  'mmdets_bbox',
  'mmdets_segm',
  'sams',
  'onnx',
  'ultralytics_bbox',
  'ultralytics_segm',
  'ultralytics',
];

export const MODEL_KINDS: readonly string[] = [...COMFYUI_KINDS, ...IMPACT_KINDS];

/** Earlier names of kinds, which are accepted too. */
const OLD_NAMES: ReadonlySet<string> = new Set(['clip', 'unet']);

export const isModelKind = (name: string): boolean =>
  MODEL_KINDS.includes(name) || OLD_NAMES.has(name);
