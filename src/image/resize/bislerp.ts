// ComfyUI's "bislerp" for latents: neighbouring channel vectors are mixed along the sphere, first across, then down.
import type { Tensor } from '../../tensor/tensor.ts';
import { interpolate } from './torch-interpolate.ts';

interface Pairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly ratio: Float32Array;
}

const f = Math.fround;

/** Two source positions and the mixing ratio for each new position, by resizing the coordinates themselves (as the original, rounding included). */
function pairs(from: number, to: number): Pairs {
  const resized = (values: Float32Array): Float32Array =>
    interpolate({ shape: [1, 1, 1, from], data: values }, 1, to, 'bilinear').data;
  const first = resized(Float32Array.from({ length: from }, (_, i) => i));
  const second = resized(Float32Array.from({ length: from }, (_, i) => Math.min(i + 1, from - 1)));
  return {
    first: Int32Array.from(first),
    second: Int32Array.from(second),
    ratio: first.map((v) => v - Math.floor(v)),
  };
}

function mixer(channels: number) {
  const a = new Float32Array(channels);
  const b = new Float32Array(channels);
  const norm = (v: Float32Array): number => {
    let sum = 0;
    for (let i = 0; i < channels; i++) sum = f(sum + f(v[i] * v[i]));
    return f(Math.sqrt(sum));
  };
  /** Writes the mix of the vectors at `i` and `j` of `source` to `result` at `to`; channels lie `step` and `stepOut` apart. */
  return (
    source: Float32Array,
    i: number,
    j: number,
    step: number,
    r: number,
    result: Float32Array,
    to: number,
    stepOut: number,
  ): void => {
    for (let c = 0; c < channels; c++) {
      a[c] = source[i + c * step];
      b[c] = source[j + c * step];
    }
    const normA = norm(a);
    const normB = norm(b);
    let dot = 0;
    for (let c = 0; c < channels; c++)
      dot = f(dot + f((normA && f(a[c] / normA)) * (normB && f(b[c] / normB))));
    const back = f(1 - r);
    if (dot > 1 - 1e-5) {
      for (let c = 0; c < channels; c++) result[to + c * stepOut] = a[c];
    } else if (dot < 1e-5 - 1) {
      for (let c = 0; c < channels; c++) result[to + c * stepOut] = f(a[c] * back) + f(b[c] * r);
    } else {
      const omega = f(Math.acos(dot));
      const sine = f(Math.sin(omega));
      const weightA = f(f(Math.sin(f(back * omega))) / sine);
      const weightB = f(f(Math.sin(f(r * omega))) / sine);
      const length = f(f(normA * back) + f(normB * r));
      for (let c = 0; c < channels; c++) {
        const mixed = f(
          f(weightA * (normA && f(a[c] / normA))) + f(weightB * (normB && f(b[c] / normB))),
        );
        result[to + c * stepOut] = mixed * length;
      }
    }
  };
}

/** Resizes an NCHW tensor to `width` x `height` by spherical mixing of its channel vectors. */
export function bislerp(x: Tensor, width: number, height: number): Tensor {
  const [n, c, h, w] = x.shape;
  const mix = mixer(c);
  const across = new Float32Array(n * c * h * width);
  const columns = pairs(w, width);
  for (let item = 0; item < n; item++)
    for (let y = 0; y < h; y++) {
      const from = item * c * h * w + y * w;
      const to = item * c * h * width + y * width;
      for (let i = 0; i < width; i++)
        mix(
          x.data,
          from + columns.first[i],
          from + columns.second[i],
          h * w,
          columns.ratio[i],
          across,
          to + i,
          h * width,
        );
    }
  const data = new Float32Array(n * c * height * width);
  const rows = pairs(h, height);
  for (let item = 0; item < n; item++)
    for (let y = 0; y < height; y++) {
      const from = item * c * h * width;
      const to = item * c * height * width + y * width;
      for (let i = 0; i < width; i++)
        mix(
          across,
          from + rows.first[y] * width + i,
          from + rows.second[y] * width + i,
          h * width,
          rows.ratio[y],
          data,
          to + i,
          height * width,
        );
    }
  return { shape: [n, c, height, width], data };
}
