// Sinusoidal embedding of timesteps and of SDXL's size numbers (Vaswani et al. 2017;
// guided-diffusion's order: cosines first).
import { type Tensor, tensor } from '../../tensor/tensor.ts';

const MAX_PERIOD = 10000;

/**
 * Errors of torch's float32 exp (MKL's), in units in the last place, for the exponents of the usual
 * widths at which it does not return the nearest float32.
 */
const TORCH_EXP_ERRORS: ReadonlyMap<number, number> = new Map([
  [-0.115129254758358, 1],
  [-0.8634694218635559, 1],
  [-2.4177143573760986, 1],
  [-4.940964221954346, 1],
  [-5.228786945343018, -1],
  [-7.627313137054443, 1],
]);

/** Returns exp(-ln(10000) i / half) as torch computes it in float32. */
function frequenciesOf(half: number): Float32Array {
  const scale = Math.fround(-Math.log(MAX_PERIOD));
  const exponents = Float32Array.from({ length: half }, (_, i) => Math.fround(scale * i) / half);
  const frequencies = exponents.map(Math.exp);
  const bits = new Int32Array(frequencies.buffer);
  exponents.forEach((exponent, i) => {
    bits[i] += TORCH_EXP_ERRORS.get(exponent) ?? 0;
  });
  return frequencies;
}

/**
 * Embeds N numbers as [N, dim]: dim/2 cosines, then dim/2 sines, in float32 arithmetic. With an odd
 * `dim` the last column is 0.
 */
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
