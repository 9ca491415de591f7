// Saved images as files of another format, with the workflow inside.
import { ascii, withTexts } from './exif-entries.ts';
import { imageFormat, readImageTexts } from './image-text.ts';
import { sharp } from './load-sharp.ts';

export type FileFormat = 'png' | 'webp' | 'jpeg';

/** The format of a file name by its extension; undefined for other names. */
export function formatOfName(name: string): FileFormat | undefined {
  const [, extension = ''] = /\.([a-z]+)$/i.exec(name) ?? [];
  return FORMATS.get(extension.toLowerCase());
}

const FORMATS: ReadonlyMap<string, FileFormat> = new Map([
  ['png', 'png'],
  ['webp', 'webp'],
  ['jpg', 'jpeg'],
  ['jpeg', 'jpeg'],
]);

/** A segment of a JPEG file holds 65,533 bytes; EXIF needs some for itself. */
const MAX_JPEG_TEXT = 65_000;
const JPEG_QUALITY = 95;
const WEBP_QUALITY = 95;

export interface ConvertedImage {
  readonly bytes: Buffer;
  /** The keys of the texts that the format has no room for. */
  readonly leftOut: readonly string[];
}

/** Converts an image file, texts (`prompt`, `workflow` …) included. PNG files stay as they are. */
export async function convertImage(
  bytes: Uint8Array,
  format: FileFormat,
  name = 'image',
): Promise<ConvertedImage> {
  if (format === 'png' && imageFormat(bytes) === 'PNG')
    return { bytes: Buffer.from(bytes), leftOut: [] };
  const texts = readImageTexts(bytes, name);
  const kept = format === 'jpeg' ? fitting(texts) : texts;
  const image = withTexts(sharp(bytes, { limitInputPixels: false }), kept);
  const encoded = {
    png: () => image.png(),
    webp: () => image.webp({ quality: WEBP_QUALITY }),
    jpeg: () =>
      image
        .flatten({ background: '#ffffff' })
        .jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' }),
  }[format]();
  return {
    bytes: await encoded.toBuffer(),
    leftOut: Object.keys(texts).filter((key) => !Object.hasOwn(kept, key)),
  };
}

/** The texts that fit into a JPEG file together, the prompt first. */
function fitting(texts: Readonly<Record<string, string>>): Record<string, string> {
  const order = Object.keys(texts).sort((a, b) => rank(a) - rank(b));
  let size = 0;
  const kept: [string, string][] = [];
  for (const key of order) {
    const length = key.length + 2 + ascii(texts[key]).length;
    if (size + length > MAX_JPEG_TEXT) continue;
    size += length;
    kept.push([key, texts[key]]);
  }
  return Object.fromEntries(kept);
}

const rank = (key: string): number => ['prompt', 'workflow'].indexOf(key) >>> 0;
