// scipy.ndimage.gaussian_filter of a float32 plane: columns first, then rows; edges mirrored with
// the edge pixel repeated; weights up to four standard deviations; sums in double precision,
// rounded per direction.
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** The index that `i` is mirrored to, with the edge repeated. */
const reflect = (i: number, length: number): number => {
  const index = ((i % (2 * length)) + 2 * length) % (2 * length);
  return index < length ? index : 2 * length - 1 - index;
};

/** Filters along an axis of `length` values that are `step` apart. */
function filter(
  data: Float32Array,
  length: number,
  step: number,
  weights: Float64Array,
): Float32Array {
  const out = allocate(data.length);
  for (let i = 0; i < data.length; i++) {
    const position = Math.floor(i / step) % length;
    const start = i - position * step;
    let sum = data[i] * weights[0];
    for (let k = weights.length - 1; k > 0; k--)
      sum +=
        (data[start + reflect(position - k, length) * step] +
          data[start + reflect(position + k, length) * step]) *
        weights[k];
    out[i] = sum;
  }
  return out;
}

/** Blurs a plane [H,W]; returns it unchanged for a standard deviation of 0. */
export function scipyGaussianFilter(plane: Tensor, sigma: number): Tensor {
  if (sigma <= 1e-15) return plane;
  const [height, width] = plane.shape;
  const radius = Math.trunc(4 * sigma + 0.5);
  const half = Float64Array.from({ length: radius + 1 }, (_, k) =>
    Math.exp((-0.5 / (sigma * sigma)) * k * k),
  );
  const sum = half.reduce((total, weight, k) => total + (k === 0 ? weight : 2 * weight), 0);
  const weights = half.map((weight) => weight / sum);
  const down = filter(plane.data, height, width, weights);
  return { shape: [height, width], data: filter(down, width, 1, weights) };
}
