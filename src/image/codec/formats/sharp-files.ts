// Formats that sharp reads as Pillow does: WebP and GIF with all frames, TIFF with all pages.
import type { Metadata } from 'sharp';
import type { DecodedFrames, Frame, ImageFileFormat, OpenedImage } from '../frames.ts';
import { upright } from '../frames.ts';
import { imageFormat } from '../image-text.ts';
import { sharp } from '../load-sharp.ts';
import { type CutGif, openCutGif } from './gif-repair.ts';
import { readPixels, STRICT } from './sharp-frames.ts';

/** sharp decodes the frames of an animation into one tall image. */
async function readAnimation(file: Buffer, meta: Metadata): Promise<Frame[]> {
  const all = await readPixels(sharp(file, { ...STRICT, pages: -1 }), meta);
  const pages = meta.pages ?? 1;
  const height = all.height / pages;
  const size = all.width * height * all.channels;
  const frame = (i: number): Frame => ({
    ...all,
    height,
    bytes: all.bytes.subarray(i * size, (i + 1) * size),
  });
  return Array.from({ length: pages }, (_, i) => upright(frame(i), meta.orientation));
}

/** Pages whose size or number of channels differs from the first page's are left out. */
async function readPages(file: Buffer, meta: Metadata): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let page = 0; page < (meta.pages ?? 1); page++) {
    const pageMeta = page === 0 ? meta : await sharp(file, { ...STRICT, page }).metadata();
    const pixels = await readPixels(sharp(file, { ...STRICT, page }), pageMeta);
    const frame = upright(pixels, pageMeta.orientation);
    const first = frames[0] ?? frame;
    if (
      frame.width === first.width &&
      frame.height === first.height &&
      frame.channels === first.channels
    )
      frames.push(frame);
  }
  return frames;
}

const hasFourChannels = (frames: readonly Frame[]): boolean => frames[0].channels === 4;

/** Every animated GIF decodes to RGBA; only one with transparent pixels has alpha. */
const hasTransparentPixels = (frames: readonly Frame[]): boolean =>
  hasFourChannels(frames) &&
  frames.some(({ bytes }) => bytes.some((value, i) => i % 4 === 3 && value < 255));

interface SharpFormat {
  readonly accepts: ImageFileFormat['accepts'];
  readonly read: (file: Buffer, meta: Metadata) => Promise<Frame[]>;
  readonly hasAlpha: (frames: readonly Frame[]) => boolean;
  /** Opens a file that is cut; undefined for one that is whole. */
  readonly openCut?: (file: Buffer) => CutGif | undefined;
}

async function decode(file: Buffer, { read, hasAlpha }: SharpFormat): Promise<DecodedFrames> {
  const frames = await read(file, await sharp(file, STRICT).metadata());
  return { frames, hasAlpha: hasAlpha(frames) };
}

async function decodeCut(cut: CutGif, format: SharpFormat): Promise<DecodedFrames> {
  const { file, problem } = cut.repair();
  return { ...(await decode(file, format)), problem };
}

const sharpFormat = (format: SharpFormat): ImageFileFormat => ({
  accepts: format.accepts,
  async open(file): Promise<OpenedImage> {
    const cut = format.openCut?.(file);
    if (cut) return { ...cut, read: () => decodeCut(cut, format) };
    const { width, height, pages = 1 } = await sharp(file, STRICT).metadata();
    return { width, height, pages, read: () => decode(file, format) };
  },
});

export const WEBP = sharpFormat({
  accepts: (file) => imageFormat(file) === 'WebP',
  read: readAnimation,
  hasAlpha: hasFourChannels,
});

export const GIF = sharpFormat({
  accepts: (file) => imageFormat(file) === 'GIF',
  read: readAnimation,
  hasAlpha: hasTransparentPixels,
  openCut: openCutGif,
});

export const TIFF = sharpFormat({
  accepts: (file) => /^(II[*+]\0|MM\0[*+])/.test(file.toString('latin1', 0, 4)),
  read: readPages,
  hasAlpha: hasFourChannels,
});
