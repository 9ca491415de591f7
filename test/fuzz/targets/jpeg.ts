// JPEG files as FFmpeg decodes them.
import { readFileSync } from 'node:fs';
import { decodeJpeg } from '../../../src/image/codec/ffmpeg/decode-jpeg.ts';
import type { FuzzTarget } from '../target.ts';

const file = (name: string): Buffer =>
  readFileSync(new URL(`../../golden/versions/input/${name}`, import.meta.url));

export const target: FuzzTarget = {
  run: (input) => void decodeJpeg(input, 1 << 18),
  seeds: () => ['q90_420.jpg', 'prog.jpg', 'gray.jpg', 'cmyk.jpg'].map(file),
  dictionary: ['\xff\xd8', '\xff\xda', '\xff\xc2', '\xff\xc4', '\xff\xdb', '\xff\xd0'],
};
