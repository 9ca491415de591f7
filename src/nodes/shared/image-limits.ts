// Limits and options that several nodes share. Source: ComfyUI nodes.py.

/** The maximum width and height of an image in pixels. */
export const MAX_RESOLUTION = 16384;

/** The maximum number of inputs of a node that joins batches. Source: nodes_post_processing.py. */
export const MAX_BATCH_INPUTS = 50;

/** Resize filters of latent nodes, in ComfyUI's order. */
export const LATENT_UPSCALE_METHODS = [
  'nearest-exact',
  'bilinear',
  'area',
  'bicubic',
  'bislerp',
] as const;
/** Resize filters of image nodes, in ComfyUI's order. */
export const IMAGE_UPSCALE_METHODS = [
  'nearest-exact',
  'bilinear',
  'area',
  'bicubic',
  'lanczos',
] as const;
export const CROP_METHODS = ['disabled', 'center'] as const;
