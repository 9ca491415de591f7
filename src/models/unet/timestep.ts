// Sinusoidal embedding of timesteps and of SDXL's size numbers (Vaswani et al. 2017;
// guided-diffusion's order: cosines first).
import { exp } from '../../tensor/float32/exp.ts';
import { cos, sin } from '../../tensor/float32/trigonometry.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';

const MAX_PERIOD = 10000;

/** Returns exp(-ln(10000) i / half) as torch computes it in float32. */
function frequenciesOf(half: number): Float32Array {
  const scale = Math.fround(-Math.log(MAX_PERIOD));
  return Float32Array.from({ length: half }, (_, i) =>
    exp(Math.fround(Math.fround(scale * i) / half)),
  );
}

/** What angles or, before them, frequencies are multiplied by; 1 by default. */
interface EmbeddingFactors {
  readonly angles?: number;
  readonly frequencies?: number;
}

/**
 * Embeds N numbers as [N, dim]: dim/2 cosines, then dim/2 sines, in float32 arithmetic. With an odd
 * `dim` the last column is 0.
 */
export function timestepEmbedding(
  timesteps: ArrayLike<number>,
  dim: number,
  { angles = 1, frequencies: factor = 1 }: EmbeddingFactors = {},
): Tensor {
  const half = dim >> 1;
  const frequencies = frequenciesOf(half).map((frequency) => frequency * factor);
  const data = new Float32Array(timesteps.length * dim);
  for (let n = 0; n < timesteps.length; n++)
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(Math.fround(Math.fround(timesteps[n]) * frequencies[i]) * angles);
      data[n * dim + i] = cos(angle);
      data[n * dim + half + i] = sin(angle);
    }
  return tensor([timesteps.length, dim], data);
}

/** Embeds numbers in 0..1 as the timesteps 0 to 1000. */
export const fractionEmbedding = (values: ArrayLike<number>, dim: number): Tensor =>
  timestepEmbedding(
    Float32Array.from(values, (value) => 1000 * value),
    dim,
  );
