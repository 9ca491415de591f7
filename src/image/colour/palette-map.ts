// Maps pixels to a palette as Pillow does (libImaging/Palette.c, Convert.c): the nearest colour is
// looked up for cells of 4 values, by the distance from their lowest corner.
import type { Size } from '../geometry.ts';

/** Number of cells along a channel, and of those that are looked up together. */
const CELLS = 64;
const BLOCK = 8;

/** Returns the index of the palette's colour for an RGB colour. */
type Nearest = (r: number, g: number, b: number) => number;

function nearestIn(palette: Uint8Array): Nearest {
  const cache = new Int16Array(CELLS ** 3).fill(-1);
  return (r, g, b) => {
    const cell = ((r >> 2) * CELLS + (g >> 2)) * CELLS + (b >> 2);
    if (cache[cell] < 0) fillBlock(cache, palette, [r & 0xe0, g & 0xe0, b & 0xe0]);
    return cache[cell];
  };
}

type Colour = readonly [number, number, number];

/** Looks up all cells of the block that begins at a colour. */
function fillBlock(cache: Int16Array, palette: Uint8Array, corner: Colour): void {
  const near = coloursNear(palette, corner);
  for (let i = 0; i < BLOCK ** 3; i++) {
    const at = [i >> 6, (i >> 3) & 7, i & 7].map((step, c) => corner[c] + 4 * step);
    let [best, distance] = [0, Number.POSITIVE_INFINITY];
    for (const index of near) {
      const d =
        (at[0] - palette[3 * index]) ** 2 +
        (at[1] - palette[3 * index + 1]) ** 2 +
        (at[2] - palette[3 * index + 2]) ** 2;
      if (d < distance) [best, distance] = [index, d];
    }
    cache[((at[0] >> 2) * CELLS + (at[1] >> 2)) * CELLS + (at[2] >> 2)] = best;
  }
}

/** The palette's colours that can be the nearest for a colour of a block. */
function coloursNear(palette: Uint8Array, corner: Colour): number[] {
  const bounds = Array.from({ length: palette.length / 3 }, (_, i) => {
    let [least, most] = [0, 0];
    for (const [c, low] of corner.entries()) {
      const value = palette[3 * i + c];
      const high = low + 31;
      if (value < low) least += (value - low) ** 2;
      else if (value > high) least += (value - high) ** 2;
      most += (value <= (low + high) >> 1 ? value - high : value - low) ** 2;
    }
    return { least, most };
  });
  const limit = Math.min(...bounds.map(({ most }) => most));
  return bounds.flatMap(({ least }, i) => (least <= limit ? [i] : []));
}

/** Replaces each RGB pixel by the nearest colour of the palette (r, g, b triples). */
export function mapToPalette(pixels: Uint8Array, palette: Uint8Array): Uint8Array {
  const nearest = nearestIn(palette);
  const out = new Uint8Array(pixels.length);
  for (let at = 0; at < out.length; at += 3) {
    const index = nearest(pixels[at], pixels[at + 1], pixels[at + 2]);
    out.set(palette.subarray(3 * index, 3 * index + 3), at);
  }
  return out;
}

const clip = (value: number): number => Math.min(Math.max(value, 0), 255);

/** The same with Floyd and Steinberg's diffusion of errors. */
export function ditherToPalette(
  pixels: Uint8Array,
  { width, height }: Size,
  palette: Uint8Array,
): Uint8Array {
  const nearest = nearestIn(palette);
  const out = new Uint8Array(pixels.length);
  /** Errors of the row above in sixteenths, one pixel to the right. */
  const above = new Int32Array(3 * (width + 1));
  const value = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    const [right, below, belowRight] = [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ];
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      for (let c = 0; c < 3; c++)
        value[c] = clip(pixels[at + c] + Math.trunc((right[c] + above[3 * x + 3 + c]) / 16));
      const index = nearest(value[0], value[1], value[2]);
      for (let c = 0; c < 3; c++) {
        out[at + c] = palette[3 * index + c];
        const error = value[c] - out[at + c];
        above[3 * x + c] = 3 * error + below[c];
        below[c] = 5 * error + belowRight[c];
        belowRight[c] = error;
        right[c] = 7 * error;
      }
    }
    // As in the original: the last pixel of the next row gets errors of blue in all channels.
    above.set([below[2], belowRight[2], belowRight[2]], 3 * width);
  }
  return out;
}
