// torch.nn.functional.interpolate on NCHW tensors: align_corners False, no antialias. Indices and
// weights are computed in float32 as torch's CPU kernels do (UpSampleKernel.cpp,
// AdaptiveAveragePooling.cpp). Each product and the sum after it are rounded once together, because
// those kernels are compiled to fused multiply-adds.
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Size } from '../geometry.ts';

/** For each output position the same number of (source index, weight) pairs, flat. */
interface Taps {
  readonly count: number;
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

const f = Math.fround;

/** torch's area_pixel_compute_source_index, with pixel centres at half positions. */
const sourceIndex = (scale: number, i: number): number => f(scale * (i + 0.5) - 0.5);

const scaleOf = (from: number, to: number): number => f(f(from) / to);

/** The source index of each output position. */
export function nearestIndices(from: number, to: number): Int32Array {
  const scale = scaleOf(from, to);
  return Int32Array.from({ length: to }, (_, i) => Math.min(Math.floor(f(i * scale)), from - 1));
}

function nearestExact(from: number, to: number): Int32Array {
  const scale = scaleOf(from, to);
  return Int32Array.from({ length: to }, (_, i) =>
    Math.min(Math.floor(f(sourceIndex(scale, i) + 0.5)), from - 1),
  );
}

function linear(from: number, to: number): Taps {
  const scale = scaleOf(from, to);
  const index = new Int32Array(2 * to);
  const weight = allocate(2 * to);
  for (let i = 0; i < to; i++) {
    const at = from === to ? i : Math.max(0, sourceIndex(scale, i));
    const low = Math.min(Math.floor(at), from - 1);
    const ratio = Math.min(Math.max(f(at - low), 0), 1);
    index[2 * i] = low;
    index[2 * i + 1] = Math.min(low + 1, from - 1);
    weight[2 * i] = 1 - ratio;
    weight[2 * i + 1] = ratio;
  }
  return { count: 2, index, weight };
}

const A = -0.75;
const cubicNear = (x: number): number => f(f(f((A + 2) * x - (A + 3)) * x) * x + 1);
const cubicFar = (x: number): number => f(f(f(A * x - 5 * A) * x + 8 * A) * x - 4 * A);

function cubic(from: number, to: number): Taps {
  const scale = scaleOf(from, to);
  const index = new Int32Array(4 * to);
  const weight = allocate(4 * to);
  for (let i = 0; i < to; i++) {
    const at = sourceIndex(scale, i);
    const low = Math.min(Math.floor(at), from - 1);
    const t = Math.min(Math.max(f(at - low), 0), 1);
    const back = f(1 - t);
    weight.set([cubicFar(f(t + 1)), cubicNear(t), cubicNear(back), cubicFar(f(back + 1))], 4 * i);
    for (let k = 0; k < 4; k++) index[4 * i + k] = Math.min(Math.max(low - 1 + k, 0), from - 1);
  }
  return { count: 4, index, weight };
}

/** Resizes one plane. */
type ResizePlane = (source: Float32Array, result: Float32Array) => void;

/** Copies the pixel at the row and column chosen for each output position. */
function nearestPlane(rows: Int32Array, columns: Int32Array, width: number): ResizePlane {
  return (source, result) => {
    let to = 0;
    for (const row of rows) {
      const base = row * width;
      for (let i = 0; i < columns.length; i++) result[to++] = source[base + columns[i]];
    }
  };
}

/** Resizes the rows first, then the columns; each sum is in the order of the taps. */
function weightedPlane(rows: Taps, columns: Taps, { width, height }: Size): ResizePlane {
  const newWidth = columns.index.length / columns.count;
  const newHeight = rows.index.length / rows.count;
  const across = allocate(height * newWidth);
  const needed = [...new Set(rows.index)];
  return (source, result) => {
    for (const row of needed)
      resizeRow(
        source.subarray(row * width, (row + 1) * width),
        columns,
        across.subarray(row * newWidth, (row + 1) * newWidth),
      );
    const k = rows.count;
    for (let y = 0; y < newHeight; y++) {
      const out = y * newWidth;
      const first = rows.index[k * y] * newWidth;
      const firstWeight = rows.weight[k * y];
      for (let x = 0; x < newWidth; x++) result[out + x] = across[first + x] * firstWeight;
      for (let t = 1; t < k; t++) {
        const base = rows.index[k * y + t] * newWidth;
        const weight = rows.weight[k * y + t];
        for (let x = 0; x < newWidth; x++) result[out + x] += across[base + x] * weight;
      }
    }
  };
}

function resizeRow(source: Float32Array, taps: Taps, result: Float32Array): void {
  const { count: k, index, weight } = taps;
  for (let x = 0; x < result.length; x++) {
    let sum = f(source[index[k * x]] * weight[k * x]);
    for (let t = 1; t < k; t++) sum = f(sum + source[index[k * x + t]] * weight[k * x + t]);
    result[x] = sum;
  }
}

/** The window of output position i of a resize by areas (adaptive_avg_pool2d). */
const windowStart = (from: number, to: number, i: number): number => Math.floor((i * from) / to);
const windowEnd = (from: number, to: number, i: number): number => Math.ceil(((i + 1) * from) / to);

/** The mean over the window of each output pixel. */
function areaPlane(from: Size, to: Size): ResizePlane {
  return (source, result) => {
    for (let y = 0; y < to.height; y++) {
      const y0 = windowStart(from.height, to.height, y);
      const y1 = windowEnd(from.height, to.height, y);
      for (let x = 0; x < to.width; x++) {
        const x0 = windowStart(from.width, to.width, x);
        const x1 = windowEnd(from.width, to.width, x);
        let sum = 0;
        for (let row = y0; row < y1; row++)
          for (let column = x0; column < x1; column++)
            sum = f(sum + source[row * from.width + column]);
        result[y * to.width + x] = f(sum / (y1 - y0)) / (x1 - x0);
      }
    }
  };
}

/** Creates the function that resizes a plane in each mode. */
const MODES = {
  nearest: (from: Size, to: Size): ResizePlane =>
    nearestPlane(
      nearestIndices(from.height, to.height),
      nearestIndices(from.width, to.width),
      from.width,
    ),
  'nearest-exact': (from: Size, to: Size): ResizePlane =>
    nearestPlane(
      nearestExact(from.height, to.height),
      nearestExact(from.width, to.width),
      from.width,
    ),
  bilinear: (from: Size, to: Size): ResizePlane =>
    weightedPlane(linear(from.height, to.height), linear(from.width, to.width), from),
  bicubic: (from: Size, to: Size): ResizePlane =>
    weightedPlane(cubic(from.height, to.height), cubic(from.width, to.width), from),
  area: areaPlane,
};

export type InterpolateMode = keyof typeof MODES;

/**
 * Resizes the planes of an NCHW tensor. The values of bicubic may leave the range of the input.
 */
export function interpolate(x: Tensor, { width, height }: Size, mode: InterpolateMode): Tensor {
  const [n, c, h, w] = x.shape;
  if (x.shape.length !== 4) throw new Error(`internal: interpolate of [${x.shape}]`);
  if (!(h > 0 && w > 0 && height > 0 && width > 0))
    throw new Error(`internal: interpolate ${h}x${w} -> ${height}x${width}`);
  const resize = MODES[mode]({ width: w, height: h }, { width, height });
  const data = allocate(n * c * height * width);
  for (let i = 0; i < n * c; i++)
    resize(
      x.data.subarray(i * h * w, (i + 1) * h * w),
      data.subarray(i * height * width, (i + 1) * height * width),
    );
  return { shape: [n, c, height, width], data };
}

/** Returns the (source index, weight) pairs of output position i. */
type PairsAt = (i: number) => readonly (readonly [index: number, weight: number])[];

const chosen =
  (index: Int32Array): PairsAt =>
  (i) => [[index[i], 1]];

const weighted =
  ({ count, index, weight }: Taps): PairsAt =>
  (i) =>
    Array.from({ length: count }, (_, k) => [index[count * i + k], weight[count * i + k]]);

/** Equal weights within the window of each output position. */
const averaged =
  (from: number, to: number): PairsAt =>
  (i) => {
    const start = windowStart(from, to, i);
    const count = windowEnd(from, to, i) - start;
    return Array.from({ length: count }, (_, k) => [start + k, 1 / count]);
  };

const PAIRS: Readonly<Record<InterpolateMode, (from: number, to: number) => PairsAt>> = {
  nearest: (from, to) => chosen(nearestIndices(from, to)),
  'nearest-exact': (from, to) => chosen(nearestExact(from, to)),
  bilinear: (from, to) => weighted(linear(from, to)),
  bicubic: (from, to) => weighted(cubic(from, to)),
  area: averaged,
};

/** Returns the matrix [to, from] by which a mode resizes along one axis. */
export function interpolationMatrix(from: number, to: number, mode: InterpolateMode): Tensor {
  const pairsAt = PAIRS[mode](from, to);
  const data = allocate(to * from);
  for (let i = 0; i < to; i++)
    for (const [source, weight] of pairsAt(i)) data[i * from + source] += weight;
  return { shape: [to, from], data };
}
