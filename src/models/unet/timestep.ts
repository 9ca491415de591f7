// Sinusoidal embedding of timesteps and of SDXL's size numbers (Vaswani et al. 2017; guided-diffusion's order: cosines first).
import { type Tensor, tensor } from '../../tensor/tensor.ts';

const MAX_PERIOD = 10000;

/** Near-ties that torch's float32 exp is known to round up, by half the width: index of the frequency. */
const ROUNDED_UP: Readonly<Record<number, readonly number[]>> = { 128: [12] };

/** exp(-ln(10000) i / half) as torch computes it in float32. */
function frequenciesOf(half: number): Float32Array {
  const scale = Math.fround(-Math.log(MAX_PERIOD));
  const frequencies = Float32Array.from({ length: half }, (_, i) => Math.exp(Math.fround(Math.fround(scale * i) / half)));
  const bits = new Int32Array(frequencies.buffer);
  for (const i of ROUNDED_UP[half] ?? []) bits[i]++;
  return frequencies;
}

/** [N] numbers -> [N, dim]: dim/2 cosines, then dim/2 sines, in float32 arithmetic. An odd last column is 0. */
export function timestepEmbedding(timesteps: ArrayLike<number>, dim: number): Tensor {
  const half = dim >> 1;
  const frequencies = frequenciesOf(half);
  const data = new Float32Array(timesteps.length * dim);
  for (let n = 0; n < timesteps.length; n++)
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(Math.fround(timesteps[n]) * frequencies[i]);
      data[n * dim + i] = Math.cos(angle);
      data[n * dim + half + i] = Math.sin(angle);
    }
  return tensor([timesteps.length, dim], data);
}
