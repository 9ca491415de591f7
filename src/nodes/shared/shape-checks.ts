// Checks of shapes before computing. ComfyUI fails on these inside torch.

import { DarkroomError } from '../../errors.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Throws DR_SHAPE_MISMATCH unless the batch sizes are equal or `items` is a single item. */
export function checkBatchSize(count: number, items: Tensor, input: string): void {
  if (items.shape[0] === 1 || items.shape[0] === count) return;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `${input} has ${items.shape[0]} items for a batch of ${count}`,
    hint: 'Use one item, or as many items as the batch has.',
    input,
  });
}

/** Throws DR_SHAPE_MISMATCH unless the latents have the autoencoder's channels. */
export function checkLatentChannels(samples: Tensor, vae: Autoencoder): void {
  if (samples.shape[1] === vae.latentChannels) return;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `the latents have ${samples.shape[1]} channels, the VAE expects ${vae.latentChannels}`,
    hint: 'Use the VAE that belongs to the model of the latents.',
    input: 'samples',
  });
}

/**
 * The first three channels of an image [N,H,W,C], or `most` if it has so many. Throws
 * DR_SHAPE_MISMATCH for fewer than three.
 */
export function rgbChannels(image: Tensor, most = 3): Tensor {
  const [n, h, w, c] = image.shape;
  if (c >= 3 && c <= most) return image;
  if (c < 3)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `the image has ${c} channels, not 3`,
      hint: 'Convert it to a colour image.',
      input: 'pixels',
    });
  const data = allocate(n * h * w * most);
  for (let i = 0; i < n * h * w; i++) data.set(image.data.subarray(i * c, i * c + most), i * most);
  return { shape: [n, h, w, most], data };
}
