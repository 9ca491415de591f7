// Pictures one after another in one file: animated WebP through sharp, animated PNG from the chunks of single ones. Texts as ComfyUI's
// SaveAnimatedWEBP and SaveAnimatedPNG write them: EXIF entries `key:text`, or chunks `comf`.
import type { ByteImage } from '../image-bytes.ts';
import { sharp } from './load-sharp.ts';
import { chunk, chunks, encodePng, SIGNATURE } from './png.ts';

/** Frames of one size. */
export type Frames = readonly ByteImage[];

/** JSON text with nothing but ASCII. */
const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** EXIF entries that carry texts: the prompt's, then those of the others. */
const PROMPT_ENTRY = 'Model';
const ENTRIES = ['Make', 'ImageDescription', 'DocumentName'];

function exifOf(texts: Readonly<Record<string, string>>): Record<string, string> {
  const others = Object.entries(texts).filter(([key]) => key !== 'prompt');
  return {
    ...(texts.prompt !== undefined && { [PROMPT_ENTRY]: `prompt:${ascii(texts.prompt)}` }),
    ...Object.fromEntries(
      others
        .slice(0, ENTRIES.length)
        .map(([key, text], i) => [ENTRIES[i], `${key}:${ascii(text)}`]),
    ),
  };
}

export interface WebpOptions {
  /** Milliseconds that each frame stays. */
  readonly duration: number;
  readonly lossless: boolean;
  /** 0..100 */
  readonly quality: number;
  /** 0 (fastest)..6 */
  readonly effort: number;
  /** JSON texts by key. */
  readonly texts: Readonly<Record<string, string>>;
}

/** An endless animation; of one frame, a picture. */
export async function encodeAnimatedWebp(
  frames: Frames,
  { duration, lossless, quality, effort, texts }: WebpOptions,
): Promise<Buffer> {
  const { width, height, channels } = frames[0];
  const bytes = Buffer.concat(frames.map((frame) => frame.bytes));
  const raw = {
    width,
    height: height * frames.length,
    channels: channels as 1 | 3 | 4,
    pageHeight: height,
  };
  const image = sharp(bytes, { raw, limitInputPixels: false });
  const exif = exifOf(texts);
  return (Object.keys(exif).length > 0 ? image.withExif({ IFD0: exif }) : image)
    .webp({
      lossless,
      quality: Math.max(1, quality),
      effort,
      loop: 0,
      delay: frames.map(() => duration),
    })
    .toBuffer();
}

export interface ApngOptions {
  /** Milliseconds that each frame stays. */
  readonly duration: number;
  /** zlib level 0..9 */
  readonly level: number;
  /** JSON texts by key. */
  readonly texts: Readonly<Record<string, string>>;
}

/** An endless animation; of one frame, a picture. */
export async function encodeAnimatedPng(
  frames: Frames,
  { duration, level, texts }: ApngOptions,
): Promise<Buffer> {
  const { width, height } = frames[0];
  const out: Buffer[] = [];
  let sequence = 0;
  const control = (): Buffer => {
    const data = Buffer.alloc(26);
    for (const [i, value] of [sequence++, width, height, 0, 0].entries())
      data.writeUInt32BE(value, 4 * i);
    data.writeUInt16BE(duration, 20);
    data.writeUInt16BE(1000, 22);
    return chunk('fcTL', data);
  };
  const part = (data: Buffer): Buffer => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(sequence++);
    return chunk('fdAT', Buffer.concat([number, data]));
  };
  const animated = frames.length > 1;
  for (const [i, frame] of frames.entries()) {
    const parts = [...chunks(await encodePng(frame, { level }))];
    const data = (type: string): Buffer[] =>
      parts.filter((one) => one.type === type).map((one) => one.data);
    if (i === 0) {
      const count = Buffer.alloc(8);
      count.writeUInt32BE(frames.length);
      out.push(
        SIGNATURE,
        ...data('IHDR').map((header) => chunk('IHDR', header)),
        ...(animated ? [chunk('acTL', count)] : []),
      );
    }
    if (animated) out.push(control());
    out.push(...data('IDAT').map((idat) => (i === 0 ? chunk('IDAT', idat) : part(idat))));
  }
  const words = Object.entries(texts).map(([key, text]) =>
    chunk('comf', Buffer.from(`${key}\0${ascii(text)}`, 'latin1')),
  );
  return Buffer.concat([...out, ...words, chunk('IEND', Buffer.alloc(0))]);
}
