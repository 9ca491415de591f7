// Sixel graphics of DEC terminals: six rows of pixels per character, in 252 fixed colours that are
// dithered. Source: VT330/VT340 Programmer Reference Manual, chapter 14.
import { bayer } from '../colour/bayer.ts';
import type { ByteImage } from '../image-bytes.ts';

/** Levels of red, green and blue. */
const LEVELS = [6, 7, 6] as const;
/** Thresholds of ordered dithering for 4 × 4 pixels, between 0 and 1. */
const THRESHOLDS = bayer(4).map((value) => value + 0.5);
const ROWS = 6;
/** The character of a column without pixels. */
const EMPTY = 0x3f;

/** Encodes an image of 3 channels as an escape sequence. */
export function encodeSixel(image: ByteImage): string {
  const { width, height } = image;
  const indices = quantise(image);
  const bands: string[] = [];
  for (let top = 0; top < height; top += ROWS) {
    const rows = Math.min(ROWS, height - top);
    bands.push(encodeBand(indices.subarray(top * width, (top + rows) * width), width));
  }
  return `\x1bP0;1q"1;1;${width};${height}${PALETTE}${bands.join('-')}\x1b\\`;
}

const percent = (level: number, levels: number): number => Math.round((100 * level) / (levels - 1));

/** `#N;2;R;G;B` for each colour, in percent. */
const PALETTE = Array.from({ length: LEVELS[0] * LEVELS[1] * LEVELS[2] }, (_, i) => {
  const [r, g, b] = [Math.floor(i / 42), Math.floor(i / 6) % 7, i % 6];
  return `#${i};2;${[r, g, b].map((level, c) => percent(level, LEVELS[c])).join(';')}`;
}).join('');

/** The colour of each pixel. */
function quantise({ width, height, bytes }: ByteImage): Uint8Array {
  const indices = new Uint8Array(width * height);
  for (let i = 0; i < indices.length; i++) {
    const x = i % width;
    const y = Math.floor(i / width);
    const threshold = THRESHOLDS[4 * (y % 4) + (x % 4)];
    let index = 0;
    for (const [c, levels] of LEVELS.entries())
      index = index * levels + Math.floor((bytes[3 * i + c] / 255) * (levels - 1) + threshold);
    indices[i] = index;
  }
  return indices;
}

/** Up to six rows: for each colour its columns, one colour over the other. */
function encodeBand(indices: Uint8Array, width: number): string {
  const columns = new Map<number, Uint8Array>();
  for (const [i, colour] of indices.entries()) {
    const bits = columns.get(colour) ?? new Uint8Array(width);
    columns.set(colour, bits);
    bits[i % width] |= 1 << Math.floor(i / width);
  }
  return [...columns].map(([colour, bits]) => `#${colour}${runs(bits)}`).join('$');
}

/** `!N` before a character that is repeated more than three times. */
function runs(bits: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bits.length; ) {
    let end = start + 1;
    while (end < bits.length && bits[end] === bits[start]) end++;
    const character = String.fromCharCode(EMPTY + bits[start]);
    const count = end - start;
    text += count > 3 ? `!${count}${character}` : character.repeat(count);
    start = end;
  }
  return text;
}
