// Applies prompt weights (ComfyUI's ClipTokenWeightEncoder): the hidden state of a position is
// moved away from, or towards, that of the empty prompt, z = (z - z_empty) w + z_empty; then the
// chunks are joined.
import { allocate } from '../tensor/allocate.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/**
 * Weights the hidden states [N,T,D] of N chunks by `weights[chunk][position]` and joins them as [1,
 * N T, D]. `empty` [T,D] is the state of the empty prompt, required where a weight is not 1.
 */
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
      if (!empty) throw new Error('internal: weights without the state of the empty prompt');
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

/**
 * Weights the states [1, T, L D] of L layers as ComfyUI does where it asks for all layers: it takes
 * the weight of a token for the layer of the same number, the embeddings being the first. `width`:
 * D; `empty`: as in blendWeights.
 */
export function blendLayerWeights(
  states: Tensor,
  weights: readonly number[],
  width: number,
  empty?: Float32Array,
): Tensor {
  const [, length, all] = states.shape;
  const data = states.data.slice(0, length * all);
  const factors = Array.from({ length: all / width }, (_, layer) =>
    Math.fround(weights[layer + 1] ?? 1),
  );
  for (let i = 0; empty && i < data.length; i++) {
    const factor = factors[Math.floor((i % all) / width)];
    if (factor !== 1) data[i] = Math.fround(Math.fround(data[i] - empty[i]) * factor) + empty[i];
  }
  return tensor([1, length, all], data);
}

/**
 * Concatenates the features [1,T,D] of several encoders per position, truncated to the shortest.
 */
export function joinFeatures(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const length = Math.min(...parts.map((part) => part.shape[1]));
  const width = parts.reduce((sum, part) => sum + part.shape[2], 0);
  const data = allocate(length * width);
  let column = 0;
  for (const part of parts) {
    const partWidth = part.shape[2];
    for (let t = 0; t < length; t++)
      data.set(part.data.subarray(t * partWidth, (t + 1) * partWidth), t * width + column);
    column += partWidth;
  }
  return tensor([1, length, width], data);
}
