// The largest singular values of a matrix with their vectors: Golub-Kahan-Lanczos bidiagonalization
// (Golub and Kahan 1965) with full reorthogonalization, in float64. It reads the matrix some dozens
// of times, where a whole decomposition would take minutes per weight.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** A matrix [rows, columns], row by row. */
interface DenseMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

interface SingularVectors {
  /** The right singular vectors by falling singular value, each of `columns` values. */
  readonly right: readonly Float64Array[];
  /** The left singular vectors times their singular values, each of `rows` values. */
  readonly scaledLeft: readonly Float64Array[];
}

/** A residual of this share of the largest singular value counts as none. */
const TOLERANCE = 3e-8;

/**
 * Returns the `count` largest singular values' vectors; `count` is at most the smaller dimension.
 * Signs are arbitrary. The right vectors are orthonormal; those of singular values that are 0 are
 * arbitrary.
 */
export function largestSingularVectors(matrix: DenseMatrix, count: number): SingularVectors {
  const limit = Math.min(matrix.rows, matrix.columns);
  const basis = createBasis(matrix);
  let size = Math.min(limit, count + 16);
  for (;;) {
    basis.extend(size);
    const right = basis.vectors(count, size === limit);
    if (right) return { right, scaledLeft: right.map((vector) => times(matrix, vector)) };
    size = Math.min(limit, Math.ceil(size * 1.4));
  }
}

/** The bases of both sides, between which the matrix is bidiagonal: `diagonal` and `upper`. */
function createBasis(matrix: DenseMatrix) {
  const left: Float64Array[] = [];
  const right: Float64Array[] = [startVector(matrix)];
  const diagonal: number[] = [];
  const upper: number[] = [];
  let scale = 0;

  /** Adds a unit vector in the direction of `vector`, or a new one where it is none. */
  const push = (basis: Float64Array[], vector: Float64Array): number => {
    orthogonalize(vector, basis);
    const length = norm(vector);
    scale = Math.max(scale, length);
    const isNew = length > scale * 1e-14;
    let unit = vector;
    if (!isNew) {
      unit = randomVector(vector.length, basis.length + 2);
      orthogonalize(unit, basis);
    }
    divide(unit, isNew ? length : norm(unit));
    basis.push(unit);
    return isNew ? length : 0;
  };

  return {
    extend(size: number): void {
      while (left.length < size) {
        diagonal.push(push(left, times(matrix, right[left.length])));
        const isLast = right.length === matrix.columns;
        upper.push(isLast ? 0 : push(right, timesTransposed(matrix, left[left.length - 1])));
      }
    },
    /** Returns right singular vectors, or undefined where they are not yet exact. */
    vectors(count: number, isWhole: boolean): Float64Array[] | undefined {
      const size = left.length;
      const { values, vectors } = tridiagonalEigenvectors(diagonal, upper.slice(0, size - 1));
      const largest = Math.sqrt(Math.max(values[0], 0));
      for (let i = 0; i < count && !isWhole; i++) {
        const value = Math.sqrt(Math.max(values[i], 0));
        if (value <= largest * 1e-7) continue;
        const residual = Math.abs(upper[size - 1] * diagonal[size - 1] * vectors[i][size - 1]);
        if (residual / value > TOLERANCE * largest) return undefined;
      }
      return vectors.slice(0, count).map((weights) => combine(right, weights));
    },
  };
}

/** The eigenvectors of BᵀB for the bidiagonal B, by falling eigenvalue. */
function tridiagonalEigenvectors(
  diagonal: readonly number[],
  upper: readonly number[],
): { values: number[]; vectors: Float64Array[] } {
  const size = diagonal.length;
  const square = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    square.set(i, i, diagonal[i] ** 2 + (i > 0 ? upper[i - 1] ** 2 : 0));
    if (i + 1 === size) break;
    square.set(i, i + 1, diagonal[i] * upper[i]);
    square.set(i + 1, i, diagonal[i] * upper[i]);
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(square, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  return {
    values: order.map((i) => realEigenvalues[i]),
    vectors: order.map((i) => Float64Array.from(eigenvectorMatrix.getColumn(i))),
  };
}

/** matrix · vector */
function times({ rows, columns, data }: DenseMatrix, vector: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    const start = i * columns;
    for (let j = 0; j < columns; j++) sum += data[start + j] * vector[j];
    out[i] = sum;
  }
  return out;
}

/** matrixᵀ · vector */
function timesTransposed({ rows, columns, data }: DenseMatrix, vector: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    const factor = vector[i];
    const start = i * columns;
    for (let j = 0; j < columns; j++) out[j] += data[start + j] * factor;
  }
  return out;
}

/** Removes from `vector` its parts along the unit vectors of a basis; twice, for rounding. */
function orthogonalize(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++)
    for (const unit of basis) {
      let share = 0;
      for (let i = 0; i < vector.length; i++) share += vector[i] * unit[i];
      for (let i = 0; i < vector.length; i++) vector[i] -= share * unit[i];
    }
}

function combine(basis: readonly Float64Array[], weights: Float64Array): Float64Array {
  const out = new Float64Array(basis[0].length);
  for (const [k, weight] of weights.entries())
    for (let i = 0; i < out.length; i++) out[i] += weight * basis[k][i];
  return out;
}

const norm = (vector: Float64Array): number =>
  Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

function divide(vector: Float64Array, by: number): void {
  for (let i = 0; i < vector.length; i++) vector[i] /= by;
}

/** A unit vector in the span of the rows, or any where the matrix is 0. */
function startVector(matrix: DenseMatrix): Float64Array {
  const start = timesTransposed(matrix, randomVector(matrix.rows, 1));
  const length = norm(start);
  if (length === 0) return randomVector(matrix.columns, 1);
  divide(start, length);
  return start;
}

/** A unit vector of pseudo-random direction, the same for the same seed. */
function randomVector(length: number, seed: number): Float64Array {
  const vector = new Float64Array(length);
  let state = (seed * 2654435761) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    vector[i] = state / 2 ** 32 - 0.5;
  }
  divide(vector, norm(vector));
  return vector;
}
