// Lossy WebP files for previews, through sharp.
import type { ByteImage } from '../image-bytes.ts';
import { sharp } from './load-sharp.ts';

/** An image of 1, 3 or 4 channels as a WebP file; `quality` 1..100 (80 is Pillow's). */
export const encodeWebp = (
  { width, height, channels, bytes }: ByteImage,
  quality = 80,
): Promise<Buffer> =>
  sharp(bytes, { raw: { width, height, channels: channels as 1 | 3 | 4 } })
    .webp({ quality })
    .toBuffer();
