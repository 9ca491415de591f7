// Pixels of images in every format.
import sharp from 'sharp';
import { decodeChannel, decodeImage } from '../../../src/image/codec/decode-image.ts';
import { imageSeeds } from '../image-seeds.ts';
import type { FuzzTarget } from '../target.ts';

/** Images with more pixels take their time, as they may. */
const MAX_PIXELS = 1e6;

async function isLarge(input: Buffer): Promise<boolean> {
  const found = await sharp(input, { pages: -1 })
    .metadata()
    .catch(() => undefined);
  return (found?.width ?? 0) * (found?.height ?? 0) > MAX_PIXELS;
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
