// PNG files with text: sharp encodes the pixels; text chunks are written as Pillow's PngInfo writes
// them, and read as ComfyUI's editor reads them.
import { isUtf8 } from 'node:buffer';
import { crc32, inflateSync } from 'node:zlib';
import type { Sharp } from 'sharp';
import { DarkroomError } from '../../errors.ts';
import type { ByteImage } from '../image-bytes.ts';
import { sharp } from './load-sharp.ts';

export interface PngOptions {
  /** Text by key, in the order of the chunks. */
  readonly text?: Record<string, string>;
  /** zlib level 0..9; ComfyUI saves with 4 and previews with 1. */
  readonly level?: number;
  /** An EXIF block, beginning with `II*` or `MM*`. */
  readonly exif?: Uint8Array;
}

export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The largest size of all texts of a file after inflating (Pillow's MAX_TEXT_MEMORY). */
const MAX_TEXT = 64 * 1024 * 1024;

/** Encodes a grey, RGB or RGBA image: header, text, EXIF and pixels, nothing else. */
export async function encodePng(image: ByteImage, options: PngOptions = {}): Promise<Buffer> {
  const { width, height, channels, bytes } = image;
  if (bytes.length !== width * height * channels)
    throw new Error(`internal: ${bytes.length} bytes for ${width}x${height}x${channels}`);
  const file = sharp(bytes, { raw: { width, height, channels: channels as 1 | 3 | 4 } });
  return pngFile(file.toColourspace(channels === 1 ? 'b-w' : 'srgb'), options);
}

/** An image of 16 bits per value. */
export interface WordImage extends Omit<ByteImage, 'bytes'> {
  readonly words: Uint16Array;
}

/** Encodes a grey, RGB or RGBA image of 16 bits per value. */
export async function encodePng16(image: WordImage, options: PngOptions = {}): Promise<Buffer> {
  const { width, height, channels, words } = image;
  const file = sharp(words, { raw: { width, height, channels: channels as 1 | 3 | 4 } });
  return pngFile(file.toColourspace(channels === 1 ? 'grey16' : 'rgb16'), options);
}

async function pngFile(pixels: Sharp, { text = {}, level = 4, exif }: PngOptions): Promise<Buffer> {
  const file = await pixels
    .png({ compressionLevel: level, adaptiveFiltering: true, palette: false })
    .toBuffer();
  const chunks = [...readChunks(file)];
  const pick = (type: string) =>
    chunks.filter((c) => c.type === type).map((c) => file.subarray(c.start, c.end));
  const texts = Object.entries(text).map(([key, value]) => textChunk(key, value));
  const block = exif ? [encodeChunk('eXIf', Buffer.from(exif))] : [];
  return Buffer.concat([
    PNG_SIGNATURE,
    ...pick('IHDR'),
    ...texts,
    ...block,
    ...pick('IDAT'),
    ...pick('IEND'),
  ]);
}

const isLatin1 = (text: string): boolean => !/[^\p{ASCII}\u0080-\u00ff]/u.test(text);

/** A tEXt chunk where the value fits Latin-1, else an uncompressed iTXt chunk. */
function textChunk(key: string, value: string): Buffer {
  if (!isLatin1(key) || key.length < 1 || key.length > 79 || key.includes('\0'))
    throw new Error(`internal: PNG text key ${key}`);
  if (isLatin1(value)) return encodeChunk('tEXt', Buffer.from(`${key}\0${value}`, 'latin1'));
  return encodeChunk(
    'iTXt',
    Buffer.concat([Buffer.from(`${key}\0\0\0\0\0`, 'latin1'), Buffer.from(value, 'utf8')]),
  );
}

/** A chunk with its length and checksum. */
export function encodeChunk(type: string, data: Buffer): Buffer {
  const result = Buffer.alloc(data.length + 12);
  result.writeUInt32BE(data.length, 0);
  result.write(type, 4, 'latin1');
  data.copy(result, 8);
  result.writeUInt32BE(crc32(result.subarray(4, 8 + data.length)), 8 + data.length);
  return result;
}

export interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** What the file has of it. */
  readonly data: Buffer;
}

/**
 * The chunks up to IEND, of which the last may be cut; with `pastEnd`, also those after it, where
 * programs that replace the workflow of an image append it.
 */
export function* chunksOf(file: Buffer, pastEnd = false): Generator<Chunk> {
  for (let start = PNG_SIGNATURE.length; start + 8 <= file.length; ) {
    const end = start + 12 + file.readUInt32BE(start);
    const type = file.toString('latin1', start + 4, start + 8);
    yield { type, start, end, data: file.subarray(start + 8, end - 4) };
    if (type === 'IEND' && !pastEnd) return;
    start = end;
  }
}

/** The chunks that are complete in the file. */
export function* readChunks(file: Buffer, pastEnd = false): Generator<Chunk> {
  for (const chunk of chunksOf(file, pastEnd)) if (chunk.end <= file.length) yield chunk;
}

/** Whether a chunk is complete and its checksum is right. */
export const isIntact = (file: Buffer, { start, end }: Chunk): boolean =>
  end <= file.length && crc32(file.subarray(start + 4, end - 4)) === file.readUInt32BE(end - 4);

type ReadChunk = (data: Buffer, limit: number) => readonly [key: string, text: string];

const readPlain: ReadChunk = (data) => {
  const [key, text] = split(data);
  return [key, decodePlain(text)];
};

/** The reader of each type of text chunk; text is inflated to at most `limit` bytes. */
const TEXT_CHUNKS: Record<string, ReadChunk> = {
  tEXt: readPlain,
  // a type of ComfyUI's own, in animations
  comf: readPlain,
  zTXt: (data, limit) => {
    const [key, rest] = split(data);
    if (rest[0] !== 0) throw new Error('unknown compression');
    return [key, decodePlain(inflate(rest.subarray(1), limit))];
  },
  iTXt: (data, limit) => {
    const [key, rest] = split(data);
    const [, afterLanguage] = split(rest.subarray(2));
    const [, text] = split(afterLanguage);
    if (rest[0] && rest[1] !== 0) throw new Error('unknown compression');
    return [key, (rest[0] ? inflate(text, limit) : text).toString('utf8')];
  },
};

/**
 * Text that should be Latin-1: as UTF-8 if it is valid, as ComfyUI's editor reads it, because many
 * programs write that; else as Latin-1.
 */
const decodePlain = (text: Buffer): string => text.toString(isUtf8(text) ? 'utf8' : 'latin1');

function split(data: Buffer): readonly [string, Buffer] {
  const at = data.indexOf(0);
  if (at < 0) throw new Error('no separator');
  return [data.toString('latin1', 0, at), data.subarray(at + 1)];
}

const inflate = (data: Buffer, limit: number): Buffer =>
  inflateSync(data, { maxOutputLength: Math.max(limit, 1) });

/** Whether the bytes begin with the signature of a PNG file. */
export const isPng = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 && PNG_SIGNATURE.equals(bytes.subarray(0, 8));

/** The EXIF block of a PNG; undefined when there is none, or the file is not a PNG. */
export function readPngExif(bytes: Uint8Array): Buffer | undefined {
  if (!isPng(bytes)) return undefined;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [...readChunks(file)].find(({ type }) => type === 'eXIf')?.data;
}

/**
 * The texts of a PNG by key; the last of equal keys wins. As in ComfyUI's editor, a text with a
 * wrong checksum is returned, unless there is another with its key; chunks that can't be read, and
 * those beyond 64 MiB of text, are left out. `onProblem` is called with a sentence for each of
 * both. Throws DR_IMAGE_UNREADABLE for other files.
 */
export function readPngText(
  bytes: Uint8Array,
  name = 'the image',
  onProblem: (problem: string) => void = () => undefined,
): Record<string, string> {
  if (!isPng(bytes))
    throw new DarkroomError('DR_IMAGE_UNREADABLE', {
      message: `cannot read the text of ${name}: it is not a PNG file`,
      hint: 'Use the PNG file as it was saved, not a copy that was converted or cut short.',
      file: name,
    });
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = new Map<string, string>();
  const doubtful = new Map<string, string>();
  let remaining = MAX_TEXT;
  for (const chunk of readChunks(file, true)) {
    const { type, data } = chunk;
    const read = TEXT_CHUNKS[type];
    if (!read) continue;
    try {
      const [key, text] = read(data, remaining);
      remaining -= text.length;
      if (remaining < 0) throw new Error(`more than ${MAX_TEXT} bytes of text`);
      const isValid = isIntact(file, chunk);
      (isValid ? texts : doubtful).set(key, text);
      if (!isValid)
        onProblem(`the text '${key}' of ${name} has a wrong checksum; it may be damaged`);
    } catch (cause) {
      const { message } = cause as Error;
      onProblem(`a ${type} chunk of ${name} is damaged and is not used: ${message}`);
    }
  }
  return Object.fromEntries([...doubtful, ...texts]);
}
