// Encodes the images of /view, /upload/mask and model previews. Imported on first use. Decoded
// images take far more memory than their files, so their pixels are limited: those of one image,
// and those of all that are decoded at once.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { DarkroomError } from '../../errors.ts';
import { MAX_PIXELS } from '../../image/codec/formats/sharp-frames.ts';
import { readImageFile } from '../../image/codec/image-file.ts';
import { encodePng } from '../../image/codec/png.ts';
import { createGate } from '../gate.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { Refusal, refuse, text as textResponse } from './responses.ts';

/** 8192 × 8192: 256 MiB as RGBA. */
const MAX_DECODED_PIXELS = 2 ** 26;
/** Where libvips makes an image smaller while it reads it; as many as nodes load. */
const MAX_STREAMED_PIXELS = MAX_PIXELS;
const DEFAULT_QUALITY = 90;
/**
 * Those that sharp reads; the others of Pillow are decoded in a thread. sharp would also draw SVG.
 */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'gif', 'tiff', 'heif']);

const gate = createGate(MAX_DECODED_PIXELS);

/** Whether decoding took too much time or memory. */
export const isTooExpensive = (error: unknown): boolean =>
  error instanceof DarkroomError && error.code === 'DR_TOO_EXPENSIVE';

interface EncodedImage {
  readonly body: Uint8Array;
  /** Media type. */
  readonly type: string;
}

/** An image whose header is read. */
interface Source {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /** A damaged image is shown as far as it can be decoded. */
  open(options?: { readonly ignoreIcc?: boolean }): Sharp;
}

const TOLERANT = { limitInputPixels: MAX_DECODED_PIXELS, failOn: 'none' } as const;

/**
 * Calls `decode` as soon as there is room for the pixels of the images at some paths. `isReduced`:
 * it makes them smaller while it reads them.
 */
async function decoding<T>(
  paths: readonly string[],
  threads: ThreadPool,
  decode: (...sources: Source[]) => Promise<T>,
  isReduced = false,
): Promise<T> {
  const sources = await Promise.all(paths.map((path) => openSource(path, threads, isReduced)));
  const leave = await gate.enter(
    sources.reduce((sum, { width, height }) => sum + width * height, 0),
  );
  try {
    return await decode(...sources);
  } finally {
    leave();
  }
}

/**
 * Opens an image; those that sharp does not read are decoded in a thread. Refuses an image that has
 * too many pixels. Throws when the file is not an image.
 */
async function openSource(path: string, threads: ThreadPool, isReduced: boolean): Promise<Source> {
  const meta = await sharp(path, { limitInputPixels: false, failOn: 'none' })
    .metadata()
    .catch(() => undefined);
  if (meta && FORMATS.has(meta.format)) {
    const { width, height } = meta;
    const limit = isReduced && isStreamed(meta) ? MAX_STREAMED_PIXELS : MAX_DECODED_PIXELS;
    checkSize(path, width, height, limit);
    const settings = { ...TOLERANT, limitInputPixels: limit };
    return { path, width, height, open: (options) => sharp(path, { ...settings, ...options }) };
  }
  const { width, height, frame } = await threads.run('firstFrame', {
    bytes: await readImageFile(path, basename(path)),
    name: basename(path),
    maxPixels: MAX_DECODED_PIXELS,
  });
  checkSize(path, width, height);
  if (!frame) throw new Error('the image has too many frames');
  const raw = { width, height, channels: frame.channels as 3 | 4 };
  return { path, width, height, open: () => sharp(frame.bytes, { raw }) };
}

/** Whether libvips reads an image row by row, not as a whole. */
const isStreamed = ({ format, isProgressive, orientation = 1 }: Metadata): boolean =>
  (format === 'png' || format === 'jpeg') && !isProgressive && orientation === 1;

function checkSize(path: string, width: number, height: number, max = MAX_DECODED_PIXELS): void {
  if (width * height <= max) return;
  const problem = `${basename(path)} has ${width} × ${height} pixels`;
  const limit = `more than ${max}`;
  refuse(textResponse(`${problem}, ${limit}, and is not decoded. Request the file itself.`, 400));
}

export interface PreviewOptions {
  /** `webp` or `jpeg`, with `;QUALITY` from 1 to 100. */
  readonly format: string;
  /** `rgba`, `rgb` or `a`. */
  readonly channel: string;
  /** The longer side is made at most this long, and the image is turned upright. */
  readonly side?: number;
}

/**
 * A preview as WebP or JPEG. Refuses an image that has too many pixels; throws when the file is not
 * an image.
 */
export const encodePreview = (
  path: string,
  options: PreviewOptions,
  threads: ThreadPool,
): Promise<EncodedImage> =>
  decoding([path], threads, (source) => preview(source, options), options.side !== undefined);

async function preview(
  source: Source,
  { format, channel, side }: PreviewOptions,
): Promise<EncodedImage> {
  const parts = format.split(';');
  const last = parts[parts.length - 1];
  const quality = /^\d+$/.test(last) ? Math.min(Math.max(Number(last), 1), 100) : DEFAULT_QUALITY;
  const opened =
    side === undefined
      ? source.open()
      : source
          .open()
          .autoOrient()
          .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
  if (parts[0] === 'jpeg' && !channel.includes('a')) {
    const body = await opened.removeAlpha().jpeg({ quality }).toBuffer();
    return { body, type: 'image/jpeg' };
  }
  const image = channel === 'rgb' ? opened.removeAlpha() : opened;
  return { body: await image.webp({ quality }).toBuffer(), type: 'image/webp' };
}

/**
 * A PNG of one channel: `rgb` without alpha, `a` as a black image with the alpha. Refuses and
 * throws as `encodePreview` does.
 */
export const encodeChannel = (
  path: string,
  channel: string,
  threads: ThreadPool,
): Promise<EncodedImage> => decoding([path], threads, (source) => channelImage(source, channel));

async function channelImage(source: Source, channel: string): Promise<EncodedImage> {
  const image =
    channel === 'rgb'
      ? source.open().removeAlpha().toColourspace('srgb')
      : await alphaOnBlack(source);
  return { body: await image.png().toBuffer(), type: 'image/png' };
}

async function alphaOnBlack(source: Source): Promise<Sharp> {
  const { data, info } = await source
    .open()
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
 * undefined when the sizes differ, or one of them is not an image. `isUpright`: the image is turned
 * as its EXIF says, as nodes and browsers do; ComfyUI leaves it as it is.
 */
export async function withMask(
  { path, mask, isUpright }: { path: string; mask: string; isUpright: boolean },
  threads: ThreadPool,
): Promise<Uint8Array | undefined> {
  try {
    return await decoding([path, mask], threads, async (image, alpha) => {
      const { data, info } = await decodeRgba(image, isUpright);
      const { width, height, channels } = info;
      const levels = await decodeAlpha(alpha);
      if (levels.width !== width || levels.height !== height || channels !== 4) return undefined;
      for (let i = 0; i < levels.bytes.length; i++) data[4 * i + 3] = levels.bytes[i];
      const text = await threads.run('imageTexts', { bytes: await readFile(path) });
      return await encodePng({ width, height, channels: 4, bytes: data }, { text, level: 4 });
    });
  } catch (error) {
    if (error instanceof Refusal || isTooExpensive(error)) throw error;
    return undefined;
  }
}

const decodeRgba = (source: Source, isUpright = false) =>
  (isUpright ? source.open({ ignoreIcc: true }).autoOrient() : source.open({ ignoreIcc: true }))
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });

/** The alpha channel of an image, without its other channels. */
async function decodeAlpha(source: Source) {
  const { data, info } = await decodeRgba(source);
  const { width, height, channels } = info;
  const bytes = new Uint8Array(width * height);
  for (let i = 0; i < bytes.length; i++) bytes[i] = data[(i + 1) * channels - 1];
  return { width, height, bytes };
}
