// Small images of each format with a workflow inside.
import sharp from 'sharp';
import { encodeAnimatedPng } from '../../src/image/codec/encode-animation.ts';
import { encodeChunk, encodePng, PNG_SIGNATURE, readChunks } from '../../src/image/codec/png.ts';

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

/** Whole headers of small images without compression: BMP, ICO, TGA, PPM, PGM, PBM and PFM. */
export function rawImageSeeds(): Buffer[] {
  const pixels = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 37) % 256));
  const bitmap = (bits: number, height: number, palette = 0) => {
    const header = Buffer.alloc(40);
    header.writeUInt32LE(40, 0);
    header.writeUInt32LE(4, 4);
    header.writeUInt32LE(height, 8);
    header.writeUInt16LE(1, 12);
    header.writeUInt16LE(bits, 14);
    return Buffer.concat([header, Buffer.alloc(palette * 4, 77), pixels]);
  };
  const file = Buffer.alloc(14);
  file.write('BM');
  const runs = Buffer.from('0402000403010203000000010001', 'hex');
  const rle = Buffer.concat([bitmap(8, 3, 256).subarray(0, 40 + 1024), runs]);
  rle.writeUInt32LE(1, 16);
  const icon = Buffer.from('00000100010004030000010018005c00000016000000', 'hex');
  const tga = (type: number, depth: number) => {
    const header = Buffer.alloc(18);
    header[2] = type;
    header.writeUInt16LE(4, 12);
    header.writeUInt16LE(3, 14);
    header[16] = depth;
    return Buffer.concat([header, pixels]);
  };
  return [
    ...[bitmap(1, 3, 2), bitmap(4, 3, 16), bitmap(24, 3), bitmap(32, 3), rle].map((dib) =>
      Buffer.concat([file, dib]),
    ),
    Buffer.concat([icon, bitmap(24, 6)]),
    tga(2, 24),
    tga(3, 16),
    tga(10, 32),
    ...['P6 4 3 255\n', 'P5 4 3 65535\n', 'P4 4 3\n', 'Pf 4 3 -1.0\n'].map((header) =>
      Buffer.concat([Buffer.from(header), pixels]),
    ),
    Buffer.from('P3 # colours\n2 1 9\n1 2 3 4 5 6'),
    Buffer.from('P1 3 2 101 010'),
  ];
}

/** The blend operation of an animation that draws with alpha, at the end of a frame control. */
const ALPHA = Buffer.of(1);

/** PNG and JPEG files that are cut, and an animated PNG. */
export async function damagedImageSeeds(): Promise<Buffer[]> {
  const pixels = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * i * 37) % 251));
  const raw = { width: 32, height: 32, channels: 1 } as const;
  const frame = { ...raw, bytes: pixels };
  const png = await encodePng(frame);
  const jpeg = await sharp(pixels, { raw }).jpeg({ progressive: true }).toBuffer();
  const animated = await encodeAnimatedPng([frame, frame], { duration: 0, level: 4, texts: {} });
  const blended = [...readChunks(animated)].map(({ type, data }) =>
    encodeChunk(type, type === 'fcTL' ? Buffer.concat([data.subarray(0, 25), ALPHA]) : data),
  );
  return [
    png.subarray(0, png.length / 2),
    jpeg.subarray(0, jpeg.length / 2),
    Buffer.concat([PNG_SIGNATURE, ...blended]),
  ];
}
