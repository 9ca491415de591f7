// Latents that are sampled inside a noise mask, and the model patch for masks that are feathered.
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { inpaintConditioning } from '../../sampling/conditioning/inpaint.ts';
import { withDifferentialDiffusion } from '../../sampling/patches/differential-diffusion.ts';
import type { Conditioning, Latent, Model } from '../../sampling/sampling-types.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { encodePixels } from '../upscale/scale-on-pixels.ts';

/** Adds differential diffusion for a feather above 0, unless the model has a denoise mask patch. */
export const withNoiseMaskFeather = (model: Model, feather: number): Model =>
  feather > 0 && !model.patches?.denoiseMask ? withDifferentialDiffusion(model) : model;

interface Prompts {
  readonly positive: Conditioning;
  readonly negative: Conditioning;
}

interface Encoding {
  readonly vae: Autoencoder;
  readonly inpaintModel: boolean;
  /** Side of the VAE's tiles in pixels; ignored for inpainting models with a noise mask. */
  readonly tile?: number;
}

/**
 * Encodes an image [1,h,w,3] with its noise mask. For an inpainting model, the prompts get the
 * masked image and the mask.
 */
export async function encodeMasked(
  pixels: Tensor,
  noiseMask: Tensor | undefined,
  { positive, negative }: Prompts,
  { vae, inpaintModel, tile }: Encoding,
): Promise<Prompts & { readonly latent: Latent }> {
  if (noiseMask && inpaintModel)
    return inpaintConditioning({
      positive,
      negative,
      vae,
      pixels,
      mask: noiseMask,
      noiseMask: true,
    });
  const latent = {
    ...(await encodePixels(vae, pixels, tile)),
    ...(noiseMask && { noise_mask: noiseMask }),
  };
  return { positive, negative, latent };
}
