// Inputs that a golden describes by seeds (given() of its generator) in place of their numbers.
import type { Tensor } from '../../src/tensor/tensor.ts';
import { noiseTensor } from './files/rewrite.ts';
import type { Golden } from './golden.ts';

/** Returns one by its name. */
export function givenTensor(g: Golden, name: string): Tensor {
  const { shape, seed, scale, around } = g.inputs[name];
  return noiseTensor(shape, seed, scale, around);
}
