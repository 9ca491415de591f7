// Encodes the images of /view, /upload/mask and model previews. Imported on first use.
import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { encodePng } from '../../image/codec/png.ts';

/** Pillow's limit. */
const MAX_PIXELS = 178_956_970;
const DEFAULT_QUALITY = 90;

interface EncodedImage {
  readonly body: Uint8Array;
  /** Media type. */
  readonly type: string;
}

const open = (path: string): Sharp => sharp(path, { limitInputPixels: MAX_PIXELS });

/**
 * A preview as WebP or JPEG. `format` is `webp` or `jpeg`, with `;QUALITY` from 1 to 100; `channel`
 * is `rgba`, `rgb` or `a`. Throws when the file is not an image.
 */
export async function encodePreview(
  path: string,
  format: string,
  channel: string,
): Promise<EncodedImage> {
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
 * A PNG of one channel: `rgb` without alpha, `a` as a black image with the alpha. Throws when
 * the file is not an image.
 */
export async function encodeChannel(path: string, channel: string): Promise<EncodedImage> {
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
  const rgba = Buffer.alloc(width * height * 4);
  for (let i = 0; i < width * height; i++) rgba[i * 4 + 3] = data[i * info.channels];
  return sharp(rgba, { raw: { width, height, channels: 4 } });
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
  const file = await readFile(path).catch(() => undefined);
  if (!file) return undefined;
  const text = await readTexts(file);
  try {
    const [image, alpha] = await Promise.all([decodeRgba(file), decodeRgba(mask)]);
    const { width, height, channels } = image.info;
    if (alpha.info.width !== width || alpha.info.height !== height) return undefined;
    if (channels !== 4 || alpha.info.channels !== 4) return undefined;
    for (let i = 3; i < image.data.length; i += 4) image.data[i] = alpha.data[i];
    return await encodePng({ width, height, channels: 4, bytes: image.data }, { text, level: 4 });
  } catch {
    return undefined;
  }
}

const decodeRgba = (file: Uint8Array | string) =>
  sharp(file, { limitInputPixels: MAX_PIXELS, ignoreIcc: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
