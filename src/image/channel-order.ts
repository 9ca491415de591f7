// The transpositions between NHWC, the order of images, and NCHW, that of networks and torch's
// resizes.
import { allocate } from '../tensor/allocate.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** [N,H,W,C] -> [N,C,H,W] (copied). */
export function toNCHW(image: Tensor): Tensor {
  const [n, h, w, c] = image.shape;
  return { shape: [n, c, h, w], data: swap(image.data, n, h * w, c) };
}

/** [N,C,H,W] -> [N,H,W,C] (copied). */
export function toNHWC(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape;
  return { shape: [n, h, w, c], data: swap(x.data, n, c, h * w) };
}

/** Transposes each of `n` matrices of `rows` x `columns`. */
function swap(source: Float32Array, n: number, rows: number, columns: number): Float32Array {
  const data = allocate(source.length);
  for (let item = 0; item < n; item++) {
    const base = item * rows * columns;
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) data[base + c * rows + r] = source[base + r * columns + c];
  }
  return data;
}
