// Pictures made anew for /view and /upload/mask. Read in when one is asked for.
import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { readPictureTexts } from '../image/codec/picture-text.ts';
import { encodePng } from '../image/codec/png.ts';

const MAX_PIXELS = 178_956_970;
const QUALITY = 90;

interface Encoded {
  readonly body: Uint8Array;
  readonly type: string;
}

const open = (path: string): Sharp => sharp(path, { limitInputPixels: MAX_PIXELS });

/** `webp` or `jpeg`, with `;QUALITY`. Throws for what is no picture. */
export async function previewOf(path: string, preview: string, channel: string): Promise<Encoded> {
  const parts = preview.split(';');
  const last = parts[parts.length - 1];
  const quality = /^\d+$/.test(last) ? Math.min(Math.max(Number(last), 1), 100) : QUALITY;
  if (parts[0] === 'jpeg' && !channel.includes('a'))
    return {
      body: await open(path).removeAlpha().jpeg({ quality }).toBuffer(),
      type: 'image/jpeg',
    };
  const picture = channel === 'rgb' ? open(path).removeAlpha() : open(path);
  return { body: await picture.webp({ quality }).toBuffer(), type: 'image/webp' };
}

/** A PNG of the colours alone, or of the alpha. Throws for what is no picture. */
export async function channelOf(path: string, channel: string): Promise<Encoded> {
  if (channel === 'rgb')
    return {
      body: await open(path).removeAlpha().toColourspace('srgb').png().toBuffer(),
      type: 'image/png',
    };
  const { data, info } = await open(path)
    .ensureAlpha()
    .extractChannel('alpha')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const rgba = Buffer.alloc(width * height * 4);
  for (let i = 0; i < width * height; i++) rgba[i * 4 + 3] = data[i * info.channels];
  return {
    body: await sharp(rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer(),
    type: 'image/png',
  };
}

/** A picture as RGBA with another's alpha, and its texts; undefined when they don't fit, or are no pictures. */
export async function withMask(path: string, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const file = await readFile(path);
    const options = { limitInputPixels: MAX_PIXELS, ignoreIcc: true };
    const [picture, mask] = await Promise.all(
      [file, bytes].map((source) =>
        sharp(source, options)
          .toColourspace('srgb')
          .ensureAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true }),
      ),
    );
    const { width, height, channels } = picture.info;
    if (
      mask.info.width !== width ||
      mask.info.height !== height ||
      channels !== 4 ||
      mask.info.channels !== 4
    )
      return undefined;
    for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = mask.data[i];
    return await encodePng(
      { width, height, channels: 4, bytes: picture.data },
      { text: textOf(file, path), level: 4 },
    );
  } catch {
    return undefined;
  }
}

/** A picture whose texts can't be read goes on without. */
function textOf(file: Uint8Array, path: string): Record<string, string> {
  try {
    return readPictureTexts(file, path);
  } catch {
    return {};
  }
}
