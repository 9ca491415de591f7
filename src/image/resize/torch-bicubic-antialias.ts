// torch.nn.functional.interpolate(mode='bicubic', antialias=True): when an image is reduced, every
// pixel contributes. Weights and sums are float32, rows first, then columns (ATen
// UpSampleKernel.cpp, separable_upsample_generic_Nd).
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Size } from '../geometry.ts';

const f = Math.fround;
const A = -0.5;
const SUPPORT = 2;

/** The cubic kernel. Each product and the sum after it are rounded once together. */
function cubicWeight(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return f(f(f((A + 2) * t - (A + 3)) * t) * t + 1);
  return t < 2 ? f(f(f(A * t - 5 * A) * t + 8 * A) * t - 4 * A) : 0;
}

interface Window {
  readonly from: number;
  readonly weights: Float32Array;
}

/** The source positions and weights of each of `to` output positions. */
function windows(from: number, to: number): Window[] {
  const scale = f(f(from) / to);
  const reduces = scale >= 1;
  const support = reduces ? f(SUPPORT * scale) : SUPPORT;
  const inverse = reduces ? f(1 / scale) : 1;
  return Array.from({ length: to }, (_, i) => {
    const center = f(scale * (i + 0.5));
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const last = Math.min(Math.trunc(center + support + 0.5), from);
    const weights = Float32Array.from({ length: last - first }, (__, j) =>
      cubicWeight(f((f(j + first - center) + 0.5) * inverse)),
    );
    const total = weights.reduce((sum, w) => f(sum + w), 0);
    return { from: first, weights: total === 0 ? weights : weights.map((w) => w / total) };
  });
}

/**
 * The products after the first are added in blocks of this many, each rounded before the addition;
 * those left over are rounded together with the sum.
 */
const BLOCK = 4;

/**
 * The weighted sum of values `stride` apart, in the order and rounding of torch's compiled loop.
 */
function weightedSum(
  values: Float32Array,
  start: number,
  stride: number,
  weights: Float32Array,
): number {
  let sum = f(values[start] * weights[0]);
  const blocks = 1 + Math.floor((weights.length - 1) / BLOCK) * BLOCK;
  for (let k = 1; k < blocks; k++) sum = f(sum + f(values[start + k * stride] * weights[k]));
  for (let k = blocks; k < weights.length; k++)
    sum = f(sum + values[start + k * stride] * weights[k]);
  return sum;
}

/** Resizes the planes of an NCHW tensor. The values may leave the range of the input. */
export function bicubicAntialias(x: Tensor, { width, height }: Size): Tensor {
  const [n, c, h, w] = x.shape;
  const [columns, rows] = [windows(w, width), windows(h, height)];
  const out = allocate(n * c * height * width);
  for (let plane = 0; plane < n * c; plane++) {
    let across = x.data.subarray(plane * h * w, (plane + 1) * h * w);
    if (width !== w) {
      const source = across;
      across = allocate(h * width);
      for (let y = 0; y < h; y++)
        for (const [i, { from, weights }] of columns.entries())
          across[y * width + i] = weightedSum(source, y * w + from, 1, weights);
    }
    const target = out.subarray(plane * height * width, (plane + 1) * height * width);
    if (height === h) target.set(across);
    else
      for (const [y, { from, weights }] of rows.entries())
        for (let i = 0; i < width; i++)
          target[y * width + i] = weightedSum(across, from * width + i, width, weights);
  }
  return tensor([n, c, height, width], out);
}
