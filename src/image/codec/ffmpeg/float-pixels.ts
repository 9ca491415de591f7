// Pixels as swscale converts them to float32 planes (gbrpf32): grey levels are shifted to 16 bits,
// not scaled, so that white is 65280 / 65535; colours go through YCbCr in fixed point numbers.
import { allocate } from '../../../tensor/allocate.ts';

/** float32(1 / 65535) times a level of 16 bits. */
const scaled = (level: number): number => Math.fround(1 / 65535) * level;

/** Levels of 16 bits as float32. */
export function floatLevels(levels: ArrayLike<number>): Float32Array {
  const values = allocate(levels.length);
  for (let i = 0; i < values.length; i++) values[i] = scaled(levels[i]);
  return values;
}

/** Levels of 8 bits as float32: 255 becomes 0.9961. */
export function floatBytes(levels: ArrayLike<number>): Float32Array {
  const values = allocate(levels.length);
  for (let i = 0; i < values.length; i++) values[i] = scaled(levels[i] << 8);
  return values;
}

/** Alpha of interleaved samples, which is stretched to 14 bits first: 255 becomes 0.99995. */
export const floatAlpha = (alpha: Uint8Array): Float32Array =>
  floatLevels(Uint16Array.from(alpha, (a) => ((a << 6) | (a >> 2)) << 2));

/** Shares of red, green and blue in Y, Cb and Cr of a limited range (ITU-R BT.601), times 2^15. */
const TO_YUV = [
  [8414, 16519, 3208],
  [-4865, -9528, 14392],
  [14392, -12061, -2332],
];

/** What swscale adds to the sums for Y, and for Cb and Cr, to round them. */
type Rounding = readonly [y: number, chroma: number];

/** That of 8-bit samples, interleaved. */
export const PACKED_8: Rounding = [(32 << 14) + (1 << 8), (256 << 14) + (1 << 8)];
/** That of 8-bit samples in planes. */
export const PLANAR_8: Rounding = [0x801 << 8, 0x4001 << 8];
const SHIFT = 9;
/** Factor from there to the 19 bits of the scaler, and on to 31 bits. */
const FACTOR = 32 * 4096;

/** The way back, times 2^13: Cr in red and green, Cb in green and blue; and what Y is scaled by. */
const [V_RED, V_GREEN, U_GREEN, U_BLUE] = [13075, -6660, -3209, 16525];
const Y_SCALE = 9539;
const Y_OFFSET = 16 << 9;
const HALF = 1 << 13;

/**
 * Interleaved RGB as float32. `samples` has `channels` values per pixel, of which the first three
 * are used.
 */
export function floatColours(
  samples: ArrayLike<number>,
  channels: number,
  rounding: Rounding,
): Float32Array {
  const [[rY, gY, bY], [rU, gU, bU], [rV, gV, bV]] = TO_YUV;
  const count = samples.length / channels;
  const values = allocate(3 * count);
  for (let i = 0, at = 0; i < count; i++, at += channels) {
    const [red, green, blue] = [samples[at], samples[at + 1], samples[at + 2]];
    const y = (rY * red + gY * green + bY * blue + rounding[0]) >>> SHIFT;
    const u = (rU * red + gU * green + bU * blue + rounding[1]) >>> SHIFT;
    const v = (rV * red + gV * green + bV * blue + rounding[1]) >>> SHIFT;
    // 19 bits times 4096, around 0, in 17 bits
    const luma =
      (((y * FACTOR - 0x40000000) >> 14) + 0x10000 - Y_OFFSET) * Y_SCALE + HALF - (1 << 29);
    const cb = (u * FACTOR - 0x40000000) >> 14;
    const cr = (v * FACTOR - 0x40000000) >> 14;
    values[3 * i] = level(luma + cr * V_RED);
    values[3 * i + 1] = level(luma + cr * V_GREEN + cb * U_GREEN);
    values[3 * i + 2] = level(luma + cb * U_BLUE);
  }
  return values;
}

/** 30 bits around 0 as a level of 16 bits, and that as float32. */
const level = (value: number): number =>
  scaled(Math.min(Math.max((value >> 14) + (1 << 15), 0), 65535));
