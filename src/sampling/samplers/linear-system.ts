// Small systems of linear equations in float32, in the order of LAPACK's getrf and getrs as torch.linalg.solve calls them: the systems of
// UniPC and SA-Solver lose so many digits that another order gives visibly different weights.
import { f32 } from '../float32.ts';

/** The solution of `matrix` x = `right`: triangles by partial pivoting, divisions as products with reciprocals. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => ({ of: [...row], right: right[i] }));
  const reciprocals: number[] = [];
  for (let k = 0; k < n; k++) {
    const pivot = rows.reduce(
      (best, row, i) => (i > k && Math.abs(row.of[k]) > Math.abs(rows[best].of[k]) ? i : best),
      k,
    );
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    reciprocals[k] = f32(1 / rows[k].of[k]);
    for (const { of } of rows.slice(k + 1)) {
      of[k] = f32(of[k] * reciprocals[k]);
      for (let j = k + 1; j < n; j++) of[j] = f32(of[j] - f32(of[k] * rows[k].of[j]));
    }
  }
  const forward: number[] = [];
  for (const [i, row] of rows.entries()) {
    let sum = 0;
    for (let k = 0; k < i; k++) sum = f32(sum + f32(row.of[k] * forward[k]));
    forward[i] = f32(row.right - sum);
  }
  const out = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let sum = 0;
    for (let j = n - 1; j > k; j--) sum = f32(sum + f32(rows[k].of[j] * out[j]));
    out[k] = f32(f32(forward[k] - sum) * reciprocals[k]);
  }
  return out;
}
