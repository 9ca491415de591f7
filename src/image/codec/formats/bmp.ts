// Windows bitmaps (BMP, DIB), as Pillow's BmpImagePlugin reads them: 1 to 32 bits, bit fields, run
// lengths of 4 and 8 bits; the fourth byte of plain 32-bit pixels is not alpha.
import type { DecodedFrames, ImageFileFormat, OpenedImage } from '../frames.ts';
import { missingRows } from '../frames.ts';
import { readRunLengths } from './bmp-runs.ts';
import {
  bilevel,
  indexed,
  LAYOUTS,
  type LayoutName,
  type PixelLayout,
  readPalette,
  unpackRows,
} from './raw-rows.ts';

const RAW = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly layout: PixelLayout;
  readonly compression: number;
  readonly topDown: boolean;
  /** Byte where the pixels begin. */
  readonly offset: number;
}

interface Fields {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression: number;
  readonly topDown: boolean;
  readonly colours: number;
  /** Bytes of one colour of the palette. */
  readonly padding: 3 | 4;
  /** Byte after the header and its masks. */
  readonly end: number;
  /** Masks of red, green, blue and alpha. */
  readonly masks: readonly number[];
}

const LONG_HEADERS: ReadonlySet<number> = new Set([40, 52, 56, 64, 108, 124]);

function readFields(file: Buffer, start: number): Fields {
  const size = file.readUInt32LE(start);
  const end = start + size;
  if (size === 12) {
    const bits = file.readUInt16LE(start + 10);
    return {
      width: file.readUInt16LE(start + 4),
      height: file.readUInt16LE(start + 6),
      bits,
      compression: RAW,
      topDown: false,
      colours: 2 ** bits,
      padding: 3,
      end,
      masks: [],
    };
  }
  if (!LONG_HEADERS.has(size)) throw new Error(`BMP headers of ${size} bytes are not supported`);
  if (end > file.length) throw new Error('its header is cut short');
  const topDown = file[start + 11] === 0xff;
  const height = file.readUInt32LE(start + 8);
  const bits = file.readUInt16LE(start + 14);
  const compression = file.readUInt32LE(start + 16);
  // a header of 40 bytes has the masks of three colours behind it
  const masks = compression === BITFIELDS ? (size >= 56 ? 4 : 3) : 0;
  return {
    width: file.readUInt32LE(start + 4),
    height: topDown ? 2 ** 32 - height : height,
    bits,
    compression,
    topDown,
    colours: file.readUInt32LE(start + 32) || 2 ** bits,
    padding: 4,
    end: size < 52 ? end + 4 * masks : end,
    masks: Array.from({ length: masks }, (_, i) => file.readUInt32LE(start + 40 + 4 * i)),
  };
}

/** The bit fields that Pillow reads, by bits and the masks of red, green, blue and alpha. */
const BIT_FIELDS: Readonly<Record<string, LayoutName>> = {
  '32 ff0000 ff00 ff 0': 'BGRX',
  '32 ff000000 ff0000 ff00 0': 'XBGR',
  '32 ff000000 ff00 ff 0': 'BGXR',
  '32 ff000000 ff0000 ff00 ff': 'ABGR',
  '32 ff ff00 ff0000 ff000000': 'RGBA',
  '32 ff0000 ff00 ff ff000000': 'BGRA',
  '32 ff000000 ff00 ff ff0000': 'BGAR',
  '32 0 0 0 0': 'BGRA',
  '24 ff0000 ff00 ff': 'BGR',
  '16 f800 7e0 1f': 'BGR;16',
  '16 7c00 3e0 1f': 'BGR;15',
};

const COLOUR_LAYOUTS: Readonly<Record<number, LayoutName>> = {
  16: 'BGR;15',
  24: 'BGR',
  32: 'BGRX',
};

function colourLayout({ bits, compression, masks }: Fields): PixelLayout {
  if (compression !== BITFIELDS) return LAYOUTS[COLOUR_LAYOUTS[bits]];
  const key = [...masks, 0].slice(0, bits === 32 ? 4 : 3).map((mask) => mask.toString(16));
  const name = BIT_FIELDS[[bits, ...key].join(' ')];
  if (name === undefined) throw new Error('its bit fields are not supported');
  return LAYOUTS[name];
}

const isRunLengths = (compression: number): boolean => compression === RLE8 || compression === RLE4;

/** Indices, or grey levels where the palette is a ramp of grey. */
function paletteLayout(file: Buffer, fields: Fields): PixelLayout {
  const { compression, colours, padding, end } = fields;
  const bits = isRunLengths(compression) ? 8 : fields.bits;
  if (colours > 65536) throw new Error(`its palette has ${colours} colours`);
  const data = file.subarray(end, end + padding * colours);
  const level = (i: number) => (colours === 2 ? i * 255 : i);
  const isGrey = Array.from({ length: colours }, (_, i) => i).every((i) =>
    [0, 1, 2].every((c) => data[i * padding + c] === level(i)),
  );
  if (!isGrey) return indexed(bits, readPalette(data, LAYOUTS[padding === 4 ? 'BGRX' : 'BGR']));
  if (colours > 2) return LAYOUTS.L;
  if (isRunLengths(compression)) throw new Error('run lengths of two colours are not supported');
  return bilevel();
}

/**
 * Reads the header of a bitmap at byte `start`. `offset` is where its file says that the pixels
 * begin; 0 when they follow the palette.
 */
export function readBmpHeader(file: Buffer, start: number, offset: number): BmpHeader {
  const fields = readFields(file, start);
  const { width, height, bits, compression, topDown, colours, padding, end } = fields;
  const size = file.readUInt32LE(start);
  if (![1, 4, 8, 16, 24, 32].includes(bits))
    throw new Error(`bitmaps of ${bits} bits per pixel are not supported`);
  if (![RAW, RLE8, RLE4, BITFIELDS].includes(compression))
    throw new Error(`bitmaps with compression ${compression} are not supported`);
  if (width === 0 || height === 0) throw new Error('it has no pixels');
  const isIndexed = bits <= 8;
  if (isIndexed && compression === BITFIELDS) throw new Error('its bit fields are not supported');
  if (!isIndexed && isRunLengths(compression))
    throw new Error(`run lengths of ${bits} bits are not supported`);
  const paletteEnd = end + (isIndexed ? padding * colours : 0);
  // an offset that points at the palette means the byte after it
  const isShort = isIndexed && offset === 14 + size;
  return {
    width,
    height,
    bits,
    layout: isIndexed ? paletteLayout(file, fields) : colourLayout(fields),
    compression,
    topDown,
    offset: offset === 0 ? paletteEnd : isShort ? offset + padding * colours : offset,
  };
}

/** Decodes the pixels of a bitmap; the rows that are missing stay zero. */
export function readBmpPixels(file: Buffer, header: BmpHeader): DecodedFrames {
  const { width, height, bits, layout, compression, topDown, offset } = header;
  const rows = { width, height, layout, bottomUp: !topDown };
  const { bytes, missing } = isRunLengths(compression)
    ? unpackRows(readRunLengths(file, offset, { width, height, isNibbles: compression === RLE4 }), {
        ...rows,
        stride: width,
      })
    : unpackRows(file.subarray(offset), { ...rows, stride: Math.ceil((width * bits) / 32) * 4 });
  return {
    frames: [{ width, height, channels: layout.channels, bytes }],
    hasAlpha: layout.channels === 4,
    problem: missingRows(missing, height),
  };
}

export const BMP: ImageFileFormat = {
  accepts: (file) => file.toString('latin1', 0, 2) === 'BM' && file.length > 26,
  open(file): OpenedImage {
    const header = readBmpHeader(file, 14, file.readUInt32LE(10));
    const { width, height } = header;
    return { width, height, pages: 1, read: () => readBmpPixels(file, header) };
  },
};
