// ComfyUI's "bislerp" for latents: neighbouring channel vectors are mixed along the sphere, rows
// first, then columns.
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Size } from '../geometry.ts';
import { interpolate } from './torch-interpolate.ts';

/** For each new position, two source positions and the mixing ratio. */
export interface BislerpPairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly ratio: Float32Array;
}

const f = Math.fround;

/**
 * The pairs along one axis, computed by resizing the coordinates themselves, as in the original,
 * rounding included.
 */
export function bislerpPairs(from: number, to: number): BislerpPairs {
  const resized = (values: Float32Array): Float32Array => {
    const row = { shape: [1, 1, 1, from], data: values };
    return interpolate(row, { height: 1, width: to }, 'bilinear').data;
  };
  const first = resized(Float32Array.from({ length: from }, (_, i) => i));
  const second = resized(Float32Array.from({ length: from }, (_, i) => Math.min(i + 1, from - 1)));
  return {
    first: Int32Array.from(first),
    second: Int32Array.from(second),
    ratio: first.map((v) => v - Math.floor(v)),
  };
}

/** Channel vectors in an array: the channels of a vector are `step` apart. */
interface Vectors {
  readonly data: Float32Array;
  readonly step: number;
}

/** Writes the mix of the vectors at `i` and `j` of the source to `to` of the result. */
type Mix = (i: number, j: number, ratio: number, to: number) => void;

function norm(v: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < v.length; i++) sum = f(sum + f(v[i] * v[i]));
  return f(Math.sqrt(sum));
}

function mixer(channels: number, source: Vectors, result: Vectors): Mix {
  const a = allocate(channels);
  const b = allocate(channels);
  return (i, j, ratio, to) => {
    for (let c = 0; c < channels; c++) {
      a[c] = source.data[i + c * source.step];
      b[c] = source.data[j + c * source.step];
    }
    mixVectors(a, b, ratio, (c, value) => {
      result.data[to + c * result.step] = value;
    });
  };
}

/**
 * Spherical interpolation of two vectors; parallel ones are copied, opposite ones mixed linearly.
 */
function mixVectors(
  a: Float32Array,
  b: Float32Array,
  ratio: number,
  write: (channel: number, value: number) => void,
): void {
  const channels = a.length;
  const normA = norm(a);
  const normB = norm(b);
  let dot = 0;
  for (let c = 0; c < channels; c++)
    dot = f(dot + f((normA && f(a[c] / normA)) * (normB && f(b[c] / normB))));
  const back = f(1 - ratio);
  if (dot > 1 - 1e-5) {
    for (let c = 0; c < channels; c++) write(c, a[c]);
  } else if (dot < 1e-5 - 1) {
    for (let c = 0; c < channels; c++) write(c, f(a[c] * back) + f(b[c] * ratio));
  } else {
    const omega = f(Math.acos(dot));
    const sine = f(Math.sin(omega));
    const weightA = f(f(Math.sin(f(back * omega))) / sine);
    const weightB = f(f(Math.sin(f(ratio * omega))) / sine);
    const length = f(f(normA * back) + f(normB * ratio));
    for (let c = 0; c < channels; c++) {
      const mixed = f(
        f(weightA * (normA && f(a[c] / normA))) + f(weightB * (normB && f(b[c] / normB))),
      );
      write(c, mixed * length);
    }
  }
}

/** Resizes an NCHW tensor by spherical mixing of its channel vectors. */
export function bislerp(x: Tensor, { width, height }: Size): Tensor {
  const [n, c, h, w] = x.shape;
  const across = allocate(n * c * h * width);
  const columns = bislerpPairs(w, width);
  const mixColumns = mixer(c, { data: x.data, step: h * w }, { data: across, step: h * width });
  for (let item = 0; item < n; item++)
    for (let y = 0; y < h; y++) {
      const from = item * c * h * w + y * w;
      const to = item * c * h * width + y * width;
      for (let i = 0; i < width; i++)
        mixColumns(from + columns.first[i], from + columns.second[i], columns.ratio[i], to + i);
    }
  const data = allocate(n * c * height * width);
  const rows = bislerpPairs(h, height);
  const mixRows = mixer(c, { data: across, step: h * width }, { data, step: height * width });
  for (let item = 0; item < n; item++)
    for (let y = 0; y < height; y++) {
      const from = item * c * h * width;
      const to = item * c * height * width + y * width;
      const [first, second] = [from + rows.first[y] * width, from + rows.second[y] * width];
      for (let i = 0; i < width; i++) mixRows(first + i, second + i, rows.ratio[y], to + i);
    }
  return { shape: [n, c, height, width], data };
}
