// The fused multiply-add of float32 values.

import { double, LOW, words } from './words.ts';

const f = Math.fround;

const SMALLEST_NORMAL = 2 ** -126;

/**
 * a * b + c of float32 values, rounded once.
 *
 * The product is exact in a double, and rounding is monotone: rounding the sum to a double and then
 * to a float32 can only differ from rounding it once where the double is exactly between two
 * float32 values: one bit and 28 zeros are beyond a normal float32 then, more zeros beyond a
 * subnormal one. The sum is then moved off the middle by its own rounding error, which Knuth's
 * two-sum gives exactly.
 */
export function fma(a: number, b: number, c: number): number {
  const p = a * b;
  const s = p + c;
  double[0] = s;
  if ((words[LOW] & 0x1fffffff) !== 0x10000000 && Math.abs(s) >= SMALLEST_NORMAL) return f(s);
  const back = s - p;
  const error = p - (s - back) + (c - back);
  if (error > 0) return f(s + Math.abs(s) * 2 ** -52);
  if (error < 0) return f(s - Math.abs(s) * 2 ** -52);
  return f(s);
}
