// Limits and choices that several core nodes share, as ComfyUI's nodes.py has them.

/** The largest side of a picture in pixels. */
export const MAX_RESOLUTION = 16384;

/** Resize filters of the latent nodes and of the image nodes, in ComfyUI's order. */
export const LATENT_UPSCALE_METHODS = [
  'nearest-exact',
  'bilinear',
  'area',
  'bicubic',
  'bislerp',
] as const;
export const IMAGE_UPSCALE_METHODS = [
  'nearest-exact',
  'bilinear',
  'area',
  'bicubic',
  'lanczos',
] as const;
export const CROP_METHODS = ['disabled', 'center'] as const;
