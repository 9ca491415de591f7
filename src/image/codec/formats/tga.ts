// Targa images (TGA), as Pillow's TgaImagePlugin reads them: grey, colour and indexed pixels, plain
// or in run lengths. The format has no signature: its header must make sense.
import type { DecodedFrames, ImageFileFormat, OpenedImage } from '../frames.ts';
import { missingRows, upright } from '../frames.ts';
import {
  bilevel,
  indexed,
  LAYOUTS,
  type LayoutName,
  type PixelLayout,
  readPalette,
  unpackRows,
} from './raw-rows.ts';

const HEADER_BYTES = 18;
const INDEXED = 1;
const COLOUR = 2;
const GREY = 3;
/** The bit of the type that says run lengths. */
const RUN_LENGTHS = 8;

/** Layouts by type and bits per pixel. */
const PIXELS: Readonly<Record<string, LayoutName>> = {
  [`${GREY} 8`]: 'L',
  [`${GREY} 16`]: 'LA',
  [`${COLOUR} 16`]: 'BGRA;15Z',
  [`${COLOUR} 24`]: 'BGR',
  [`${COLOUR} 32`]: 'BGRA',
};

const PALETTES: Readonly<Record<number, LayoutName>> = { 16: 'BGRA;15Z', 24: 'BGR', 32: 'BGRA' };

/** The layout of the pixels, and the byte where they begin. */
function readLayout(file: Buffer): { readonly layout: PixelLayout; readonly offset: number } {
  const type = file[2] & ~RUN_LENGTHS;
  const depth = file[16];
  const colourMap = HEADER_BYTES + file[0];
  if (file[1] === 0) {
    if (type === GREY && depth === 1) return { layout: bilevel(), offset: colourMap };
    const name = PIXELS[`${type} ${depth}`];
    if (name === undefined)
      throw new Error(`${depth}-bit pixels of type ${type} are not supported`);
    return { layout: LAYOUTS[name], offset: colourMap };
  }
  const name = PALETTES[file[7]];
  if (name === undefined) throw new Error(`palettes of ${file[7]} bits are not supported`);
  const colours = LAYOUTS[name];
  const size = colours.bits / 8;
  const offset = colourMap + size * file.readUInt16LE(5);
  if (type !== INDEXED) {
    const pixels = PIXELS[`${type} ${depth}`];
    if (pixels === undefined) throw new Error(`${depth}-bit pixels are not supported`);
    return { layout: LAYOUTS[pixels], offset };
  }
  if (depth !== 8) throw new Error(`indices of ${depth} bits are not supported`);
  const unused = Buffer.alloc(size * file.readUInt16LE(3));
  const palette = Buffer.concat([unused, file.subarray(colourMap, offset)]);
  return { layout: indexed(8, readPalette(palette, colours)), offset };
}

/** The rows of run lengths as far as they are whole; runs do not cross rows, literal pixels may. */
function readRuns(data: Uint8Array, row: number, height: number, size: number): Uint8Array {
  const pixels = new Uint8Array(row * height);
  let at = 0;
  let to = 0;
  while (to < pixels.length && at < data.length) {
    const isRun = (data[at] & 0x80) !== 0;
    const length = size * ((data[at] & 0x7f) + 1);
    if (at + 1 + (isRun ? size : length) > data.length) break;
    if (isRun) {
      if ((to % row) + length > row) break;
      for (let i = 0; i < length; i++) pixels[to + i] = data[at + 1 + (i % size)];
    } else pixels.set(data.subarray(at + 1, at + 1 + Math.min(length, pixels.length - to)), to);
    to = Math.min(to + length, pixels.length);
    at += 1 + (isRun ? size : length);
  }
  return pixels.subarray(0, to - (to % row));
}

/** Whether the extension area at the end of the file says that the fourth channel is not alpha. */
function hasNoAlpha(file: Buffer): boolean {
  const footer = file.subarray(-26);
  if (footer.toString('latin1', 8) !== 'TRUEVISION-XFILE.\0') return false;
  const extension = footer.readUInt32LE(0);
  return extension > 0 && file[extension + 494] === 0;
}

function readPixels(file: Buffer, width: number, height: number): DecodedFrames {
  const { layout, offset } = readLayout(file);
  const data = file.subarray(offset);
  const isRuns = (file[2] & RUN_LENGTHS) !== 0;
  if (isRuns && layout.bits < 8) throw new Error('run lengths of single bits are not supported');
  const stride = Math.ceil((width * layout.bits) / 8);
  const bottomUp = (file[17] & 0x20) === 0;
  const { bytes, missing } = unpackRows(
    isRuns ? readRuns(data, stride, height, layout.bits / 8) : data,
    { width, height, layout, stride, bottomUp },
  );
  const type = file[2] & ~RUN_LENGTHS;
  if (type === COLOUR && layout.channels === 4 && hasNoAlpha(file))
    for (let i = 3; i < bytes.length; i += 4) bytes[i] = 255;
  const frame = { width, height, channels: layout.channels, bytes };
  const isMirrored = (file[17] & 0x10) !== 0;
  return {
    frames: [isMirrored ? upright(frame, 2) : frame],
    hasAlpha: layout.channels === 4 && type !== INDEXED,
    problem: missingRows(missing, height),
  };
}

export const TGA: ImageFileFormat = {
  accepts: (file) =>
    file.length >= HEADER_BYTES &&
    file[1] <= 1 &&
    [INDEXED, COLOUR, GREY].includes(file[2] & ~RUN_LENGTHS) &&
    file.readUInt16LE(12) > 0 &&
    file.readUInt16LE(14) > 0 &&
    [1, 8, 16, 24, 32].includes(file[16]),
  open(file): OpenedImage {
    const width = file.readUInt16LE(12);
    const height = file.readUInt16LE(14);
    return { width, height, pages: 1, read: () => readPixels(file, width, height) };
  },
};
