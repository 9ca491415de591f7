// A LoRA of a difference between weights: of each matrix the parts of the largest singular values.
// Source: ComfyUI comfy_extras/nodes_lora_extract.py.
import { lerp } from '../../tensor/lerp.ts';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { largestSingularVectors } from './singular-vectors.ts';

/** Factors are limited to this quantile of their values. */
const LIMIT = 0.99;
/** torch.quantile takes no more values. */
const MAX_VALUES = 16_000_000;

interface LoraFactors {
  /** [outputs, rank], with two more dimensions of 1 for a convolution. */
  readonly up: Tensor;
  /** [rank, inputs], with the kernel's height and width for a convolution. */
  readonly down: Tensor;
}

/**
 * Returns the factors of a difference [outputs, inputs] or [outputs, inputs, h, w] at a rank, or
 * undefined where ComfyUI makes none: for a convolution with a 1x1 kernel and one input or output,
 * for values that are not finite, and for factors of more than 16 million values.
 */
export function extractLora(difference: Tensor, rank: number): LoraFactors | undefined {
  const { shape, data } = difference;
  const [outputs, inputs, ...kernel] = shape;
  const columns = sizeOf(shape.slice(1));
  if (kernel.length > 0 && sizeOf(kernel) === 1 && Math.min(outputs, inputs) === 1)
    return undefined;
  const size = Math.min(rank, inputs, outputs);
  if (size * (outputs + columns) > MAX_VALUES || !data.every(Number.isFinite)) return undefined;
  const { right, scaledLeft } = largestSingularVectors({ rows: outputs, columns, data }, size);
  const up = Float32Array.from({ length: outputs * size }, (_, i) => {
    return scaledLeft[i % size][Math.floor(i / size)];
  });
  const down = Float32Array.from({ length: size * columns }, (_, i) => {
    return right[Math.floor(i / columns)][i % columns];
  });
  limitFactors([up, down]);
  const point = kernel.length > 0 ? [1, 1] : [];
  return {
    up: tensor([outputs, size, ...point], up),
    down: tensor([size, inputs, ...kernel], down),
  };
}

/** Clamps the values of factors to their quantile and its negative; it depends on their signs. */
export function limitFactors(factors: readonly Float32Array[]): void {
  const all = new Float32Array(factors.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const values of factors) {
    all.set(values, offset);
    offset += values.length;
  }
  const high = quantile(all.sort(), LIMIT);
  for (const values of factors)
    for (const [i, value] of values.entries()) values[i] = Math.min(Math.max(value, -high), high);
}

/** torch.quantile of sorted values, in its float32 arithmetic. */
function quantile(sorted: Float32Array, share: number): number {
  const position = Math.fround(Math.fround(share) * Math.fround(sorted.length - 1));
  const below = Math.floor(position);
  return lerp(sorted[below], sorted[Math.ceil(position)], Math.fround(position - below));
}
