// Small images of each format with a workflow inside.
import sharp from 'sharp';
import { encodePng } from '../../src/image/codec/png.ts';

const size = { width: 4, height: 3, channels: 3 } as const;
const EXIF = { IFD0: { Make: 'prompt:{"1": {}}', Model: 'workflow:{"nodes": []}' } };

/** PNG with text chunks, JPEG, WebP, GIF, TIFF and AVIF. */
export async function imageSeeds(): Promise<Buffer[]> {
  const pixels = Buffer.from(Array.from({ length: 36 }, (_, i) => (i * 37) % 256));
  const image = () => sharp(pixels, { raw: size });
  const animated = sharp(Buffer.alloc(4 * 6 * 3, 9), {
    raw: { width: 4, height: 6, channels: 3, pageHeight: 3 },
  });
  const text = { prompt: '{"1": {"class_type": "A", "inputs": {}}}', parameters: 'x\nSteps: 1é☺' };
  return [
    await encodePng({ ...size, bytes: pixels }, { text }),
    await image().withExif(EXIF).png().toBuffer(),
    await image().withExif(EXIF).jpeg().toBuffer(),
    await image().withExif(EXIF).webp().toBuffer(),
    await animated.gif().toBuffer(),
    await image().tiff({ compression: 'none' }).toBuffer(),
    await image().avif({ effort: 0 }).toBuffer(),
  ];
}
