// Variations of noise: blends in another seed's noise within a mask (Impact Pack core.py mix_noise,
// REGIONAL_PROMPT.touch_noise).

import { toNHW } from '../../image/mask/mask-shape.ts';
import { resizeMask } from '../../image/resize/impact-resize.ts';
import { prepareNoise } from '../../random/prepare-noise.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { combine, divide, f32, sin } from '../float32.ts';

export const VARIATION_METHODS = ['linear', 'slerp'] as const;

export interface Variation {
  readonly seed: bigint;
  /** Share of the other noise, 0..1. */
  readonly strength: number;
  readonly method: (typeof VARIATION_METHODS)[number];
}

/** Blends two noises to unit variance: linearly and rescaled, or by spherical interpolation. */
export function mixNoise(
  from: Tensor,
  to: Tensor,
  strength: number,
  method: Variation['method'],
): Tensor {
  if (method === 'slerp') return slerp(strength, from, to);
  const mixed = combine(from.data, 1 - strength, to.data, strength);
  return tensor(from.shape, divide(mixed, Math.sqrt((1 - strength) ** 2 + strength ** 2)));
}

/** Spherical interpolation of each batch item from `low` (0) to `high` (1). */
export function slerp(amount: number, low: Tensor, high: Tensor): Tensor {
  const items = low.shape[0];
  const size = low.data.length / items;
  const data = allocate(low.data.length);
  for (let item = 0; item < items; item++) {
    const [a, b] = [low, high].map((x) => x.data.subarray(item * size, (item + 1) * size));
    const [normA, normB] = [norm(a), norm(b)];
    let dot = 0;
    for (let i = 0; i < size; i++) dot += f32(unit(a[i], normA) * unit(b[i], normB));
    const omega = f32(Math.acos(f32(dot)));
    const so = sin(omega);
    const ka = f32(sin(f32(f32(1 - amount) * omega)) / so);
    const kb = f32(sin(f32(f32(amount) * omega)) / so);
    for (let i = 0; i < size; i++) data[item * size + i] = f32(ka * a[i]) + f32(kb * b[i]);
  }
  return tensor(low.shape, data);
}

function norm(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return f32(Math.sqrt(sum));
}

/** value / length; 0 instead of NaN. */
const unit = (value: number, length: number): number => f32(value / length) || 0;

/**
 * Varies noise [B,C,H,W] where the mask, resized to the noise, is 1. As in the original, the noise
 * becomes 0 where the mask is neither 0 nor 1.
 */
export function varyNoise(
  noise: Tensor,
  mask: Tensor,
  { seed, strength, method }: Variation,
): Tensor {
  if (strength <= 0) return noise;
  const [height, width] = noise.shape.slice(-2);
  const resized = resizeMask(toNHW(mask), { width, height }).data;
  const mixed = mixNoise(noise, prepareNoise(noise.shape, seed), strength, method);
  const cell = (i: number): number => resized[i % (height * width)];
  return tensor(
    noise.shape,
    noise.data.map((value, i) => (cell(i) === 1 ? mixed.data[i] : cell(i) === 0 ? value : 0)),
  );
}
