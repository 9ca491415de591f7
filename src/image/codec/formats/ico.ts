// Windows icons (ICO), as Pillow's IcoImagePlugin reads them: the largest image, of equal ones that
// with the fewest colours; a PNG, or a bitmap of twice its height whose lower half is the mask.
import type { DecodedFrames, Frame, ImageFileFormat, OpenedImage } from '../frames.ts';
import { isPng } from '../png.ts';
import { type BmpHeader, readBmpHeader, readBmpPixels } from './bmp.ts';
import { PNG } from './png-file.ts';
import { bilevel, unpackRows } from './raw-rows.ts';

interface IconEntry {
  readonly pixels: number;
  readonly bits: number;
  /** What the icons are ordered by beside their size. */
  readonly depth: number;
  readonly offset: number;
  readonly length: number;
}

const HEADER_BYTES = 6;
const ENTRY_BYTES = 16;

function largestIcon(file: Buffer): IconEntry {
  const count = file.readUInt16LE(4);
  if (count === 0) throw new Error('it contains no icon');
  if (file.length < HEADER_BYTES + count * ENTRY_BYTES) throw new Error('its header is cut short');
  const entries = Array.from({ length: count }, (_, i): IconEntry => {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    const bits = file.readUInt16LE(at + 6);
    const colours = file[at + 2];
    return {
      pixels: (file[at] || 256) * (file[at + 1] || 256),
      bits,
      depth: bits || (colours && Math.ceil(Math.log2(colours))) || 256,
      length: file.readUInt32LE(at + 8),
      offset: file.readUInt32LE(at + 12),
    };
  });
  return entries.sort((a, b) => b.pixels - a.pixels || a.depth - b.depth)[0];
}

/** The fourth bytes of 32-bit pixels, from the last row to the first. */
function storedAlpha(file: Buffer, { width, height, offset }: BmpHeader): Uint8Array | undefined {
  const data = file.subarray(offset, offset + width * height * 4);
  if (data.length < width * height * 4) return undefined;
  const alpha = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      alpha[(height - 1 - y) * width + x] = data[4 * (y * width + x) + 3];
  return alpha;
}

/** The mask at the end of an icon: 1 bit per pixel, 1 for transparent. */
function maskAlpha(
  file: Buffer,
  { width, height }: BmpHeader,
  { offset, length }: IconEntry,
): Uint8Array | undefined {
  const stride = Math.ceil(width / 32) * 4;
  const start = offset + length - stride * height;
  if (start < 0) return undefined;
  const data = file.subarray(start, start + stride * height);
  const rows = { width, height, layout: bilevel(true), stride, bottomUp: true };
  const { bytes, missing } = unpackRows(data, rows);
  return missing > 0 ? undefined : bytes.filter((_, i) => i % 3 === 0);
}

function withAlpha({ width, height, channels, bytes }: Frame, alpha: Uint8Array): Frame {
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < alpha.length; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = bytes[channels * i + c];
    rgba[4 * i + 3] = alpha[i];
  }
  return { width, height, channels: 4, bytes: rgba };
}

function readBitmap(file: Buffer, header: BmpHeader, entry: IconEntry): DecodedFrames {
  const { frames, problem } = readBmpPixels(file, header);
  const alpha = entry.bits === 32 ? storedAlpha(file, header) : maskAlpha(file, header, entry);
  if (!alpha) return { frames, hasAlpha: false, problem: problem ?? 'its mask is missing' };
  return { frames: [withAlpha(frames[0], alpha)], hasAlpha: true, problem };
}

export const ICO: ImageFileFormat = {
  accepts: (file) => file.length >= HEADER_BYTES && file.readUInt32LE(0) === 0x10000,
  open(file): OpenedImage | Promise<OpenedImage> {
    const entry = largestIcon(file);
    const content = file.subarray(entry.offset);
    if (isPng(content)) return PNG.open(content);
    const full = readBmpHeader(file, entry.offset, 0);
    const header = { ...full, height: Math.floor(full.height / 2) };
    const { width, height } = header;
    if (height === 0) throw new Error('it has no pixels');
    return { width, height, pages: 1, read: () => readBitmap(file, header, entry) };
  },
};
