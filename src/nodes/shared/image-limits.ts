// Limits and options that several nodes share. Source: ComfyUI nodes.py.

/** The maximum width and height of an image in pixels. */
export const MAX_RESOLUTION = 16384;

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
