// Nodes whose outputs have a size that inputs choose refuse one that does not fit before they
// allocate it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runNode } from '../../test/support/run-node.ts';
import { limitAllocations } from '../tensor/allocate.ts';
import { zeros } from '../tensor/tensor.ts';

const FREE = 32 * 2 ** 20;

const image = zeros([1, 64, 64, 3]);
const pixels = { image, upscale_method: 'nearest-exact', crop: 'disabled' };
const mask = zeros([1, 64, 64]);
const latent = { samples: zeros([1, 4, 64, 64]) };
const large = zeros([1, 2048, 2048, 3]);
const largeMask = zeros([1, 4096, 4096]);
const largeLatent = { samples: zeros([16, 4, 512, 512]) };

const NODES: readonly (readonly [type: string, inputs: Readonly<Record<string, unknown>>])[] = [
  ['EmptyImage', { width: 16384, height: 16384, batch_size: 4096, color: 0 }],
  ['EmptyLatentImage', { width: 16384, height: 16384, batch_size: 4096 }],
  ['SolidMask', { value: 1, width: 16384, height: 16384 }],
  ['ImageScale', { ...pixels, width: 16384, height: 16384 }],
  ['ImageScale', { ...pixels, upscale_method: 'lanczos', width: 16384, height: 16384 }],
  ['ImageScale', { ...pixels, upscale_method: 'bicubic', width: 16384, height: 16384 }],
  ['ImageScaleBy', { ...pixels, image: large, scale_by: 8 }],
  ['ImageScaleToTotalPixels', { ...pixels, megapixels: 16 }],
  [
    'LatentUpscale',
    {
      samples: { samples: zeros([64, 4, 8, 8]) },
      upscale_method: 'bislerp',
      width: 16384,
      height: 16384,
      crop: 'disabled',
    },
  ],
  ['LatentUpscaleBy', { samples: largeLatent, upscale_method: 'bilinear', scale_by: 8 }],
  ['RepeatLatentBatch', { samples: largeLatent, amount: 64 }],
  ['RepeatImageBatch', { image: large, amount: 4096 }],
  ['ImagePadForOutpaint', { image, left: 16384, right: 0, top: 16384, bottom: 0, feathering: 0 }],
  ['ImageBatch', { image1: large, image2: large }],
  [
    'ImageStitch',
    {
      image1: large,
      image2: large,
      direction: 'right',
      match_image_size: true,
      spacing_width: 0,
      spacing_color: 'white',
    },
  ],
  ['ImageInvert', { image: large }],
  ['ImageBlur', { image: large, blur_radius: 1, sigma: 1 }],
  ['InvertMask', { mask: largeMask }],
  ['MaskToImage', { mask: largeMask }],
  ['GrowMask', { mask: largeMask, expand: 1, tapered_corners: true }],
  ['LatentBatch', { samples1: largeLatent, samples2: largeLatent }],
  ['LatentAdd', { samples1: largeLatent, samples2: largeLatent }],
  ['BNK_NoisyLatentImage', { source: 'CPU', seed: 1, width: 8192, height: 8192, batch_size: 64 }],
  ['BNK_NoisyLatentImage', { source: 'GPU', seed: 1, width: 8192, height: 8192, batch_size: 64 }],
];

describe('with too little memory', () => {
  beforeEach(() => limitAllocations(() => FREE));
  afterEach(() => limitAllocations(undefined));

  it.each(NODES)('%s is refused', async (type, inputs) => {
    const before = process.memoryUsage().arrayBuffers;
    await expect(runNode(type, inputs)).rejects.toMatchObject({
      code: 'DR_OUT_OF_MEMORY',
      message: expect.stringMatching(/needs .* of memory; .* are free/),
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * FREE);
  });

  it('small ones run', async () => {
    await runNode('MaskToImage', { mask });
    await runNode('RepeatLatentBatch', { samples: latent, amount: 4 });
  });
});
