// The run lengths of bitmaps (BI_RLE8, BI_RLE4), as Pillow's BmpRleDecoder reads them.

interface RunsSource {
  readonly width: number;
  readonly height: number;
  /** Whether pixels have 4 bits. */
  readonly isNibbles: boolean;
}

const END_OF_LINE = 0;
const END_OF_BITMAP = 1;
const DELTA = 2;

/** The pixels of one pair of bytes: the same, or two that alternate. */
const pixelOf = (byte: number, index: number, isNibbles: boolean): number =>
  isNibbles ? (index % 2 === 0 ? byte >> 4 : byte & 15) : byte;

/**
 * One index per pixel, rows in the file's order, of the run lengths from byte `offset` on. Throws
 * an `Error` when they end before the last pixel.
 */
export function readRunLengths(
  file: Uint8Array,
  offset: number,
  { width, height, isNibbles }: RunsSource,
): Uint8Array {
  const pixels = new Uint8Array(width * height);
  let count = 0;
  let x = 0;
  let at = offset;
  while (count < pixels.length && at + 1 < file.length) {
    const run = file[at];
    const code = file[at + 1];
    at += 2;
    if (run > 0) {
      const length = Math.max(0, Math.min(run, width - x));
      for (let i = 0; i < length && count < pixels.length; i++)
        pixels[count++] = pixelOf(code, i, isNibbles);
      x += length;
    } else if (code === END_OF_LINE) {
      count = Math.ceil(count / width) * width;
      x = 0;
    } else if (code === END_OF_BITMAP) break;
    else if (code === DELTA) {
      if (at + 1 >= file.length) break;
      count = Math.min(count + file[at] + file[at + 1] * width, pixels.length);
      x = count % width;
      at += 2;
    } else {
      const length = Math.min(code, pixels.length - count);
      const bytes = isNibbles ? Math.ceil(length / 2) : length;
      const isWhole = at + bytes <= file.length;
      for (let i = 0; i < length && isWhole; i++)
        pixels[count++] = pixelOf(file[at + (isNibbles ? i >> 1 : i)], i, isNibbles);
      if (!isWhole) break;
      x += code;
      at += bytes;
      at += at % 2;
    }
  }
  if (count < pixels.length) throw new Error('its run lengths end before its last pixel');
  return pixels;
}
