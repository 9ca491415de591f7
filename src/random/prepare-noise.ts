// The initial noise of a sampling run (comfy.sample.prepare_noise): torch's CPU randn of the
// latent's size.
import { concatBatch, sizeOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { type TorchGenerator, torchGenerator } from './torch-generator.ts';

/**
 * Standard normal noise of `shape` [N, …], drawn at once for the whole batch. With `batchIndex`
 * (the latent's batch_index), item i is number batchIndex[i] of a stream of single items. Throws
 * DR_SEED_RANGE for seeds outside 0..2^64-1.
 */
export function prepareNoise(
  shape: readonly number[],
  seed: bigint | number,
  batchIndex?: readonly number[],
): Tensor {
  const generator = torchGenerator(seed);
  if (!batchIndex) return tensor(shape, generator.randn(sizeOf(shape)));
  const requested = new Set(batchIndex);
  const itemShape = [1, ...shape.slice(1)];
  const items = new Map<number, Tensor>();
  for (let i = 0; i <= Math.max(...requested); i++) {
    const noise = generator.randn(sizeOf(itemShape));
    if (requested.has(i)) items.set(i, tensor(itemShape, noise));
  }
  return concatBatch(batchIndex.map((i) => items.get(i)!));
}

/** The generator as `prepareNoise` leaves it, which is torch's global one in the original. */
export function generatorAfter(
  seed: bigint | number,
  shape: readonly number[],
  batchIndex?: readonly number[],
): TorchGenerator {
  const generator = torchGenerator(seed);
  const draws = batchIndex ? Math.max(...batchIndex) + 1 : 1;
  const count = sizeOf(batchIndex ? [1, ...shape.slice(1)] : shape);
  for (let i = 0; i < draws; i++) generator.randn(count);
  return generator;
}
