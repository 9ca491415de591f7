// Small systems of linear equations in float32.
import { f32 } from '../float32.ts';

/** The solution of `matrix` x = `right` by Gaussian elimination with partial pivoting. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let k = 0; k < n; k++) {
    const pivot = rows.reduce((best, row, i) => (i > k && Math.abs(row[k]) > Math.abs(rows[best][k]) ? i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = f32(rows[i][k] / rows[k][k]);
      for (let j = k; j <= n; j++) rows[i][j] = f32(rows[i][j] - f32(factor * rows[k][j]));
    }
  }
  const out = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let rest = rows[k][n];
    for (let j = k + 1; j < n; j++) rest = f32(rest - f32(rows[k][j] * out[j]));
    out[k] = f32(rest / rows[k][k]);
  }
  return out;
}
