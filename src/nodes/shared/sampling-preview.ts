// The picture so far of a latent that is being sampled: its colours, or what a tiny autoencoder sees in it. Source: ComfyUI latent_preview.py.

import type { ByteImage } from '../../image/image-bytes.ts';
import { toBytes } from '../../image/image-bytes.ts';
import { fromModelLatent } from '../../sampling/model/latent-format.ts';
import { samplingPreview } from '../../sampling/model/latent-preview.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { map, sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import type { NodeContext } from '../context.ts';
import { loadNamedVae, vaeNames } from './named-vae.ts';

const TINY: Readonly<Record<Model['family'], string>> = {
  sd1: 'taesd',
  sd2: 'taesd',
  sdxl: 'taesdxl',
  'sdxl-refiner': 'taesdxl',
};

/** Of a denoised latent in model units. A tiny autoencoder that is not there, or does not work, gives way to the colours. */
export function previewOf(
  model: Model,
  denoised: Tensor,
  context: NodeContext,
): Promise<ByteImage | undefined> | ByteImage | undefined {
  const tiny = TINY[model.family];
  if (context.previewMethod !== 'taesd' || !vaeNames(context).includes(tiny))
    return samplingPreview(model.latentFormat, denoised);
  // a copy: the sampler goes on meanwhile
  const first = map(sliceBatch(denoised, 0, 1), (value) => value);
  return decoded(model, first, tiny, context).catch(() =>
    samplingPreview(model.latentFormat, first),
  );
}

async function decoded(
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
