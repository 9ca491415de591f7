// What the Impact Pack's regional samplers need beside sampling: the noise variation of a region and the masks of all regions
// (core.py: mix_noise, REGIONAL_PROMPT.touch_noise; special_samplers.py). slerp: Shoemake 1985, per batch item.
import { DarkroomError } from '../errors.ts';
import { squeezeMask } from '../image/morphology.ts';
import { resizeMask } from '../image/upscale.ts';
import { prepareNoise } from '../random/noise.ts';
import { map, sizeOf, type Tensor } from '../tensor/tensor.ts';

const f = Math.fround;

function normOf(values: Float32Array): number {
  let sum = 0;
  for (const v of values) sum += v * v;
  return f(Math.sqrt(sum));
}

/** Spherical mix of two vectors, in place of `low`'s; a zero vector counts as at a right angle to everything. */
function slerpItem(val: number, low: Float32Array, high: Float32Array): Float32Array {
  const lowNorm = normOf(low);
  const highNorm = normOf(high);
  let dot = 0;
  if (lowNorm > 0 && highNorm > 0) for (let i = 0; i < low.length; i++) dot += f(f(low[i] / lowNorm) * f(high[i] / highNorm));
  const omega = f(Math.acos(f(dot)));
  const so = f(Math.sin(omega));
  const a = f(f(Math.sin(f(f(1 - val) * omega))) / so);
  const b = f(f(Math.sin(f(f(val) * omega))) / so);
  return low.map((v, i) => f(a * v) + f(b * high[i]));
}

function slerp(val: number, low: Tensor, high: Tensor): Tensor {
  const each = sizeOf(low.shape.slice(1));
  const data = new Float32Array(low.data.length);
  for (let at = 0; at < data.length; at += each)
    data.set(slerpItem(val, low.data.subarray(at, at + each), high.data.subarray(at, at + each)), at);
  return { shape: low.shape, data };
}

function linear(strength: number, from: Tensor, to: Tensor): Tensor {
  const keep = f(1 - strength);
  const take = f(strength);
  const scale = f(Math.sqrt((1 - strength) ** 2 + strength ** 2));
  return map(from, (v, i) => f(f(keep * v) + f(take * to.data[i])) / scale);
}

/** How noise is varied; linear keeps the variance by scaling. */
export const VARIATION_METHODS = { linear, slerp } satisfies Record<string, (strength: number, from: Tensor, to: Tensor) => Tensor>;

export type VariationMethod = keyof typeof VARIATION_METHODS;

/** mix_noise: `from` turned towards `to` by `strength` 0..1; tensors [N,…] of one shape. */
export const mixNoise = (from: Tensor, to: Tensor, strength: number, method: VariationMethod): Tensor =>
  VARIATION_METHODS[method](strength, from, to);

export interface NoiseVariation {
  readonly seed: bigint | number;
  readonly strength: number;
  readonly method: VariationMethod;
}

/**
 * touch_noise: noise [N,C,H,W] varied inside a region's mask (any size). As in the original only where the resized mask is exactly 1;
 * where it lies between 0 and 1 the noise becomes 0.
 */
export function touchNoise(noise: Tensor, mask: Tensor, { seed, strength, method }: NoiseVariation): Tensor {
  if (!(strength > 0)) return noise;
  const [, , height, width] = noise.shape;
  const flat = squeezeMask(mask);
  if (flat.shape.length !== 2)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `a region with a batch of ${flat.shape[0]} masks`,
      hint: 'give each regional prompt a single mask',
      input: 'mask',
    });
  const region = resizeMask(flat, width, height).data;
  const mixed = mixNoise(noise, prepareNoise(noise.shape, seed), strength, method);
  return map(noise, (v, i) => {
    const m = region[i % region.length];
    return m === 1 ? mixed.data[i] : m === 0 ? v : 0;
  });
}

/** The masks of all regions, rounded up to whole numbers and joined by or, and 1 where there is none. */
export function regionMasks(masks: readonly Tensor[]): { readonly combined: Tensor; readonly inverse: Tensor } {
  const flat = masks.map(squeezeMask);
  const { shape } = flat[0];
  for (const other of flat)
    if (other.shape.join() !== shape.join())
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `regions with masks of [${shape}] and [${other.shape}]`,
        hint: 'make all masks of the regional prompts the same size',
        input: 'regional_prompts',
      });
  const combined = map(flat[0], (_, i) => flat.reduce((bits, mask) => bits | Math.ceil(mask.data[i]), 0));
  return { combined, inverse: map(combined, (v) => Number(v === 0)) };
}
