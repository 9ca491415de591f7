// The Impact Pack's tensor_gaussian_blur_mask: torchvision's GaussianBlur of a mask, to the last bit. The kernel is the float32 product
// of two float32 rows, and torch's convolution adds its k x k taps one by one, row by row, in float32: a mask of ones does not stay 1,
// and what later asks for `mask >= 1` hears it.
import type { Tensor } from '../../tensor/tensor.ts';
import { toNHW } from '../mask/mask-shape.ts';

const f = Math.fround;

/** torch's sum of a short float32 row: 4 accumulators of 8 lanes, then the values that fill no lane block, then the lanes. */
function laneSum(values: Float32Array): number {
  const blocks = Math.floor(values.length / 8);
  const quads = Math.floor(blocks / 4) * 4;
  const lanes = Array.from({ length: 4 }, () => new Float32Array(8));
  for (let block = 0; block < blocks; block++) {
    const lane = lanes[block < quads ? block % 4 : 0];
    for (let i = 0; i < 8; i++) lane[i] += values[8 * block + i];
  }
  for (const lane of lanes.slice(1)) for (let i = 0; i < 8; i++) lanes[0][i] += lane[i];
  let sum = 0;
  for (const v of values.subarray(8 * blocks)) sum = f(sum + v);
  for (const v of lanes[0]) sum = f(sum + v);
  return sum;
}

/** torchvision's row of `size` (odd) Gaussian weights that sum to 1. */
export function gaussianKernel(size: number, sigma: number): Float32Array {
  const values = Float32Array.from({ length: size }, (_, i) => {
    const x = f((i - (size - 1) / 2) / f(sigma));
    return Math.exp(-0.5 * f(x * x));
  });
  const sum = laneSum(values);
  return values.map((v) => v / sum);
}

/** Kernel side for the node's `kernelSize` (a radius) on a mask whose shorter side is `shortest`; 0 where nothing is blurred. */
function sideOf(kernelSize: number, shortest: number): number {
  if (kernelSize <= 0) return 0;
  const side = 2 * kernelSize + 1;
  if (shortest > side) return side;
  const half = Math.floor(shortest / 2);
  const odd = half % 2 === 0 ? half + 1 : half;
  return odd < 3 ? 0 : odd;
}

/** A plane with its edges mirrored (edge pixel not repeated) and what a convolution with `kernel` needs of it. */
interface Job {
  readonly width: number;
  readonly height: number;
  /** Kernel side, and its weights row by row. */
  readonly side: number;
  readonly weights: Float64Array;
  /** Padded plane, row length `stride`; float32 values kept as doubles, which spares a conversion per tap. */
  readonly padded: Float64Array;
  readonly stride: number;
  /** First and last column of each padded row that is not zero. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Whether each product and the sum after it are rounded once together. */
  readonly fused: boolean;
}

const mirror = (i: number, length: number): number =>
  i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;

function prepare(
  plane: Float32Array,
  height: number,
  width: number,
  side: number,
  weights: Float64Array,
  fused: boolean,
): Job {
  const radius = side >> 1;
  const stride = width + 2 * radius;
  const rows = height + 2 * radius;
  const padded = new Float64Array(rows * stride);
  const first = new Int32Array(rows).fill(stride);
  const last = new Int32Array(rows).fill(-1);
  for (let y = 0; y < rows; y++) {
    const from = mirror(y - radius, height) * width;
    for (let x = 0; x < stride; x++) {
      const value = plane[from + mirror(x - radius, width)];
      padded[y * stride + x] = value;
      if (value === 0) continue;
      last[y] = x;
      if (first[y] > x) first[y] = x;
    }
  }
  return { width, height, side, weights, padded, stride, first, last, fused };
}

/** The taps of one window, added in order. */
function sumOne({ side, weights, padded, stride, fused }: Job, x: number, y: number): number {
  let sum = 0;
  for (let i = 0; i < side; i++)
    for (let j = 0; j < side; j++) {
      const product = weights[i * side + j] * padded[(y + i) * stride + x + j];
      sum = f(sum + (fused ? product : f(product)));
    }
  return sum;
}

const TOGETHER = 8;

/** Eight neighbouring fused windows at once, so that their sums wait for each other less. Zeros change no sum and are passed over. */
function sumEight(
  { side, weights, padded, stride, first, last }: Job,
  x: number,
  y: number,
  out: Float32Array,
  at: number,
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
    const from = Math.max(0, first[row] - x - (TOGETHER - 1));
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
  out[at] = a;
  out[at + 1] = b;
  out[at + 2] = c;
  out[at + 3] = d;
  out[at + 4] = e;
  out[at + 5] = g;
  out[at + 6] = h;
  out[at + 7] = k;
}

/** For each window column of a padded row, how many rows up to this one lie in it with a single value throughout. */
function countUniform({ width, side, padded, stride }: Job, y: number, counts: Int32Array): void {
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

function convolve(job: Job, out: Float32Array): void {
  const { width, height, side, padded, stride, fused } = job;
  const together = fused && width >= TOGETHER;
  const counts = new Int32Array(width);
  const known = new Map<number, number>();
  const uniform = (x: number, y: number): number => {
    const value = padded[y * stride + x];
    const sum = known.get(value) ?? sumOne(job, x, y);
    known.set(value, sum);
    return sum;
  };
  for (let y = 0; y < side - 1; y++) countUniform(job, y, counts);
  for (let y = 0; y < height; y++) {
    countUniform(job, y + side - 1, counts);
    for (let x = 0; x < width; )
      if (counts[x] >= side) {
        out[y * width + x] = uniform(x, y);
        x++;
      } else if (together) {
        const start = Math.min(x, width - TOGETHER);
        sumEight(job, start, y, out, y * width + start);
        x = start + TOGETHER;
      } else {
        out[y * width + x] = sumOne(job, x, y);
        x++;
      }
  }
}

/**
 * Blurs masks ([H,W] or [N,H,W]) with a kernel of 2 kernelSize + 1, less where the mask is smaller; as [N,H,W].
 * torch adds without fused multiply-adds only for a single small mask and a kernel of 3.
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
  const data = new Float32Array(n * size);
  for (let i = 0; i < n; i++) {
    const job = prepare(
      masks.data.subarray(i * size, (i + 1) * size),
      height,
      width,
      side,
      weights,
      fused,
    );
    convolve(job, data.subarray(i * size, (i + 1) * size));
  }
  return { shape: [n, height, width], data };
}
