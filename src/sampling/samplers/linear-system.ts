// Small systems of linear equations in float32, in the order of operations of LAPACK's getrf and
// getrs as torch.linalg.solve calls them. The systems of UniPC and SA-Solver lose so many digits
// that another order results in visibly different weights.
import { f32 } from '../float32.ts';

/** Up to this size the original divides by the last pivot but one (MKL has code of its own). */
const SMALL = 4;

/**
 * Solves `matrix` x = `right` by LU decomposition with partial pivoting; divisions are products
 * with reciprocals, but for the last factor of a small system.
 */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => ({ coefficients: [...row], right: right[i] }));
  const reciprocals: number[] = [];
  for (let k = 0; k < n; k++) {
    const pivot = rows.reduce(
      (best, row, i) =>
        i > k && Math.abs(row.coefficients[k]) > Math.abs(rows[best].coefficients[k]) ? i : best,
      k,
    );
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    reciprocals[k] = f32(1 / rows[k].coefficients[k]);
    for (const { coefficients } of rows.slice(k + 1)) {
      coefficients[k] =
        k === n - 2 && n <= SMALL
          ? f32(coefficients[k] / rows[k].coefficients[k])
          : f32(coefficients[k] * reciprocals[k]);
      for (let j = k + 1; j < n; j++)
        coefficients[j] = f32(coefficients[j] - f32(coefficients[k] * rows[k].coefficients[j]));
    }
  }
  const forward: number[] = []; // L y = right
  for (const [i, row] of rows.entries()) {
    let sum = 0;
    for (let k = 0; k < i; k++) sum = f32(sum + f32(row.coefficients[k] * forward[k]));
    forward[i] = f32(row.right - sum);
  }
  const out = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let sum = 0;
    for (let j = n - 1; j > k; j--) sum = f32(sum + f32(rows[k].coefficients[j] * out[j]));
    out[k] = f32(f32(forward[k] - sum) * reciprocals[k]);
  }
  return out;
}
