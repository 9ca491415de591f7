// Nodes for empty latents, parts of a batch, and noise masks. Source: ComfyUI nodes.py.
import { toNHW } from '../../../../image/mask/mask-shape.ts';
import type { Latent } from '../../../../sampling/sampling-types.ts';
import {
  indexInBatch,
  repeatToBatch,
  sliceBatch,
  type Tensor,
  zeros,
} from '../../../../tensor/tensor.ts';
import { defineNode, int, output, outputs, socket } from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const emptyLatent = (channels: number, width: number, height: number, count: number): Latent => ({
  samples: zeros([count, channels, Math.floor(height / 8), Math.floor(width / 8)]),
  downscale_ratio_spacial: 8,
});

const EmptyLatentImage = defineNode({
  type: 'EmptyLatentImage',
  display: 'Empty Latent Image',
  category: 'latent',
  description: 'A batch of latents of zeros, the start of a text-to-image run.',
  inputs: {
    width: int({
      default: 512,
      min: 16,
      max: MAX_RESOLUTION,
      step: 8,
      tooltip: 'Width of the image in pixels.',
    }),
    height: int({
      default: 512,
      min: 16,
      max: MAX_RESOLUTION,
      step: 8,
      tooltip: 'Height of the image in pixels.',
    }),
    batch_size: int({ default: 1, min: 1, max: 4096, tooltip: 'Number of images.' }),
  },
  outputs: [output('LATENT')],
  run: ({ width, height, batch_size }) => outputs(emptyLatent(4, width, height, batch_size)),
});

const EmptySD3LatentImage = defineNode({
  type: 'EmptySD3LatentImage',
  display: 'EmptySD3LatentImage',
  category: 'latent/sd3',
  description: 'A batch of latents of zeros, with the 16 channels of SD3 and FLUX.1.',
  inputs: {
    width: int({ default: 1024, min: 16, max: MAX_RESOLUTION, step: 16 }),
    height: int({ default: 1024, min: 16, max: MAX_RESOLUTION, step: 16 }),
    batch_size: int({ default: 1, min: 1, max: 4096 }),
  },
  outputs: [output('LATENT')],
  run: ({ width, height, batch_size }) => outputs(emptyLatent(16, width, height, batch_size)),
});

const EmptyQwenImageLayeredLatentImage = defineNode({
  type: 'EmptyQwenImageLayeredLatentImage',
  display: 'Empty Qwen Image Layered Latent',
  category: 'latent/qwen',
  description:
    'A batch of latents of zeros with a frame for the whole picture and one for each of its layers.',
  inputs: {
    width: int({ default: 640, min: 16, max: MAX_RESOLUTION, step: 16 }),
    height: int({ default: 640, min: 16, max: MAX_RESOLUTION, step: 16 }),
    layers: int({ default: 3, min: 0, max: MAX_RESOLUTION, step: 1 }),
    batch_size: int({ default: 1, min: 1, max: 4096 }),
  },
  outputs: [output('LATENT')],
  run({ width, height, layers, batch_size }) {
    const size = [height, width].map((side) => Math.floor(side / 8));
    return outputs({ samples: zeros([batch_size, 16, layers + 1, ...size]) });
  },
});

const EmptyFlux2LatentImage = defineNode({
  type: 'EmptyFlux2LatentImage',
  display: 'Empty Flux 2 Latent',
  category: 'latent',
  description: 'A batch of latents of zeros, with the 128 channels of FLUX.2.',
  inputs: {
    width: int({ default: 1024, min: 16, max: MAX_RESOLUTION, step: 16 }),
    height: int({ default: 1024, min: 16, max: MAX_RESOLUTION, step: 16 }),
    batch_size: int({ default: 1, min: 1, max: 4096 }),
  },
  outputs: [output('LATENT')],
  run: ({ width, height, batch_size }) =>
    outputs({
      samples: zeros([batch_size, 128, Math.floor(height / 16), Math.floor(width / 16)]),
    }),
});

/** Masks repeated cyclically to a batch of `count`; a single mask is returned as it is. */
const repeatMasks = (mask: Tensor, count: number): Tensor =>
  mask.shape[0] > 1 && mask.shape[0] < count ? repeatToBatch(mask, count) : mask;

const LatentFromBatch = defineNode({
  type: 'LatentFromBatch',
  display: 'Latent From Batch',
  category: 'latent/batch',
  inputs: {
    samples: socket('LATENT'),
    batch_index: int({ default: 0, min: -16384, max: 16384 }),
    length: int({ default: 1, min: 1, max: 64 }),
  },
  outputs: [output('LATENT')],
  run({ samples, batch_index, length }) {
    const count = samples.samples.shape[0];
    const from = indexInBatch(count, batch_index);
    const to = from + Math.min(count - from, length);
    const mask = samples.noise_mask && repeatMasks(samples.noise_mask, count);
    return outputs({
      ...samples,
      samples: sliceBatch(samples.samples, from, to),
      ...(mask && { noise_mask: mask.shape[0] === 1 ? mask : sliceBatch(mask, from, to) }),
      batch_index:
        samples.batch_index?.slice(from, to) ??
        Array.from({ length: to - from }, (_, i) => from + i),
    });
  },
});

const RepeatLatentBatch = defineNode({
  type: 'RepeatLatentBatch',
  display: 'Repeat Latent Batch',
  category: 'latent/batch',
  inputs: { samples: socket('LATENT'), amount: int({ default: 1, min: 1, max: 64 }) },
  outputs: [output('LATENT')],
  run({ samples, amount }) {
    const repeat = (x: Tensor): Tensor => repeatToBatch(x, x.shape[0] * amount);
    const mask = samples.noise_mask;
    const index = samples.batch_index;
    const span = index ? Math.max(...index) - Math.min(...index) + 1 : 0;
    return outputs({
      ...samples,
      samples: repeat(samples.samples),
      ...(mask && mask.shape[0] > 1 && { noise_mask: repeat(mask) }),
      ...(index && {
        batch_index: Array.from({ length: amount }, (_, i) =>
          index.map((x) => x + i * span),
        ).flat(),
      }),
    });
  },
});

const SetLatentNoiseMask = defineNode({
  type: 'SetLatentNoiseMask',
  display: 'Set Latent Noise Mask',
  category: 'latent/inpaint',
  inputs: { samples: socket('LATENT'), mask: socket('MASK') },
  outputs: [output('LATENT')],
  run: ({ samples, mask }) => outputs({ ...samples, noise_mask: toNHW(mask) }),
});

export const LATENT_NODES = [
  EmptyLatentImage,
  EmptySD3LatentImage,
  EmptyQwenImageLayeredLatentImage,
  EmptyFlux2LatentImage,
  LatentFromBatch,
  RepeatLatentBatch,
  SetLatentNoiseMask,
];
