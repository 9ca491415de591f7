// Pixels of images in every format.
import sharp, { type Metadata } from 'sharp';
import { decodeChannel, decodeImage } from '../../../src/image/codec/decode-image.ts';
import { imageSeeds } from '../image-seeds.ts';
import type { FuzzTarget } from '../target.ts';

/** Images with more pixels take their time, as they may. */
const MAX_PIXELS = 1e6;

async function isLarge(input: Buffer): Promise<boolean> {
  const {
    width = 0,
    height = 0,
    pages = 1,
  } = await sharp(input, { failOn: 'none' })
    .metadata()
    .catch((): Partial<Metadata> => ({}));
  return width * height * pages > MAX_PIXELS;
}

export const target: FuzzTarget = {
  run: async (input) => {
    if (await isLarge(input)) return;
    await decodeImage(input);
    await decodeChannel(input, 'alpha');
  },
  seeds: imageSeeds,
  dictionary: ['IHDR', 'IDAT', 'PLTE', 'tRNS', 'acTL', 'fcTL', 'VP8 ', 'VP8L', 'ANIM', 'GIF89a'],
};
