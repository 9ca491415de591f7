// The colours of AVIF files in Pillow: libyuv converts YCbCr with coefficients of 6 bits, of which
// that of blue is at most 2, and chroma of 8 bits, cut from deeper samples. From exact colours the
// ones of libyuv follow: but for rounding, and where exact colours are out of range.
import type { AvifProperties } from './avif-boxes.ts';

interface Matrix {
  /** The shares of red and blue in luma. */
  readonly red: number;
  readonly blue: number;
}

const BT709: Matrix = { red: 0.2126, blue: 0.0722 };
const BT601: Matrix = { red: 0.299, blue: 0.114 };
const BT2020: Matrix = { red: 0.2627, blue: 0.0593 };

/** Matrices by their number in ITU-T H.273; those that are absent are converted exactly. */
const MATRICES: Readonly<Record<number, Matrix>> = {
  1: BT709,
  2: BT601,
  5: BT601,
  6: BT601,
  9: BT2020,
};

/** In units of 1/64, at most 128. */
const rounded = (coefficient: number): number => Math.min(Math.round(coefficient * 64), 128) / 64;

interface ColourShift {
  readonly lumaOfRed: number;
  readonly lumaOfBlue: number;
  /** The change of red per red − luma, of blue per blue − luma, and of green per each of both. */
  readonly red: number;
  readonly blue: number;
  readonly greenByRed: number;
  readonly greenByBlue: number;
  /** What cut chroma changes on average in red, green and blue. */
  readonly offsets: readonly [red: number, green: number, blue: number];
}

/** How libyuv's colours differ; undefined for a matrix that libyuv does not convert. */
function colourShift({ matrix, isFullRange, depth }: AvifProperties): ColourShift | undefined {
  const shares = MATRICES[matrix];
  if (!shares) return undefined;
  const { red, blue } = shares;
  const green = 1 - red - blue;
  const range = isFullRange ? 1 : 255 / 224;
  const vToRed = 2 * (1 - red) * range;
  const uToBlue = 2 * (1 - blue) * range;
  const vToGreen = (vToRed * red) / green;
  const uToGreen = (uToBlue * blue) / green;
  // the mean of the bits below the eighth
  const cut = (1 - 2 ** (8 - depth)) / 2;
  return {
    offsets: [-cut * vToRed, cut * (vToGreen + uToGreen), -cut * uToBlue],
    lumaOfRed: red,
    lumaOfBlue: blue,
    red: rounded(vToRed) / vToRed - 1,
    blue: rounded(uToBlue) / uToBlue - 1,
    greenByRed: (vToGreen - rounded(vToGreen)) / vToRed,
    greenByBlue: (uToGreen - rounded(uToGreen)) / uToBlue,
  };
}

/** The colour of a pixel: luma, and what red, green and blue are more than it. */
type Colour = readonly [luma: number, red: number, green: number, blue: number];

function colourAt(values: Uint16Array, at: number, shift: ColourShift): Colour {
  const [r, g, b] = [values[at] / 257, values[at + 1] / 257, values[at + 2] / 257];
  const luma = g + shift.lumaOfRed * (r - g) + shift.lumaOfBlue * (b - g);
  return [luma, r - luma, g - luma, b - luma];
}

/** Colours in the last column without the share of the column before it in chroma. */
const withoutNeighbour = (last: Colour, before: Colour): Colour => [
  last[0],
  1.5 * last[1] - 0.5 * before[1],
  1.5 * last[2] - 0.5 * before[2],
  1.5 * last[3] - 0.5 * before[3],
];

/** What a colour may be away from Pillow's. */
const TOLERANCE = 2;
const MAX = 65_535;

const isClipped = (value: number): boolean => value === 0 || value === MAX;

/** Whether a colour was out of range before it was stored; white and black count as within. */
function isCut(values: Uint16Array, at: number): boolean {
  const [r, g, b] = [values[at], values[at + 1], values[at + 2]];
  return !(r === g && g === b) && (isClipped(r) || isClipped(g) || isClipped(b));
}

/** How far libyuv's blue may be from the one that follows from a blue that was cut. */
const uncertainty = (values: Uint16Array, at: number, luma: number, shift: ColourShift): number =>
  isClipped(values[at + 2]) ? Math.abs(shift.blue * (values[at + 2] / 257 - luma)) : 0;

const unknownColours = (which: string): Error =>
  new Error(`the colours of ${which} are not known as Pillow computes them; save it as PNG`);

export interface ExactImage {
  readonly width: number;
  /** RGBA of 16 bits. */
  readonly data: Uint16Array;
}

/** 8-bit RGB or RGBA with libyuv's colours. Throws an `Error` for those that are not known. */
export function shiftColours(
  { width, data }: ExactImage,
  channels: 3 | 4,
  properties: AvifProperties,
): Uint8Array {
  const shift = colourShift(properties);
  const bytes = new Uint8ClampedArray((data.length / 4) * channels);
  // libyuv does not interpolate the last column of an odd width
  const single = properties.isSubsampled && width % 2 === 1 && width > 1 ? width - 1 : -1;
  for (let i = 0, to = 0; i < data.length / 4; i++, to += channels) {
    if (channels === 4) bytes[to + 3] = data[4 * i + 3] / 257;
    if (!shift) {
      for (let c = 0; c < 3; c++) bytes[to + c] = data[4 * i + c] / 257;
      continue;
    }
    const isSingle = i % width === single;
    if (isSingle && (isCut(data, 4 * i) || isCut(data, 4 * (i - 1))))
      throw unknownColours('its last column');
    const exact = colourAt(data, 4 * i, shift);
    if (uncertainty(data, 4 * i, exact[0], shift) > TOLERANCE)
      throw unknownColours('its saturated pixels');
    const [luma, red, green, blue] = isSingle
      ? withoutNeighbour(exact, colourAt(data, 4 * (i - 1), shift))
      : exact;
    const greenShift = shift.greenByRed * red + shift.greenByBlue * blue;
    bytes[to] = luma + red * (1 + shift.red) + shift.offsets[0];
    bytes[to + 1] = luma + green + greenShift + shift.offsets[1];
    bytes[to + 2] = luma + blue * (1 + shift.blue) + shift.offsets[2];
  }
  return new Uint8Array(bytes.buffer);
}
