// Pixels of images in every format.

import { openImage } from '../../../src/image/codec/decode-frames.ts';
import { decodeChannel, decodeImage } from '../../../src/image/codec/decode-image.ts';
import { damagedImageSeeds, imageSeeds, rawImageSeeds } from '../image-seeds.ts';
import type { FuzzTarget } from '../target.ts';

/** Images with more pixels take their time, as they may. */
const MAX_PIXELS = 1e6;

async function isLarge(input: Buffer): Promise<boolean> {
  const opened = await openImage(input, 'input').catch(() => undefined);
  return opened !== undefined && opened.width * opened.height * opened.pages > MAX_PIXELS;
}

export const target: FuzzTarget = {
  run: async (input) => {
    if (await isLarge(input)) return;
    await decodeImage(input);
    await decodeChannel(input, 'alpha');
  },
  seeds: async () => [...(await imageSeeds()), ...rawImageSeeds(), ...(await damagedImageSeeds())],
  dictionary: [
    'IHDR',
    'IDAT',
    'PLTE',
    'tRNS',
    'acTL',
    'fcTL',
    'fdAT',
    'VP8 ',
    'VP8L',
    'ANIM',
    'GIF89a',
    'BM',
    'P3',
    'P6',
    'Pf',
    'TRUEVISION-XFILE.',
    'nclx',
    'irot',
  ],
};
