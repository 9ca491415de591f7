// Decodes an image file of any format, within the limits of pixels and memory.
import { DarkroomError } from '../../errors.ts';
import { requestMemory } from '../../tensor/allocate.ts';
import { AVIF } from './formats/avif.ts';
import { BMP } from './formats/bmp.ts';
import { ICO } from './formats/ico.ts';
import { JPEG } from './formats/jpeg.ts';
import { JPEG2000 } from './formats/jpeg2000.ts';
import { PNG } from './formats/png-file.ts';
import { PNM } from './formats/pnm.ts';
import { GIF, TIFF, WEBP } from './formats/sharp-files.ts';
import { MAX_PIXELS } from './formats/sharp-frames.ts';
import { TGA } from './formats/tga.ts';
import type { DecodedFrames, ImageFileFormat, OpenedImage } from './frames.ts';

/** Called with a sentence for an image that is damaged and read nevertheless. */
export type OnDamage = (sentence: string) => void;

/** In the order in which they are tried: TGA files have no signature. */
const FORMATS: readonly ImageFileFormat[] = [
  PNG,
  JPEG,
  WEBP,
  GIF,
  TIFF,
  AVIF,
  BMP,
  PNM,
  JPEG2000,
  ICO,
  TGA,
];

/**
 * What decoding takes at its peak: the decoder's and our 8-bit RGBA, RGB, and the float32 image and
 * mask.
 */
const BYTES_PER_PIXEL = 4 + 4 + 3 + 12 + 4;

const unreadable = (name: string, why: string, cause?: unknown): DarkroomError =>
  new DarkroomError('DR_IMAGE_UNREADABLE', {
    message: `cannot read the image ${name}: ${why}`,
    hint: 'Use a complete PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP, ICO, TGA, PPM or JPEG 2000 file.',
    file: name,
    cause,
  });

/**
 * Reads the header of an image file of any format; `name` is for messages. Throws
 * DR_IMAGE_UNREADABLE.
 */
export async function openImage(bytes: Uint8Array, name: string): Promise<OpenedImage> {
  if (bytes.length === 0) throw unreadable(name, 'the file is empty');
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = FORMATS.find(({ accepts }) => accepts(file));
  if (!format) throw unreadable(name, 'its format is not supported');
  try {
    return await format.open(file);
  } catch (cause) {
    // a read beyond the end of the file
    if (cause instanceof RangeError) throw unreadable(name, 'its header is cut short', cause);
    throw unreadable(name, (cause as Error).message, cause);
  }
}

/** Decodes all frames of an image file. Throws as `openImage` and `readFrames` do. */
export const decodeFrames = async (
  bytes: Uint8Array,
  name: string,
  onDamage: OnDamage,
): Promise<DecodedFrames> => readFrames(await openImage(bytes, name), name, onDamage);

/**
 * Decodes all frames of an opened image; `name` is for messages. Throws DR_IMAGE_UNREADABLE, and
 * DR_OUT_OF_MEMORY before it decodes what does not fit.
 */
export async function readFrames(
  opened: OpenedImage,
  name: string,
  onDamage: OnDamage,
): Promise<DecodedFrames> {
  checkSize(opened, name);
  try {
    const decoded = await opened.read();
    if (decoded.problem !== undefined) onDamage(`the image ${name} is damaged: ${decoded.problem}`);
    return decoded;
  } catch (cause) {
    throw unreadable(name, (cause as Error).message, cause);
  }
}

/**
 * Throws DR_IMAGE_UNREADABLE for an image of too many pixels, and DR_OUT_OF_MEMORY for one that
 * does not fit.
 */
export function checkSize({ width, height, pages }: OpenedImage, name: string): void {
  if (width * height * pages > MAX_PIXELS)
    throw unreadable(name, `it has more than ${MAX_PIXELS} pixels`);
  requestMemory(
    width * height * pages * BYTES_PER_PIXEL,
    `the image ${name} of ${width}×${height} pixels`,
    name,
  );
}
