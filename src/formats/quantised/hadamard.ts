// The regular Hadamard matrix that ConvRot rotates with: Kronecker powers of one of size 4, divided
// by the root of the size, so that it is orthogonal; it is symmetric. It is not Sylvester's.

/** The matrix of size 4, unscaled: -1 on the secondary diagonal, 1 elsewhere. */
const SIDE = 4;

/** Returns whether there is a matrix of this size: a power of 4, at least 4. */
export const isRotationSize = (size: number): boolean =>
  size >= SIDE && Number.isInteger(Math.log2(size) / 2);

/** Returns the matrix, by rows. */
export function hadamard(size: number): Float32Array {
  const matrix = new Float32Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return rotateGroups(matrix, size);
}

/** Multiplies each group of `size` values by the matrix, in place; returns them. */
export function rotateGroups(values: Float32Array, size: number): Float32Array {
  for (let step = 1; step < size; step *= SIDE)
    for (let start = 0; start < values.length; start += step * SIDE)
      for (let i = start; i < start + step; i++) {
        const a = values[i];
        const b = values[i + step];
        const c = values[i + 2 * step];
        const d = values[i + 3 * step];
        values[i] = (a + b + c - d) / 2;
        values[i + step] = (a + b - c + d) / 2;
        values[i + 2 * step] = (a - b + c + d) / 2;
        values[i + 3 * step] = (-a + b + c + d) / 2;
      }
  return values;
}
