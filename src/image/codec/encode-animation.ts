// Encodes animations: WebP through sharp, PNG from the chunks of single frames. Texts are written
// as ComfyUI's SaveAnimatedWEBP and SaveAnimatedPNG write them: in EXIF entries `key:text`, or in
// `comf` chunks.
import type { ByteImage } from '../image-bytes.ts';
import { ascii, withTexts } from './exif-entries.ts';
import { sharp } from './load-sharp.ts';
import { encodeChunk, encodePng, PNG_SIGNATURE, readChunks } from './png.ts';

/** The frames of an animation, all of one size. */
export type Frames = readonly ByteImage[];

export interface WebpOptions {
  /** Duration of each frame in milliseconds. */
  readonly duration: number;
  readonly lossless: boolean;
  /** 0..100 */
  readonly quality: number;
  /** 0 (fastest) to 6. */
  readonly effort: number;
  /** JSON texts by key. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Encodes an animation that repeats without end; a single frame becomes a still image. */
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
  return withTexts(sharp(bytes, { raw, limitInputPixels: false }), texts)
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
  /** Duration of each frame in milliseconds. */
  readonly duration: number;
  /** zlib level 0..9. */
  readonly level: number;
  /** JSON texts by key. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Encodes an animation that repeats without end; a single frame becomes a still image. */
export async function encodeAnimatedPng(
  frames: Frames,
  { duration, level, texts }: ApngOptions,
): Promise<Buffer> {
  const { width, height } = frames[0];
  const out: Buffer[] = [];
  let sequence = 0;
  const frameControl = (): Buffer => {
    const data = Buffer.alloc(26);
    for (const [i, value] of [sequence++, width, height, 0, 0].entries())
      data.writeUInt32BE(value, 4 * i);
    data.writeUInt16BE(duration, 20);
    data.writeUInt16BE(1000, 22);
    return encodeChunk('fcTL', data);
  };
  const frameData = (data: Buffer): Buffer => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(sequence++);
    return encodeChunk('fdAT', Buffer.concat([number, data]));
  };
  const animated = frames.length > 1;
  for (const [i, frame] of frames.entries()) {
    const parts = [...readChunks(await encodePng(frame, { level }))];
    const data = (type: string): Buffer[] =>
      parts.filter((one) => one.type === type).map((one) => one.data);
    if (i === 0) {
      const count = Buffer.alloc(8);
      count.writeUInt32BE(frames.length);
      out.push(
        PNG_SIGNATURE,
        ...data('IHDR').map((header) => encodeChunk('IHDR', header)),
        ...(animated ? [encodeChunk('acTL', count)] : []),
      );
    }
    if (animated) out.push(frameControl());
    out.push(
      ...data('IDAT').map((idat) => (i === 0 ? encodeChunk('IDAT', idat) : frameData(idat))),
    );
  }
  const textChunks = Object.entries(texts).map(([key, text]) =>
    encodeChunk('comf', Buffer.from(`${key}\0${ascii(text)}`, 'latin1')),
  );
  return Buffer.concat([...out, ...textChunks, encodeChunk('IEND', Buffer.alloc(0))]);
}
