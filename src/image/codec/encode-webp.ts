// Lossy WebP files for previews, through sharp.
import type { ByteImage } from '../image-bytes.ts';
import { sharp } from './load-sharp.ts';

/** Encodes an image of 1, 3 or 4 channels; `quality` is 1..100 (Pillow's default is 80). */
export const encodeWebp = (
  { width, height, channels, bytes }: ByteImage,
  quality = 80,
): Promise<Buffer> =>
  sharp(bytes, { raw: { width, height, channels: channels as 1 | 3 | 4 } })
    .webp({ quality })
    .toBuffer();
