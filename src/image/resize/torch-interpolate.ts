// torch.nn.functional.interpolate on NCHW tensors: align_corners False, no antialias.
// Indices and weights are computed in float32 as torch's CPU kernels do (UpSampleKernel.cpp, AdaptiveAveragePooling.cpp),
// each product and the sum after it rounded once together: those kernels are compiled to fused multiply-adds.
import type { Tensor } from '../../tensor/tensor.ts';

/** For each output position the same number of (source index, weight) pairs, flat. */
interface Taps {
  readonly count: number;
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

const f = Math.fround;

/** torch's area_pixel_compute_source_index, pixel centres at half positions. */
const sourceIndex = (scale: number, i: number): number => f(scale * (i + 0.5) - 0.5);

const scaleOf = (from: number, to: number): number => f(f(from) / to);

function nearest(from: number, to: number): Int32Array {
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
  const weight = new Float32Array(2 * to);
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
  const weight = new Float32Array(4 * to);
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

type Plane = (source: Float32Array, result: Float32Array) => void;

function pickPlane(rows: Int32Array, columns: Int32Array, width: number): Plane {
  return (source, result) => {
    let to = 0;
    for (const row of rows) {
      const base = row * width;
      for (let i = 0; i < columns.length; i++) result[to++] = source[base + columns[i]];
    }
  };
}

/** Rows first across, then down, each sum in the order of the taps. */
function weighPlane(rows: Taps, columns: Taps, height: number, width: number): Plane {
  const newWidth = columns.index.length / columns.count;
  const newHeight = rows.index.length / rows.count;
  const across = new Float32Array(height * newWidth);
  const needed = [...new Set(rows.index)];
  return (source, result) => {
    for (const row of needed)
      weighRow(source, row * width, columns, across, row * newWidth, newWidth);
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

function weighRow(
  source: Float32Array,
  base: number,
  taps: Taps,
  result: Float32Array,
  out: number,
  length: number,
): void {
  const { count: k, index, weight } = taps;
  for (let x = 0; x < length; x++) {
    let sum = f(source[base + index[k * x]] * weight[k * x]);
    for (let t = 1; t < k; t++) sum = f(sum + source[base + index[k * x + t]] * weight[k * x + t]);
    result[out + x] = sum;
  }
}

/** Mean over the window of each output pixel (adaptive_avg_pool2d). */
function areaPlane(height: number, width: number, newHeight: number, newWidth: number): Plane {
  const start = (i: number, from: number, to: number) => Math.floor((i * from) / to);
  const end = (i: number, from: number, to: number) => Math.ceil(((i + 1) * from) / to);
  return (source, result) => {
    for (let y = 0; y < newHeight; y++) {
      const y0 = start(y, height, newHeight);
      const y1 = end(y, height, newHeight);
      for (let x = 0; x < newWidth; x++) {
        const x0 = start(x, width, newWidth);
        const x1 = end(x, width, newWidth);
        let sum = 0;
        for (let row = y0; row < y1; row++)
          for (let column = x0; column < x1; column++) sum = f(sum + source[row * width + column]);
        result[y * newWidth + x] = f(sum / (y1 - y0)) / (x1 - x0);
      }
    }
  };
}

/** One resampling rule per mode: sizes in, a function from plane to plane out. */
const MODES = {
  nearest: (h: number, w: number, newH: number, newW: number): Plane =>
    pickPlane(nearest(h, newH), nearest(w, newW), w),
  'nearest-exact': (h: number, w: number, newH: number, newW: number): Plane =>
    pickPlane(nearestExact(h, newH), nearestExact(w, newW), w),
  bilinear: (h: number, w: number, newH: number, newW: number): Plane =>
    weighPlane(linear(h, newH), linear(w, newW), h, w),
  bicubic: (h: number, w: number, newH: number, newW: number): Plane =>
    weighPlane(cubic(h, newH), cubic(w, newW), h, w),
  area: areaPlane,
};

export type InterpolateMode = keyof typeof MODES;

/** Resizes the planes of an NCHW tensor to `height` x `width`; bicubic may leave the range of its input. */
export function interpolate(
  x: Tensor,
  height: number,
  width: number,
  mode: InterpolateMode,
): Tensor {
  const [n, c, h, w] = x.shape;
  if (x.shape.length !== 4) throw new Error(`internal: interpolate of [${x.shape}]`);
  if (!(h > 0 && w > 0 && height > 0 && width > 0))
    throw new Error(`internal: interpolate ${h}x${w} -> ${height}x${width}`);
  const plane = MODES[mode](h, w, height, width);
  const data = new Float32Array(n * c * height * width);
  for (let i = 0; i < n * c; i++)
    plane(
      x.data.subarray(i * h * w, (i + 1) * h * w),
      data.subarray(i * height * width, (i + 1) * height * width),
    );
  return { shape: [n, c, height, width], data };
}
