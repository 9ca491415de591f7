// Pixels of images in every format.
import { decodeChannel, decodeImage } from '../../../src/image/codec/decode-image.ts';
import { imageSeeds } from '../image-seeds.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: async (input) => {
    await decodeImage(input);
    await decodeChannel(input, 'alpha');
  },
  // a small file may have as many pixels as Pillow allows
  maxSeconds: 20,
  seeds: imageSeeds,
  dictionary: ['IHDR', 'IDAT', 'PLTE', 'tRNS', 'acTL', 'fcTL', 'VP8 ', 'VP8L', 'ANIM', 'GIF89a'],
};
