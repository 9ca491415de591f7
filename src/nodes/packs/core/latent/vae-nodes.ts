// Nodes that encode images to latents and decode latents. Source: ComfyUI nodes.py.

import { toNHW } from '../../../../image/mask/mask-shape.ts';
import { defineNode, int, output, outputs, socket } from '../../../declare.ts';
import { checkBatchSize, checkLatentChannels, rgbChannels } from '../../../shared/shape-checks.ts';
import { prepareInpaint } from './prepare-inpaint.ts';

const tile = { default: 512, min: 64, max: 4096 } as const;
const overlap = () => int({ default: 64, min: 0, max: 4096, step: 32 });
/** For video VAEs only. Declared so that workflows with these widgets run. */
const temporal = {
  temporal_size: int({
    default: 64,
    min: 8,
    max: 4096,
    step: 4,
    tooltip: 'Video VAEs only: frames at a time.',
  }),
  temporal_overlap: int({
    default: 8,
    min: 4,
    max: 4096,
    step: 4,
    tooltip: 'Video VAEs only: frames that overlap.',
  }),
};

const VAEDecode = defineNode({
  type: 'VAEDecode',
  display: 'VAE Decode',
  category: 'latent',
  description: 'Decodes latents to images.',
  inputs: {
    samples: socket('LATENT', { tooltip: 'The latents.' }),
    vae: socket('VAE', { tooltip: 'The autoencoder that belongs to the model of the latents.' }),
  },
  outputs: [output('IMAGE')],
  async run({ samples, vae }) {
    checkLatentChannels(samples.samples, vae);
    return outputs(await vae.decode(samples.samples));
  },
});

const VAEDecodeTiled = defineNode({
  type: 'VAEDecodeTiled',
  display: 'VAE Decode (Tiled)',
  category: '_for_testing',
  inputs: {
    samples: socket('LATENT'),
    vae: socket('VAE'),
    tile_size: int({ ...tile, step: 32 }),
    overlap: overlap(),
    ...temporal,
  },
  outputs: [output('IMAGE')],
  async run({ samples, vae, tile_size, overlap }) {
    checkLatentChannels(samples.samples, vae);
    const usedOverlap = tile_size < overlap * 4 ? Math.floor(tile_size / 4) : overlap;
    const cells = (pixels: number): number => Math.floor(pixels / vae.factor);
    return outputs(
      await vae.decode(samples.samples, { tile: cells(tile_size), overlap: cells(usedOverlap) }),
    );
  },
});

const VAEEncode = defineNode({
  type: 'VAEEncode',
  display: 'VAE Encode',
  category: 'latent',
  inputs: { pixels: socket('IMAGE'), vae: socket('VAE') },
  outputs: [output('LATENT')],
  run: async ({ pixels, vae }) =>
    outputs({ samples: await vae.encode(rgbChannels(pixels, vae.imageChannels)) }),
});

const VAEEncodeTiled = defineNode({
  type: 'VAEEncodeTiled',
  display: 'VAE Encode (Tiled)',
  category: '_for_testing',
  inputs: {
    pixels: socket('IMAGE'),
    vae: socket('VAE'),
    tile_size: int({ ...tile, step: 64 }),
    overlap: overlap(),
    ...temporal,
  },
  outputs: [output('LATENT')],
  run: async ({ pixels, vae, tile_size, overlap }) =>
    outputs({
      samples: await vae.encode(rgbChannels(pixels, vae.imageChannels), {
        tile: tile_size,
        overlap,
      }),
    }),
});

const VAEEncodeForInpaint = defineNode({
  type: 'VAEEncodeForInpaint',
  display: 'VAE Encode (for Inpainting)',
  category: 'latent/inpaint',
  inputs: {
    pixels: socket('IMAGE'),
    vae: socket('VAE'),
    mask: socket('MASK'),
    grow_mask_by: int({ default: 6, min: 0, max: 64, step: 1 }),
  },
  outputs: [output('LATENT')],
  async run({ pixels, vae, mask, grow_mask_by }) {
    const masks = toNHW(mask);
    checkBatchSize(pixels.shape[0], masks, 'mask');
    const prepared = prepareInpaint(rgbChannels(pixels), masks, vae.factor, grow_mask_by);
    return outputs({ samples: await vae.encode(prepared.pixels), noise_mask: prepared.noiseMask });
  },
});

export const VAE_NODES = [
  VAEDecode,
  VAEDecodeTiled,
  VAEEncode,
  VAEEncodeTiled,
  VAEEncodeForInpaint,
];
