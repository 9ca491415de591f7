// The samples of JPEG files as FFmpeg's mjpeg decoder gives them: its "simple" inverse DCT rounds
// differently from that of libjpeg.
import type { JpegComponent } from './jpeg-frame.ts';

/** 2048 * sqrt(2) * cos(i * pi / 16) * 4, rounded as FFmpeg has them; W4 is one less than 2^14. */
const [W1, W2, W3, W4, W5, W6, W7] = [22725, 21407, 19266, 16383, 12873, 8867, 4520];
const ROW_SHIFT = 11;
const COLUMN_SHIFT = 20;

export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint8Array;
}

/** The samples of a component. */
export function samplesOf(component: JpegComponent): Plane {
  const { width, height, columns, rows, coefficients, quantisation } = component;
  const samples = new Uint8Array(width * height);
  const block = new Int32Array(64);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = 64 * (row * columns + column);
      for (let i = 0; i < 64; i++) block[i] = coefficients[at + i] * quantisation[i];
      // the level shift of 128, in units of the DC coefficient
      block[0] += 1024;
      for (let y = 0; y < 8; y++) transformRow(block, 8 * y);
      for (let x = 0; x < 8; x++) transformColumn(block, x);
      const [left, top] = [8 * column, 8 * row];
      const [w, h] = [Math.min(8, width - left), Math.min(8, height - top)];
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          samples[(top + y) * width + left + x] = Math.min(Math.max(block[8 * y + x], 0), 255);
    }
  return { width, height, samples };
}

function transformRow(b: Int32Array, i: number): void {
  if (!(b[i + 1] | b[i + 2] | b[i + 3] | b[i + 4] | b[i + 5] | b[i + 6] | b[i + 7])) {
    b.fill(b[i] << 3, i, i + 8);
    return;
  }
  transform(b, i, 1, (W4 * b[i] + (1 << (ROW_SHIFT - 1))) | 0, ROW_SHIFT);
}

const COLUMN_ROUNDING = Math.floor((1 << (COLUMN_SHIFT - 1)) / W4);

const transformColumn = (b: Int32Array, i: number): void =>
  transform(b, i, 8, (W4 * (b[i] + COLUMN_ROUNDING)) | 0, COLUMN_SHIFT);

/** Eight values from `i`, `step` apart, in place; `dc` is the first one's share. */
function transform(b: Int32Array, i: number, step: number, dc: number, shift: number): void {
  const x1 = b[i + step];
  const x2 = b[i + 2 * step];
  const x3 = b[i + 3 * step];
  const x4 = b[i + 4 * step];
  const x5 = b[i + 5 * step];
  const x6 = b[i + 6 * step];
  const x7 = b[i + 7 * step];
  const a0 = dc + W2 * x2 + W4 * x4 + W6 * x6;
  const a1 = dc + W6 * x2 - W4 * x4 - W2 * x6;
  const a2 = dc - W6 * x2 - W4 * x4 + W2 * x6;
  const a3 = dc - W2 * x2 + W4 * x4 - W6 * x6;
  const b0 = W1 * x1 + W3 * x3 + W5 * x5 + W7 * x7;
  const b1 = W3 * x1 - W7 * x3 - W1 * x5 - W5 * x7;
  const b2 = W5 * x1 - W1 * x3 + W7 * x5 + W3 * x7;
  const b3 = W7 * x1 - W5 * x3 + W3 * x5 - W1 * x7;
  b[i] = (a0 + b0) >> shift;
  b[i + step] = (a1 + b1) >> shift;
  b[i + 2 * step] = (a2 + b2) >> shift;
  b[i + 3 * step] = (a3 + b3) >> shift;
  b[i + 4 * step] = (a3 - b3) >> shift;
  b[i + 5 * step] = (a2 - b2) >> shift;
  b[i + 6 * step] = (a1 - b1) >> shift;
  b[i + 7 * step] = (a0 - b0) >> shift;
}
