// Uncompressed rows of pixels as BMP, ICO, TGA and PNM store them. Each layout unpacks one pixel.

/** How a pixel of a row becomes RGB or RGBA. */
export interface PixelLayout {
  /** Bits of one pixel in the file. */
  readonly bits: number;
  /** Channels written: 3 or 4. */
  readonly channels: 3 | 4;
  /** The pixels of rows that are missing; zeros if undefined. */
  readonly blank?: Uint8Array;
  /** Writes the pixel at `index` of a row that begins at byte `row`. */
  unpack(file: Uint8Array, row: number, index: number, to: Uint8Array, at: number): void;
}

/** Bytes in the order of the file's pixels: `order` has the position of each channel written. */
const bytewise = (size: number, order: readonly number[]): PixelLayout => ({
  bits: size * 8,
  channels: order.length as 3 | 4,
  unpack(file, row, index, to, at) {
    const from = row + index * size;
    for (let c = 0; c < order.length; c++) to[at + c] = file[from + order[c]];
  },
});

const five = (value: number, shift: number): number =>
  Math.trunc((((value >> shift) & 31) * 255) / 31);

/** 16-bit little-endian pixels with blue in the lowest bits. */
const packed = (channels: 3 | 4, colours: (value: number) => readonly number[]): PixelLayout => ({
  bits: 16,
  channels,
  unpack(file, row, index, to, at) {
    const from = row + index * 2;
    to.set(colours(file[from] | (file[from + 1] << 8)), at);
  },
});

/** Layouts by Pillow's names of raw modes. */
export const LAYOUTS = {
  BGR: bytewise(3, [2, 1, 0]),
  BGRX: bytewise(4, [2, 1, 0]),
  XBGR: bytewise(4, [3, 2, 1]),
  BGXR: bytewise(4, [3, 1, 0]),
  BGRA: bytewise(4, [2, 1, 0, 3]),
  ABGR: bytewise(4, [3, 2, 1, 0]),
  BGAR: bytewise(4, [3, 1, 0, 2]),
  RGBA: bytewise(4, [0, 1, 2, 3]),
  RGB: bytewise(3, [0, 1, 2]),
  L: bytewise(1, [0, 0, 0]),
  LA: bytewise(2, [0, 0, 0, 1]),
  'BGR;15': packed(3, (v) => [five(v, 10), five(v, 5), five(v, 0)]),
  'BGR;16': packed(3, (v) => [five(v, 11), Math.trunc((((v >> 5) & 63) * 255) / 63), five(v, 0)]),
  'BGRA;15Z': packed(4, (v) => [five(v, 10), five(v, 5), five(v, 0), v >> 15 ? 0 : 255]),
} as const satisfies Record<string, PixelLayout>;

export type LayoutName = keyof typeof LAYOUTS;

/** Grey or bilevel pixels of 1 bit, the first in the highest bit: 0 and 255, or the inverse. */
export const bilevel = (inverted = false): PixelLayout => ({
  bits: 1,
  channels: 3,
  unpack(file, row, index, to, at) {
    const bit = (file[row + (index >> 3)] >> (7 - (index & 7))) & 1;
    to.fill((bit === 1) === inverted ? 0 : 255, at, at + 3);
  },
});

/** Indices of 1, 4 or 8 bits into a palette of RGB or RGBA colours. */
export const indexed = (bits: number, palette: Palette): PixelLayout => ({
  bits,
  channels: palette.channels,
  blank: palette.colours.subarray(0, palette.channels),
  unpack(file, row, index, to, at) {
    const bit = index * bits;
    const value = (file[row + (bit >> 3)] >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
    to.set(palette.colours.subarray(value * palette.channels, (value + 1) * palette.channels), at);
  },
});

export interface Palette {
  readonly channels: 3 | 4;
  /** 256 colours. */
  readonly colours: Uint8Array;
}

/** A palette of colours in `layout`; those that are missing are black and opaque. */
export function readPalette(data: Uint8Array, layout: PixelLayout): Palette {
  const { channels } = layout;
  const size = layout.bits / 8;
  const colours = new Uint8Array(256 * channels);
  if (channels === 4) for (let i = 3; i < colours.length; i += 4) colours[i] = 255;
  const count = Math.floor(data.length / size);
  if (count > 256) throw new Error(`its palette has ${count} colours, more than 256`);
  for (let i = 0; i < count; i++) layout.unpack(data, 0, i, colours, i * channels);
  return { channels, colours };
}

export interface RowsSource {
  readonly width: number;
  readonly height: number;
  readonly layout: PixelLayout;
  /** Bytes from one row to the next. */
  readonly stride: number;
  /** Whether the last row comes first. */
  readonly bottomUp: boolean;
}

export interface UnpackedRows {
  readonly bytes: Uint8Array;
  /** Rows that the data ends before. */
  readonly missing: number;
}

/** Unpacks the rows that are whole. */
export function unpackRows(
  data: Uint8Array,
  { width, height, layout, stride, bottomUp }: RowsSource,
): UnpackedRows {
  const { channels } = layout;
  const bytes = new Uint8Array(width * height * channels);
  const size = Math.ceil((width * layout.bits) / 8);
  if (stride < size) throw new Error('its rows are shorter than their pixels');
  const startOf = (row: number) => (bottomUp ? height - 1 - row : row) * width * channels;
  let whole = 0;
  for (; whole < height && whole * stride + size <= data.length; whole++) {
    let at = startOf(whole);
    for (let x = 0; x < width; x++, at += channels)
      layout.unpack(data, whole * stride, x, bytes, at);
  }
  for (let row = whole; layout.blank && row < height; row++)
    for (let x = 0; x < width; x++) bytes.set(layout.blank, startOf(row) + x * channels);
  return { bytes, missing: height - whole };
}
