// GIF files that are cut: the frames before the cut; of a first frame that is cut its pixels before
// it, as Pillow reads them with LOAD_TRUNCATED_IMAGES.
import { lzwPixels, storedPixels } from './gif-lzw.ts';

const IMAGE = 0x2c;
const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const TRAILER = 0x3b;

interface GifImage {
  /** Byte of the smallest code size, behind the descriptor and the colours. */
  readonly data: number;
  readonly pixels: number;
  /** The index of transparent pixels; 0 without one. */
  readonly blank: number;
}

/** Bytes of the colour table that `flags` describe. */
const tableBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** The byte behind the sub-blocks from `at` on; undefined when the file ends before it. */
function skipBlocks(file: Buffer, at: number): number | undefined {
  while (at < file.length && file[at] !== 0) at += file[at] + 1;
  return at < file.length ? at + 1 : undefined;
}

/** The data of the sub-blocks that are whole. */
function wholeBlocks(file: Buffer, at: number): Buffer {
  const blocks: Buffer[] = [];
  for (; at < file.length && file[at] > 0 && at + file[at] < file.length; at += file[at] + 1)
    blocks.push(file.subarray(at + 1, at + 1 + file[at]));
  return Buffer.concat(blocks);
}

export interface RepairedGif {
  readonly file: Buffer;
  readonly problem: string;
}

/**
 * The first frame, blank where pixels are missing. (Pillow loses the colours of one that has a
 * transparent colour.)
 */
function repairFirst(file: Buffer, { data, pixels, blank }: GifImage): RepairedGif {
  const bits = file[data];
  if (!(bits >= 2 && bits <= 8)) throw new Error('its end is missing');
  const indices = new Uint8Array(pixels).fill(blank);
  const count = lzwPixels(wholeBlocks(file, data + 1), bits, indices);
  return {
    file: Buffer.concat([
      file.subarray(0, data + 1),
      storedPixels(indices, bits),
      Buffer.of(0, TRAILER),
    ]),
    problem: `${pixels - count} of its ${pixels} pixels are missing`,
  };
}

/** A file that is cut. */
export interface CutGif {
  readonly width: number;
  readonly height: number;
  /** Frames that are decoded. */
  readonly pages: number;
  /** Makes a whole file of it. */
  repair(): RepairedGif;
}

/** Throws an `Error` for a file that ends before its first image. */
export function openCutGif(file: Buffer): CutGif | undefined {
  let at = 13 + tableBytes(file[10]);
  let start = at;
  let frames = 0;
  let blank = 0;
  // frames that reach beyond the screen enlarge the image
  let size = { width: file.readUInt16LE(6), height: file.readUInt16LE(8) };
  while (at < file.length && file[at] !== TRAILER) {
    let end: number | undefined;
    if (file[at] === EXTENSION) {
      if (file[at + 1] === GRAPHIC_CONTROL && at + 6 < file.length)
        blank = file[at + 3] & 1 ? file[at + 6] : 0;
      end = skipBlocks(file, at + 2);
    } else if (file[at] === IMAGE && at + 10 < file.length) {
      const data = at + 10 + tableBytes(file[at + 9]);
      end = skipBlocks(file, data + 1);
      const [left, top, width, height] = [1, 3, 5, 7].map((field) => file.readUInt16LE(at + field));
      if (end !== undefined || frames === 0)
        size = {
          width: Math.max(size.width, left + width),
          height: Math.max(size.height, top + height),
        };
      const image = { data, pixels: width * height, blank };
      if (end === undefined && frames === 0 && data < file.length)
        return { ...size, pages: 1, repair: () => repairFirst(file, image) };
      frames += end === undefined ? 0 : 1;
      start = end ?? start;
    }
    if (end === undefined) break;
    at = end;
  }
  if (file[at] === TRAILER) return undefined;
  if (frames === 0) throw new Error('it ends before its pixels');
  return { ...size, pages: frames, repair: () => repairEnd(file, start, frames) };
}

const repairEnd = (file: Buffer, start: number, frames: number): RepairedGif => ({
  file: Buffer.concat([file.subarray(0, start), Buffer.of(TRAILER)]),
  problem: `its end is missing; ${frames} of its frames are loaded`,
});
