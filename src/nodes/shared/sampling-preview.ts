// Previews during sampling: latent2rgb colours, or an image decoded by a tiny autoencoder.
// Source: ComfyUI latent_preview.py.

import { type ByteImage, toByteImage } from '../../image/image-bytes.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { samplingPreview } from '../../sampling/model/latent-preview.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { map, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import type { NodeContext } from '../context.ts';
import { tinyDecoder } from './named-vae.ts';

/**
 * The preview of the first latent of a denoised batch, in model units. Falls back to latent2rgb if
 * there is no tiny autoencoder or it fails.
 */
export function previewOf(
  model: Model,
  denoised: Tensor,
  context: NodeContext,
): Promise<ByteImage | undefined> | ByteImage | undefined {
  const { tiny } = model.latentFormat;
  const decoder = context.previewMethod === 'taesd' && tiny && tinyDecoder(tiny, context);
  if (!decoder) return samplingPreview(model, denoised);
  // a copy, since the sampler changes the latent meanwhile
  const first = map(sliceBatch(denoised, 0, 1), (value) => value);
  return decodePreview(decoder, first).catch(() => samplingPreview(model, first));
}

const decodePreview = async (
  decoder: Promise<Autoencoder['decode']>,
  latent: Tensor,
): Promise<ByteImage> => toByteImage(await (await decoder)(latent));
