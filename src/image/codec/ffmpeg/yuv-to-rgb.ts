// 8-bit YCbCr of full range (ITU-R BT.601) as RGB, as FFmpeg's swscale converts it on x86 without
// accurate rounding: chroma is repeated, not interpolated, where the image has an even height, and
// interpolated where it has not.
import type { Plane } from './jpeg-planes.ts';
import { bilinearFilter, type FilterTap } from './swscale-filter.ts';

/** An image in planes; Cb and Cr may have fewer columns and rows. */
export interface YuvImage {
  readonly y: Plane;
  readonly u: Plane;
  readonly v: Plane;
  /** Whether the format has fewer columns of chroma: 4:2:0 and 4:2:2. */
  readonly isSubsampled: boolean;
}

/**
 * Shares of Cr in red and green, and of Cb in green and blue, times 2^16: swscale's table for a
 * limited range, turned into that of a full one.
 */
const COEFFICIENTS = [104597, -53279, -25675, 132201].map((value) =>
  Math.trunc((value * 224) / 255),
);
/** The same times 2^13, rounded. */
const [V_RED, V_GREEN, U_GREEN, U_BLUE] = COEFFICIENTS.map((value) => (value * 8192 + 32768) >> 16);

/** Interleaved RGB bytes. */
export function yuvToRgb(image: YuvImage): Uint8Array {
  const { y, isSubsampled } = image;
  if (isSubsampled && y.height % 2 === 0) return repeated(image);
  return isSubsampled && y.width % 2 === 0 ? interpolatedRows(image) : interpolated(image);
}

const clamp = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);

/** The vector code of even heights: each product is cut to a whole number by itself. */
function repeated({ y, u, v }: YuvImage): Uint8Array {
  const { width, height } = y;
  const rgb = new Uint8Array(3 * width * height);
  const shiftY = u.height < height ? 1 : 0;
  for (let row = 0, at = 0; row < height; row++)
    for (let column = 0; column < width; column++, at++) {
      const chroma = (row >> shiftY) * u.width + (column >> 1);
      const cb = (u.samples[chroma] - 128) << 3;
      const cr = (v.samples[chroma] - 128) << 3;
      const luma = y.samples[at];
      rgb[3 * at] = clamp(luma + ((cr * V_RED) >> 16));
      rgb[3 * at + 1] = clamp(luma + ((cb * U_GREEN) >> 16) + ((cr * V_GREEN) >> 16));
      rgb[3 * at + 2] = clamp(luma + ((cb * U_BLUE) >> 16));
    }
  return rgb;
}

/** Weights of rows add up to this. */
const ROW_ONE = 4096;
/** Weights of columns add up to this. */
const COLUMN_ONE = 16384;

/** A row between two of a plane, as a function of the column. */
type RowValue = (column: number) => number;

/** The table code of even widths: chroma is interpolated between rows, and serves two columns. */
function interpolatedRows({ y, u, v }: YuvImage): Uint8Array {
  const { width, height } = y;
  // tables are filled with coefficients that were divided and rounded once more
  const [vRed, vGreen, uGreen, uBlue] = COEFFICIENTS.map((value) =>
    value < 0 ? value + 1 : value,
  );
  const term = (coefficient: number, value: number): number =>
    ((value * coefficient) >> 16) - (coefficient >> 9);
  const rgb = new Uint8Array(3 * width * height);
  const filter = bilinearFilter(u.height, height, ROW_ONE);
  for (let row = 0, at = 0; row < height; row++) {
    const [cbAt, crAt] = [u, v].map((plane) => eightBits(plane, filter[row]));
    for (let column = 0; column < width; column++, at++) {
      const [cb, cr] = [cbAt(column >> 1), crAt(column >> 1)];
      const luma = y.samples[at];
      rgb[3 * at] = clamp(luma + term(vRed, cr));
      rgb[3 * at + 1] = clamp(luma + term(uGreen, cb) + term(vGreen, cr));
      rgb[3 * at + 2] = clamp(luma + term(uBlue, cb));
    }
  }
  return rgb;
}

function eightBits({ width, samples }: Plane, { from, weights }: FilterTap): RowValue {
  const [a, b] = [from * width, (from + 1) * width];
  const [weightA, weightB] = weights.map((weight) => weight * 128);
  if (weights.length === 1) return (column) => samples[a + column];
  return (column) =>
    (samples[a + column] * weightA + samples[b + column] * weightB + (1 << 18)) >> 19;
}

/** The code of odd widths and of chroma of full size: interpolated in both directions. */
function interpolated({ y, u, v }: YuvImage): Uint8Array {
  const { width, height } = y;
  const rgb = new Uint8Array(3 * width * height);
  const filter = bilinearFilter(u.height, height, ROW_ONE);
  const [wideU, wideV] = [u, v].map((plane) => widened(plane, width));
  for (let row = 0, at = 0; row < height; row++) {
    const [cbAt, crAt] = [wideU, wideV].map((plane) => seventeenBits(plane, width, filter[row]));
    for (let column = 0; column < width; column++, at++) {
      const [cb, cr] = [cbAt(column), crAt(column)];
      const luma = y.samples[at] * (512 * 8192) + (1 << 21);
      rgb[3 * at] = clamp((luma + cr * V_RED) >> 22);
      rgb[3 * at + 1] = clamp((luma + cr * V_GREEN + cb * U_GREEN) >> 22);
      rgb[3 * at + 2] = clamp((luma + cb * U_BLUE) >> 22);
    }
  }
  return rgb;
}

/** Rows of a plane at another width, in 15 bits. */
function widened({ width, height, samples }: Plane, to: number): Int32Array {
  const filter = bilinearFilter(width, to, COLUMN_ONE);
  const wide = new Int32Array(to * height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < to; column++) {
      const { from, weights } = filter[column];
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += samples[row * width + from + i] * weights[i];
      wide[row * to + column] = Math.min(sum >> 7, 32767);
    }
  return wide;
}

/** Chroma around 0 in 17 bits. */
function seventeenBits(plane: Int32Array, width: number, { from, weights }: FilterTap): RowValue {
  const [a, b] = [from * width, (from + 1) * width];
  const [weightA, weightB] = weights;
  if (weights.length === 1) return (column) => (plane[a + column] - (128 << 7)) * 4;
  return (column) =>
    (plane[a + column] * weightA + plane[b + column] * weightB - (128 << 19)) >> 10;
}
