// Float32 arithmetic as torch does it: every operation is rounded by itself. Scalars are numbers
// that are rounded to float32 (torch's 0-dim tensors), vectors are the flat values of a latent.
import { allocate } from '../tensor/allocate.ts';

export { exp } from '../tensor/float32/exp.ts';
export { linspace } from '../tensor/float32/linspace.ts';
export { log } from '../tensor/float32/log.ts';
export { powEach } from '../tensor/float32/pow.ts';
export { sigmoid } from '../tensor/float32/sigmoid.ts';
export { expm1 } from '../tensor/float32/sleef.ts';
export { sqrt } from '../tensor/float32/sqrt.ts';
export { sum } from '../tensor/float32/sum.ts';
export { atan, cos, sin, tan } from '../tensor/float32/trigonometry.ts';

/** Rounds to float32. */
export const f32 = Math.fround;

export type Vector = Float32Array;

export const square = (a: number): number => f32(a * a);

const each = (n: number, f: (i: number) => number): Vector => {
  const out = allocate(n);
  for (let i = 0; i < n; i++) out[i] = f(i);
  return out;
};

/** a + b */
export const add = (a: Vector, b: Vector): Vector => each(a.length, (i) => a[i] + b[i]);

/** a - b */
export const sub = (a: Vector, b: Vector): Vector => each(a.length, (i) => a[i] - b[i]);

/** a * s; `s` is rounded to float32 first, as torch rounds a Python number. */
export function scale(a: Vector, s: number): Vector {
  const k = f32(s);
  return each(a.length, (i) => a[i] * k);
}

/** a / s */
export function divide(a: Vector, s: number): Vector {
  const k = f32(s);
  return each(a.length, (i) => a[i] / k);
}

/** x + d * s */
export function addScaled(x: Vector, d: Vector, s: number): Vector {
  const k = f32(s);
  return each(x.length, (i) => x[i] + f32(d[i] * k));
}

/** a * s + b * t */
export function combine(a: Vector, s: number, b: Vector, t: number): Vector {
  const [k, l] = [f32(s), f32(t)];
  return each(a.length, (i) => f32(a[i] * k) + f32(b[i] * l));
}

/** vectors[0] * weights[0] + vectors[1] * weights[1] + …, summed in this order. */
export function weightedSum(vectors: readonly Vector[], weights: readonly number[]): Vector {
  const factors = weights.map(f32);
  return each(vectors[0].length, (i) => {
    let sum = f32(vectors[0][i] * factors[0]);
    for (let k = 1; k < vectors.length; k++) sum = f32(sum + f32(vectors[k][i] * factors[k]));
    return sum;
  });
}
