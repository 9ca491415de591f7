// The Impact Pack's tensor_gaussian_blur_mask: torchvision's GaussianBlur of a mask, bit for bit.
// The kernel is the float32 product of two float32 rows, and torch's convolution adds its k x k
// taps one by one, row by row, in float32. A mask of ones therefore does not stay 1, which matters
// to later tests of `mask >= 1`.
import { allocate } from '../../tensor/allocate.ts';
import { exp } from '../../tensor/float32/exp.ts';
import { sum } from '../../tensor/float32/sum.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Size } from '../geometry.ts';
import { toNHW } from '../mask/mask-shape.ts';
import { mirrorIndex } from '../mirror-index.ts';

const f = Math.fround;

/** torchvision's row of `size` Gaussian weights that sum to 1; `size` must be odd. */
export function gaussianKernel(size: number, sigma: number): Float32Array {
  const values = Float32Array.from({ length: size }, (_, i) => {
    const x = f((i - (size - 1) / 2) / f(sigma));
    return exp(-0.5 * f(x * x));
  });
  const total = sum(values);
  return values.map((v) => v / total);
}

/**
 * The side of the kernel for a radius of `kernelSize` on a mask whose shorter side is `shortest`; 0
 * when there is nothing to blur.
 */
function sideOf(kernelSize: number, shortest: number): number {
  if (kernelSize <= 0) return 0;
  const side = 2 * kernelSize + 1;
  if (shortest > side) return side;
  const half = Math.floor(shortest / 2);
  const odd = half % 2 === 0 ? half + 1 : half;
  return odd < 3 ? 0 : odd;
}

/** A padded plane and a kernel to convolve it with. */
interface Convolution {
  readonly width: number;
  readonly height: number;
  /** The side of the kernel. */
  readonly side: number;
  /** The weights of the kernel, row by row. */
  readonly weights: Float64Array;
  /**
   * The plane with mirrored edges (edge pixel not repeated), in rows of `stride`. Float32 values
   * are stored as doubles, which saves a conversion per tap.
   */
  readonly padded: Float64Array;
  readonly stride: number;
  /** The first and last column of each padded row that is not zero. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Whether each product and the sum after it are rounded once together (FMA). */
  readonly fused: boolean;
}

type Kernel = Pick<Convolution, 'side' | 'weights' | 'fused'>;

function prepare(
  plane: Float32Array,
  { height, width }: Size,
  { side, weights, fused }: Kernel,
): Convolution {
  const radius = side >> 1;
  const stride = width + 2 * radius;
  const rows = height + 2 * radius;
  const padded = new Float64Array(rows * stride);
  const first = new Int32Array(rows).fill(stride);
  const last = new Int32Array(rows).fill(-1);
  for (let y = 0; y < rows; y++) {
    const from = mirrorIndex(y - radius, height) * width;
    for (let x = 0; x < stride; x++) {
      const value = plane[from + mirrorIndex(x - radius, width)];
      padded[y * stride + x] = value;
      if (value === 0) continue;
      last[y] = x;
      if (first[y] > x) first[y] = x;
    }
  }
  return { width, height, side, weights, padded, stride, first, last, fused };
}

/** The weighted sum of one window, in the order of the taps. */
function sumWindow(
  { side, weights, padded, stride, fused }: Convolution,
  x: number,
  y: number,
): number {
  let sum = 0;
  for (let i = 0; i < side; i++)
    for (let j = 0; j < side; j++) {
      const product = weights[i * side + j] * padded[(y + i) * stride + x + j];
      sum = f(sum + (fused ? product : f(product)));
    }
  return sum;
}

const WINDOWS_AT_ONCE = 8;

/**
 * Sums eight neighbouring fused windows at once, as independent additions run in parallel, and
 * writes them to `out`. Columns of zeros change no sum and are skipped.
 */
function sumEightWindows(
  { side, weights, padded, stride, first, last }: Convolution,
  x: number,
  y: number,
  out: Float32Array,
): void {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let e = 0;
  let g = 0;
  let h = 0;
  let k = 0;
  for (let i = 0; i < side; i++) {
    const row = y + i;
    const from = Math.max(0, first[row] - x - (WINDOWS_AT_ONCE - 1));
    const to = Math.min(side, last[row] - x + 1);
    let p = row * stride + x + from;
    for (let j = i * side + from; j < i * side + to; j++, p++) {
      const w = weights[j];
      a = f(a + w * padded[p]);
      b = f(b + w * padded[p + 1]);
      c = f(c + w * padded[p + 2]);
      d = f(d + w * padded[p + 3]);
      e = f(e + w * padded[p + 4]);
      g = f(g + w * padded[p + 5]);
      h = f(h + w * padded[p + 6]);
      k = f(k + w * padded[p + 7]);
    }
  }
  out.set([a, b, c, d, e, g, h, k]);
}

/**
 * Counts, for each column of windows, how many rows up to padded row `y` are filled with the same
 * single value over the width of the window.
 */
function countUniformRows(
  { width, side, padded, stride }: Convolution,
  y: number,
  counts: Int32Array,
): void {
  const row = y * stride;
  let run = 0;
  for (let x = stride - 1; x >= 0; x--) {
    const value = padded[row + x];
    run = x + 1 < stride && padded[row + x + 1] === value ? run + 1 : 1;
    if (x >= width) continue;
    if (run < side) counts[x] = 0;
    else counts[x] = y > 0 && padded[row - stride + x] === value ? counts[x] + 1 : 1;
  }
}

/** Convolves a plane; the sum of windows of a single value is computed once per value. */
function convolve(convolution: Convolution, out: Float32Array): void {
  const { width, height, side, padded, stride, fused } = convolution;
  const eightFit = fused && width >= WINDOWS_AT_ONCE;
  const counts = new Int32Array(width);
  const sumByValue = new Map<number, number>();
  const sumUniformWindow = (x: number, y: number): number => {
    const value = padded[y * stride + x];
    const sum = sumByValue.get(value) ?? sumWindow(convolution, x, y);
    sumByValue.set(value, sum);
    return sum;
  };
  for (let y = 0; y < side - 1; y++) countUniformRows(convolution, y, counts);
  for (let y = 0; y < height; y++) {
    countUniformRows(convolution, y + side - 1, counts);
    for (let x = 0; x < width; )
      if (counts[x] >= side) {
        out[y * width + x] = sumUniformWindow(x, y);
        x++;
      } else if (eightFit) {
        const start = Math.min(x, width - WINDOWS_AT_ONCE);
        const from = y * width + start;
        sumEightWindows(convolution, start, y, out.subarray(from, from + WINDOWS_AT_ONCE));
        x = start + WINDOWS_AT_ONCE;
      } else {
        out[y * width + x] = sumWindow(convolution, x, y);
        x++;
      }
  }
}

/**
 * Blurs masks [H,W] or [N,H,W] with a kernel of side 2 kernelSize + 1, or a smaller one for small
 * masks; returns [N,H,W]. torch uses fused multiply-adds except for a single small mask and a
 * kernel of 3.
 */
export function gaussianBlurMask(mask: Tensor, kernelSize: number, sigma = 10): Tensor {
  if (mask.data.length === 0) return mask;
  const masks = toNHW(mask);
  const [n, height, width] = masks.shape;
  const side = sideOf(kernelSize, Math.min(height, width));
  if (side === 0) return masks;
  const row = gaussianKernel(side, sigma);
  const weights = Float64Array.from({ length: side * side }, (_, i) =>
    f(row[Math.floor(i / side)] * row[i % side]),
  );
  const fused = side > 3 || n > 1 || (height + 2) * (width + 2) > 20480;
  const size = height * width;
  const data = allocate(n * size);
  for (let i = 0; i < n; i++) {
    const plane = masks.data.subarray(i * size, (i + 1) * size);
    const convolution = prepare(plane, { height, width }, { side, weights, fused });
    convolve(convolution, data.subarray(i * size, (i + 1) * size));
  }
  return { shape: [n, height, width], data };
}
