// OpenCV's GaussianBlur with sigma 0: the sigma follows from the size of the kernel, small kernels
// are binomial, and the border mirrors the image without its outermost pixels (REFLECT_101).
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Kernels of 1, 3, 5, 7 and 9 values, as sums of 256. */
const SMALL_KERNELS: readonly (readonly number[])[] = [
  [256],
  [64, 128, 64],
  [16, 64, 96, 64, 16],
  [8, 28, 56, 72, 56, 28, 8],
  [4, 13, 30, 51, 60, 51, 30, 13, 4],
];

/** getGaussianKernel(2 * radius + 1, 0), of sum 1. */
export function gaussianKernel(radius: number): number[] {
  const small = SMALL_KERNELS[radius];
  if (small) return small.map((value) => value / 256);
  const sigma = 0.3 * (radius - 1) + 0.8;
  const values = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp((-0.5 * (i - radius) ** 2) / sigma ** 2),
  );
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

/** The index that a mirrored border has at `position`; 0 for a length of 1. */
function mirrored(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const offset = ((position % period) + period) % period;
  return offset < length ? offset : period - offset;
}

/** Convolves lines of `length` values, `step` apart, that begin at `starts`. */
function blurLines(
  from: Float32Array,
  starts: readonly number[],
  { length, step, kernel }: { length: number; step: number; kernel: readonly number[] },
): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const to = allocate(from.length);
  for (let i = 0; i < length; i++) {
    const taps = kernel.map((_, k) => mirrored(i + k - radius, length) * step);
    for (const start of starts) {
      let sum = 0;
      for (let k = 0; k < taps.length; k++) sum += kernel[k] * from[start + taps[k]];
      to[start + i * step] = sum;
    }
  }
  return to;
}

/** Blurs a mask [H,W] with a kernel of 2 * radius + 1 values in each direction. */
export function openCvGaussianBlur({ shape, data }: Tensor, radius: number): Tensor {
  const [height, width] = shape;
  const kernel = gaussianKernel(radius);
  const rows = Array.from({ length: height }, (_, y) => y * width);
  const columns = Array.from({ length: width }, (_, x) => x);
  const across = blurLines(data, rows, { length: width, step: 1, kernel });
  return { shape, data: blurLines(across, columns, { length: height, step: width, kernel }) };
}
