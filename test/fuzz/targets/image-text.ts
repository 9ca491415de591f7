// Workflows and parameters in images: PNG text chunks, EXIF of JPEG and WebP.
import { exifTexts } from '../../../src/formats/exif.ts';
import { readImageTexts } from '../../../src/image/codec/image-text.ts';
import { readPngExif } from '../../../src/image/codec/png.ts';
import { imageSeeds } from '../image-seeds.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    exifTexts(input);
    readPngExif(input);
    readImageTexts(input, 'input');
  },
  seeds: imageSeeds,
  dictionary: [
    'tEXt',
    'iTXt',
    'zTXt',
    'eXIf',
    'IEND',
    'Exif\0\0',
    'II*\0',
    'MM\0*',
    'prompt:{',
    'EXIF',
    'UNICODE\0',
    'Steps: 1',
  ],
};
