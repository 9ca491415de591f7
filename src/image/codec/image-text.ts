// The texts in an image file: PNG text chunks, and the EXIF of JPEG and WebP, where ComfyUI writes
// `prompt:{…}`.
import { exifTexts } from '../../formats/exif.ts';
import { isPng, readPngText } from './png.ts';

export type ImageFormat = 'PNG' | 'JPEG' | 'WebP' | 'GIF' | 'AVIF';

/** The first bytes of each format, one character per byte. */
const SIGNATURES: readonly (readonly [format: ImageFormat, signature: RegExp])[] = [
  ['PNG', /^\x89PNG/],
  ['JPEG', /^\xff\xd8\xff/],
  ['WebP', /^RIFF[\s\S]{4}WEBP/],
  ['GIF', /^GIF8/],
  ['AVIF', /^[\s\S]{4}ftypavi/],
];

/** The format of an image file, recognised by its first bytes. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  return SIGNATURES.find(([, signature]) => signature.test(start))?.[0];
}

/**
 * The texts by key: the text chunks of a PNG; the EXIF texts `key:text` of JPEG and WebP, where a
 * text without such a key is returned as `parameters` or `workflow` if it begins like one.
 * `onProblem` is called with a sentence for each damaged text chunk of a PNG.
 */
export function readImageTexts(
  bytes: Uint8Array,
  name: string,
  onProblem?: (problem: string) => void,
): Record<string, string> {
  if (isPng(bytes)) return readPngText(bytes, name, onProblem);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = imageFormat(file);
  const blocks =
    format === 'JPEG' ? [...jpegBlocks(file)] : format === 'WebP' ? [...webpBlocks(file)] : [];
  const texts: [string, string][] = [];
  for (const text of blocks.flatMap(exifTexts)) {
    const key = /^\s*(prompt|workflow|parameters)\s*:/i.exec(text);
    if (key) texts.push([key[1].toLowerCase(), text.slice(key[0].length).trim()]);
    else if (/(^|\n)Steps:\s*\d/.test(text)) texts.push(['parameters', text]);
    else if (/^\s*\{/.test(text)) texts.push(['workflow', text]);
  }
  return Object.fromEntries(texts.reverse());
}

/** The EXIF blocks of a JPEG file. */
function* jpegBlocks(file: Buffer): Generator<Buffer> {
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; ) {
    const marker = file[at + 1];
    if (marker === 0xda || marker === 0xd9) return;
    const end = at + 2 + file.readUInt16BE(at + 2);
    const data = file.subarray(at + 4, end);
    if (marker === 0xe1 && data.toString('latin1', 0, 6) === 'Exif\0\0') yield data;
    if (end < at + 4) return;
    at = end;
  }
}

/** The EXIF blocks of a WebP file. */
function* webpBlocks(file: Buffer): Generator<Buffer> {
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    if (file.toString('latin1', at, at + 4) === 'EXIF')
      yield file.subarray(at + 8, Math.min(at + 8 + size, file.length));
    at += 8 + size + (size & 1);
  }
}
