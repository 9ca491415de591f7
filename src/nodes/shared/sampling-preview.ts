// Previews during sampling: latent2rgb colours, or an image decoded by a tiny autoencoder.
// Source: ComfyUI latent_preview.py.

import { type ByteImage, toBytes } from '../../image/image-bytes.ts';
import { fromModelLatent } from '../../sampling/model/latent-format.ts';
import { samplingPreview } from '../../sampling/model/latent-preview.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { map, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import type { NodeContext } from '../context.ts';
import { loadNamedVae, vaeNames } from './named-vae.ts';

const TINY_VAES: Readonly<Record<Model['family'], string>> = {
  sd1: 'taesd',
  sd2: 'taesd',
  sdxl: 'taesdxl',
  'sdxl-refiner': 'taesdxl',
};

/**
 * The preview of the first latent of a denoised batch, in model units. Falls back to latent2rgb if
 * there is no tiny autoencoder or it fails.
 */
export function previewOf(
  model: Model,
  denoised: Tensor,
  context: NodeContext,
): Promise<ByteImage | undefined> | ByteImage | undefined {
  const tiny = TINY_VAES[model.family];
  if (context.previewMethod !== 'taesd' || !vaeNames(context).includes(tiny))
    return samplingPreview(model, denoised);
  // a copy, since the sampler changes the latent meanwhile
  const first = map(sliceBatch(denoised, 0, 1), (value) => value);
  return decodePreview(model, first, tiny, context).catch(() => samplingPreview(model, first));
}

async function decodePreview(
  { latentFormat }: Model,
  latent: Tensor,
  tiny: string,
  context: NodeContext,
): Promise<ByteImage> {
  const image = await (await loadNamedVae(tiny, context)).decode(
    fromModelLatent(latentFormat, latent),
  );
  return { width: image.shape[2], height: image.shape[1], channels: 3, bytes: toBytes(image) };
}
