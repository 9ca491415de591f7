// Latents enlarged as images (Impact Pack core.py, latent_upscale_on_pixel_space_*): decoded,
// resized and encoded again.
import { DarkroomError } from '../../errors.ts';
import { scaleImage } from '../../image/resize/common-upscale.ts';
import type { UpscaleModel } from '../../models/upscaler/load.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import type { Latent } from '../../sampling/sampling-types.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Iteration, PixelHook } from '../hooks.ts';
import type { UpscaleHooks } from './upscaler.ts';

export const PIXEL_SCALE_METHODS = ['nearest-exact', 'bilinear', 'lanczos', 'area'] as const;
export type PixelScaleMethod = (typeof PIXEL_SCALE_METHODS)[number];

export interface PixelScaling {
  readonly method: PixelScaleMethod;
  readonly vae: Autoencoder;
  /** Side of the VAE's tiles in pixels; without it, images are processed whole. */
  readonly tile?: number;
  /** Applied until the image is at least as wide as its new size, before it is resized. */
  readonly model?: UpscaleModel;
}

/** What is called while an image is scaled. */
export interface ScaleHooks extends Pick<UpscaleHooks, 'onDecoded'> {
  readonly hook?: PixelHook;
  readonly iteration: Iteration;
}

/** Overlap of the VAE's tiles in pixels, unless it is given. */
const TILE_OVERLAP = 64;

/**
 * VAEDecode or, with `tile` in pixels, VAEDecodeTiled. Throws DR_SHAPE_MISMATCH for latents of
 * another VAE.
 */
export async function decodePixels(
  vae: Autoencoder,
  { samples }: Latent,
  tile?: number,
  overlap = TILE_OVERLAP,
): Promise<Tensor> {
  if (samples.shape[1] !== vae.latentChannels)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message:
        `the latents have ${samples.shape[1]} channels, ` +
        `but the VAE decodes latents of ${vae.latentChannels}`,
      hint: 'Use the VAE that belongs to the model of the latents.',
      input: 'vae',
    });
  const toCells = (pixels: number): number => Math.floor(pixels / vae.factor);
  if (tile === undefined) return vae.decode(samples);
  const usedOverlap = tile < overlap * 4 ? Math.floor(tile / 4) : overlap;
  return vae.decode(samples, { tile: toCells(tile), overlap: toCells(usedOverlap) });
}

/** VAEEncode or, with `tile` in pixels, VAEEncodeTiled, of images [N,H,W,3]. */
export const encodePixels = async (
  vae: Autoencoder,
  pixels: Tensor,
  tile?: number,
  overlap = TILE_OVERLAP,
): Promise<Latent> => ({
  samples: await (tile === undefined ? vae.encode(pixels) : vae.encode(pixels, { tile, overlap })),
});

/** Applies an upscale model until the image is at least `width` wide or stops growing. */
async function upscaleToWidth(
  image: Tensor,
  width: number,
  model: UpscaleModel,
  signal?: AbortSignal,
): Promise<Tensor> {
  const startWidth = image.shape[2];
  let upscaled = image;
  while (upscaled.shape[2] < width) {
    upscaled = await model.upscale(upscaled, { signal });
    if (upscaled.shape[2] === startWidth) break;
  }
  return upscaled;
}

/**
 * Decodes a latent, resizes the image and encodes it. `sizeOf` returns the new size for that of the
 * decoded image; it is truncated. Returns the latent and the resized image.
 */
export async function scaleOnPixels(
  latent: Latent,
  sizeOf: (width: number, height: number) => readonly [width: number, height: number],
  { method, vae, tile, model }: PixelScaling,
  { hook, iteration, onDecoded }: ScaleHooks,
): Promise<{ readonly latent: Latent; readonly pixels: Tensor }> {
  let image = await decodePixels(vae, latent, tile);
  if (hook?.postDecode) image = await hook.postDecode(image, iteration);
  await onDecoded?.(image);
  const [width, height] = sizeOf(image.shape[2], image.shape[1]);
  if (model) image = await upscaleToWidth(image, width, model, iteration.signal);
  const size = { width: Math.trunc(width), height: Math.trunc(height) };
  const pixels = scaleImage(image, size, method, 'disabled');
  const hookedPixels = hook?.postUpscale ? await hook.postUpscale(pixels, iteration) : pixels;
  const encoded = await encodePixels(vae, hookedPixels, tile);
  return {
    latent: hook?.postEncode ? await hook.postEncode(encoded, iteration) : encoded,
    pixels,
  };
}
