// Encodes the images of /view, /upload/mask and model previews. Imported on first use. Decoded
// images take far more memory than their files, so their pixels are limited: those of one image,
// and those of all that are decoded at once.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { DarkroomError } from '../../errors.ts';
import { encodePng } from '../../image/codec/png.ts';
import { createGate } from '../gate.ts';
import { Refusal, refuse, text as textResponse } from './responses.ts';

/** 8192 × 8192: 256 MiB as RGBA. */
const MAX_DECODED_PIXELS = 2 ** 26;
const DEFAULT_QUALITY = 90;
/** Those of Pillow that sharp reads too. sharp would also draw SVG and PDF. */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'gif', 'tiff', 'heif']);

const gate = createGate(MAX_DECODED_PIXELS);

interface EncodedImage {
  readonly body: Uint8Array;
  /** Media type. */
  readonly type: string;
}

const open = (path: string): Sharp => sharp(path, { limitInputPixels: MAX_DECODED_PIXELS });

/** Calls `decode` as soon as there is room for the pixels of the images at some paths. */
async function decoding<T>(paths: readonly string[], decode: () => Promise<T>): Promise<T> {
  const pixels = await Promise.all(paths.map(pixelsOf));
  const leave = await gate.enter(pixels.reduce((sum, count) => sum + count, 0));
  try {
    return await decode();
  } finally {
    leave();
  }
}

/** Refuses an image that has too many pixels. Throws when the file is not an image. */
async function pixelsOf(path: string): Promise<number> {
  const { width, height, format } = await sharp(path, { limitInputPixels: false }).metadata();
  if (!FORMATS.has(format)) throw new Error(`${format} files are not decoded`);
  if (width * height <= MAX_DECODED_PIXELS) return width * height;
  const problem = `${basename(path)} has ${width} × ${height} pixels`;
  const limit = `more than ${MAX_DECODED_PIXELS}`;
  return refuse(
    textResponse(`${problem}, ${limit}, and is not decoded. Request the file itself.`, 400),
  );
}

/**
 * A preview as WebP or JPEG. `format` is `webp` or `jpeg`, with `;QUALITY` from 1 to 100; `channel`
 * is `rgba`, `rgb` or `a`. Refuses an image that has too many pixels; throws when the file is not
 * an image.
 */
export const encodePreview = (
  path: string,
  format: string,
  channel: string,
): Promise<EncodedImage> => decoding([path], () => preview(path, format, channel));

async function preview(path: string, format: string, channel: string): Promise<EncodedImage> {
  const parts = format.split(';');
  const last = parts[parts.length - 1];
  const quality = /^\d+$/.test(last) ? Math.min(Math.max(Number(last), 1), 100) : DEFAULT_QUALITY;
  if (parts[0] === 'jpeg' && !channel.includes('a')) {
    const body = await open(path).removeAlpha().jpeg({ quality }).toBuffer();
    return { body, type: 'image/jpeg' };
  }
  const image = channel === 'rgb' ? open(path).removeAlpha() : open(path);
  return { body: await image.webp({ quality }).toBuffer(), type: 'image/webp' };
}

/**
 * A PNG of one channel: `rgb` without alpha, `a` as a black image with the alpha. Refuses and
 * throws as `encodePreview` does.
 */
export const encodeChannel = (path: string, channel: string): Promise<EncodedImage> =>
  decoding([path], () => channelImage(path, channel));

async function channelImage(path: string, channel: string): Promise<EncodedImage> {
  const image =
    channel === 'rgb' ? open(path).removeAlpha().toColourspace('srgb') : await alphaOnBlack(path);
  return { body: await image.png().toBuffer(), type: 'image/png' };
}

async function alphaOnBlack(path: string): Promise<Sharp> {
  const { data, info } = await open(path)
    .ensureAlpha()
    .extractChannel('alpha')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const black = sharp({ create: { width, height, channels: 3, background: 'black' } });
  return black.joinChannel(data, { raw: { width, height, channels: 1 } });
}

/**
 * A PNG of the image at `path` with the alpha of the image at `mask`, and the image's texts;
 * undefined when the sizes differ, or one of them is not an image. `readTexts` returns the texts of
 * an image file.
 */
export async function withMask(
  path: string,
  mask: string,
  readTexts: (file: Uint8Array) => Promise<Record<string, string>>,
): Promise<Uint8Array | undefined> {
  try {
    return await decoding([path, mask], async () => {
      const alpha = await decodeAlpha(mask);
      const file = await readFile(path);
      const image = await decodeRgba(file);
      const { width, height, channels } = image.info;
      if (alpha.width !== width || alpha.height !== height || channels !== 4) return undefined;
      for (let i = 0; i < alpha.bytes.length; i++) image.data[4 * i + 3] = alpha.bytes[i];
      const text = await readTexts(file);
      return await encodePng({ width, height, channels: 4, bytes: image.data }, { text, level: 4 });
    });
  } catch (error) {
    if (error instanceof Refusal || error instanceof DarkroomError) throw error;
    return undefined;
  }
}

const decodeRgba = (file: Uint8Array | string) =>
  sharp(file, { limitInputPixels: MAX_DECODED_PIXELS, ignoreIcc: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });

/** The alpha channel of an image, without its other channels. */
async function decodeAlpha(path: string) {
  const { data, info } = await decodeRgba(path);
  const { width, height, channels } = info;
  const bytes = new Uint8Array(width * height);
  for (let i = 0; i < bytes.length; i++) bytes[i] = data[(i + 1) * channels - 1];
  return { width, height, bytes };
}
