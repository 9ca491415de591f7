// JPEG files, cut and corrupt ones as Pillow reads them with LOAD_TRUNCATED_IMAGES: libjpeg goes on
// with the last colours, and what it gives up on is black.
import type { Metadata } from 'sharp';
import type { DecodedFrames, Frame, ImageFileFormat, OpenedImage } from '../frames.ts';
import { cmykToRgb, upright } from '../frames.ts';
import { imageFormat } from '../image-text.ts';
import { sharp } from '../load-sharp.ts';
import { readPixels, STRICT, TOLERANT } from './sharp-frames.ts';

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** Markers without a segment: fill bytes, restart markers, the start of the image. */
const isBare = (marker: number): boolean =>
  marker <= 0x01 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd8);

/** Whether a file ends inside a marker segment; pixels of scans before it are lost, too. */
function endsInSegment(file: Buffer): boolean {
  let at = 2;
  while (at + 1 < file.length) {
    const marker = file[at + 1];
    if (file[at] !== 0xff || isBare(marker)) at++;
    else {
      if (marker === END_OF_IMAGE) return false;
      if (at + 4 > file.length) return true;
      const end = at + 2 + file.readUInt16BE(at + 2);
      if (end > file.length) return true;
      at = end;
      if (marker === START_OF_SCAN && at < file.length && file.indexOf(0xff, at) < 0) return false;
    }
  }
  return false;
}

/** What Pillow returns when libjpeg decodes no row: zeros, which are white in CMYK. */
function emptyFrame({ width, height, space }: Metadata): Frame {
  const bytes =
    space === 'cmyk'
      ? cmykToRgb(new Uint8Array(width * height * 4))
      : new Uint8Array(width * height * 3);
  return { width, height, channels: 3, bytes };
}

async function read(file: Buffer, meta: Metadata): Promise<DecodedFrames> {
  const strict = await readPixels(sharp(file, STRICT), meta).catch(() => undefined);
  const frame =
    strict ??
    (endsInSegment(file)
      ? undefined
      : await readPixels(sharp(file, TOLERANT), meta).catch(() => undefined));
  const problem = strict
    ? undefined
    : frame
      ? 'its data is cut or corrupt; what is missing is filled with the last colours or grey'
      : 'its data is cut or corrupt; none of its pixels can be decoded';
  const pixels = upright(frame ?? emptyFrame(meta), meta.orientation);
  return { frames: [pixels], hasAlpha: false, problem };
}

export const JPEG: ImageFileFormat = {
  accepts: (file) => imageFormat(file) === 'JPEG',
  async open(file): Promise<OpenedImage> {
    const meta = await sharp(file, TOLERANT).metadata();
    const { width, height } = meta;
    return { width, height, pages: 1, read: () => read(file, meta) };
  },
};
