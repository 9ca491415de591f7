// Powers as torch computes them for float32 tensors and a Python number as exponent.

import { BLOCK } from './blocks.ts';
import { pow as blockPow } from './sleef.ts';
import { sqrt } from './sqrt.ts';

const f = Math.fround;

/** Exponents that have a formula of their own. */
const FORMULAS: ReadonlyMap<number, (x: number) => number> = new Map([
  [-2, (x: number) => f(1 / f(x * x))],
  [-1, (x: number) => f(1 / x)],
  [-0.5, (x: number) => f(1 / f(Math.sqrt(x)))],
  [0, () => 1],
  [0.5, sqrt],
  [1, (x: number) => x],
  [2, (x: number) => f(x * x)],
  [3, (x: number) => f(f(x * x) * x)],
]);

/**
 * x ** exponent of one value: a tensor without dimensions. The exponent is not rounded to float32.
 */
export const pow = (x: number, exponent: number): number =>
  FORMULAS.get(exponent)?.(x) ?? f(x ** exponent);

/**
 * values ** exponent of a contiguous tensor: whole blocks have another algorithm and an exponent in
 * float32, the rest is computed value by value.
 */
export function powEach(values: Float32Array, exponent: number): Float32Array {
  const blocks = values.length - (values.length % BLOCK);
  const rounded = f(exponent);
  return values.map((x, i) =>
    i < blocks && !FORMULAS.has(exponent) ? blockPow(x, rounded) : pow(x, exponent),
  );
}
