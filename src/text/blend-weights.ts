// How a weight acts (ComfyUI's ClipTokenWeightEncoder): a position's state is moved away from, or towards, the state that the empty
// prompt has there: z = (z - z_empty) w + z_empty; then the chunks are laid end to end.
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** States [N,T,D] of N chunks and `weights[chunk][position]` -> features [1, N T, D]. `empty` [T,D]: needed where a weight is not 1. */
export function blendWeights(
  hidden: Tensor,
  weights: readonly (readonly number[])[],
  empty?: Float32Array,
): Tensor {
  const [, length, width] = hidden.shape;
  const data = hidden.data.slice(0, weights.length * length * width);
  for (const [chunk, row] of weights.entries()) {
    for (const [position, weight] of row.entries()) {
      if (weight === 1) continue;
      if (!empty) throw new Error('internal: a weight without the state of the empty prompt');
      const from = (chunk * length + position) * width;
      const w = Math.fround(weight);
      for (let i = 0; i < width; i++) {
        const base = empty[position * width + i];
        data[from + i] = Math.fround(Math.fround(data[from + i] - base) * w) + base;
      }
    }
  }
  return tensor([1, weights.length * length, width], data);
}

/** Joins features [1,T,D] of several encoders per position, cut to the shortest. */
export function joinFeatures(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const length = Math.min(...parts.map((part) => part.shape[1]));
  const width = parts.reduce((sum, part) => sum + part.shape[2], 0);
  const data = new Float32Array(length * width);
  let column = 0;
  for (const part of parts) {
    const own = part.shape[2];
    for (let t = 0; t < length; t++)
      data.set(part.data.subarray(t * own, (t + 1) * own), t * width + column);
    column += own;
  }
  return tensor([1, length, width], data);
}
