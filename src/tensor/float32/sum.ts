// torch.sum of a contiguous float32 tensor: sums of columns, cascaded over four levels, then the
// sum of the columns (ATen's SumKernel with AVX2, which it uses with AVX-512 too; from 32768 values
// on threads share the sum).
import { allocate } from '../allocate.ts';

const f = Math.fround;

const VECTOR = 8;
const ROWS = 4;
const LEVELS = 4;

const addTo = (sums: Float32Array, values: Float32Array, start = 0): void => {
  for (let i = 0; i < sums.length; i++) sums[i] += values[start + i];
};

/** The sums of the columns of `rows` rows. */
function columnSums(values: Float32Array, rows: number, columns: number): Float32Array {
  const power = Math.max(4, Math.floor(Math.ceil(Math.log2(rows)) / LEVELS));
  const step = 2 ** power;
  const levels = Array.from({ length: LEVELS }, () => allocate(columns));
  let row = 0;
  while (row + step <= rows) {
    for (const end = row + step; row < end; row++) addTo(levels[0], values, row * columns);
    for (let level = 1; level < LEVELS; level++) {
      addTo(levels[level], levels[level - 1]);
      levels[level - 1].fill(0);
      if (Math.floor(row / step ** level) % step !== 0) break;
    }
  }
  for (; row < rows; row++) addTo(levels[0], values, row * columns);
  for (const level of levels.slice(1)) addTo(levels[0], level);
  return levels[0];
}

/** The sums of the lanes of vectors of `lanes` values; values beyond whole vectors are left out. */
function laneSums(values: Float32Array, lanes: number): Float32Array {
  const rows = Math.floor(values.length / (ROWS * lanes));
  const columns = columnSums(values, rows, ROWS * lanes);
  const sums = columns.slice(0, lanes);
  for (let at = rows * ROWS * lanes; at + lanes <= values.length; at += lanes)
    addTo(sums, values, at);
  for (let row = 1; row < ROWS; row++) addTo(sums, columns, row * lanes);
  return sums;
}

/** The sum of all values. */
export function sum(values: Float32Array): number {
  if (values.length < VECTOR) return laneSums(values, 1)[0];
  const whole = values.length - (values.length % VECTOR);
  const rest = values.subarray(whole);
  return [...rest, ...laneSums(values, VECTOR)].reduce((total, value) => f(total + value), 0);
}
