// Writes model files derived from others: tensors renamed, removed, added.
import { openSafetensors } from '../../../src/formats/safetensors/safetensors.ts';
import {
  type TensorToWrite,
  writeSafetensors,
} from '../../../src/formats/safetensors/safetensors-write.ts';
import { sizeOf, type Tensor, tensor } from '../../../src/tensor/tensor.ts';

export type TensorsToWrite = Record<string, TensorToWrite>;

/** Returns all tensors of a file as they are stored. */
export async function tensorsOf(file: string): Promise<TensorsToWrite> {
  const opened = await openSafetensors(file);
  try {
    const all: TensorsToWrite = {};
    for (const [name, { dtype, shape }] of opened.tensors)
      all[name] = { dtype, shape, data: await opened.readRaw(name) };
    return all;
  } finally {
    await opened.close();
  }
}

/**
 * Writes the tensors under the names that `rename` returns, without those it returns undefined for.
 * Returns the path.
 */
export async function writeRenamed(
  path: string,
  tensors: TensorsToWrite,
  rename: (name: string) => string | undefined,
): Promise<string> {
  const named = Object.entries(tensors).flatMap(([name, tensor]) => {
    const to = rename(name);
    return to === undefined ? [] : [[to, tensor] as const];
  });
  await writeSafetensors(path, Object.fromEntries(named));
  return path;
}

/**
 * Returns pseudo-random numbers in -0.5..0.5 times `scale`; noise() of test/golden/seeded.py
 * returns the same.
 */
export function noise(count: number, seed: number, scale = 1): Float32Array {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  });
}

/** Returns a tensor of such numbers plus `around`, as noise_tensor() of test/golden/seeded.py. */
export const noiseTensor = (
  shape: readonly number[],
  seed: number,
  scale = 2,
  around = 0,
): Tensor =>
  tensor(
    shape,
    noise(sizeOf(shape), seed, scale).map((value) => value + around),
  );

export interface SeededTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly seed: number;
  readonly scale: number;
  readonly around: number;
}

/** Returns the weights that fill() of test/golden/seeded.py sets. */
export const seededTensors = (specs: readonly SeededTensor[]): TensorsToWrite =>
  Object.fromEntries(
    specs.map(({ name, shape, seed, scale, around }) => {
      const values = noise(
        shape.reduce((n, d) => n * d, 1),
        seed,
        scale,
      );
      return [
        name,
        { dtype: 'F32', shape, data: around === 0 ? values : values.map((v) => v + around) },
      ];
    }),
  );
