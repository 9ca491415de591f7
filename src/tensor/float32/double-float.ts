// Sums of two float32 values, for about 48 bits. Every operation is one of float32 arithmetic, in
// the order of SLEEF (Shibata and Petrogalli 2020) with fused multiply-adds, so that the last bit
// is the same.
import { fma } from './fma.ts';

const f = Math.fround;

/** high + low */
export type Pair = readonly [high: number, low: number];

/** a + b */
export function sum(a: number, b: number): Pair {
  const s = f(a + b);
  const v = f(s - a);
  return [s, f(f(a - f(s - v)) + f(b - v))];
}

/** a + b for pairs. */
export function add([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const [s, t] = sum(a, b);
  return [s, f(t + f(aLow + bLow))];
}

/** a + b */
export function addFloat([a, aLow]: Pair, b: number): Pair {
  const [s, t] = sum(a, b);
  return [s, f(t + aLow)];
}

/** a + b for |a| >= |b|. */
export function addSmaller([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const s = f(a + b);
  return [s, f(f(f(f(a - s) + b) + aLow) + bLow)];
}

/** a + b for |a| >= |b|. */
export function addSmallerFloat([a, aLow]: Pair, b: number): Pair {
  const s = f(a + b);
  return [s, f(f(f(a - s) + b) + aLow)];
}

/** 1 + b for |b| <= 1. */
export function onePlus([b, bLow]: Pair): Pair {
  const s = f(1 + b);
  return [s, f(f(f(1 - s) + b) + bLow)];
}

/** The pair with the smallest low part. */
export function normalise([a, aLow]: Pair): Pair {
  const s = f(a + aLow);
  return [s, f(f(a - s) + aLow)];
}

/** a b */
export function multiply([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const s = f(a * b);
  return [s, fma(a, bLow, fma(aLow, b, fma(a, b, -s)))];
}

/** a b */
export function multiplyFloat([a, aLow]: Pair, b: number): Pair {
  const s = f(a * b);
  return [s, fma(aLow, b, fma(a, b, -s))];
}

/** a² */
export function square([a, aLow]: Pair): Pair {
  const s = f(a * a);
  return [s, fma(f(a + a), aLow, fma(a, a, -s))];
}

/** a / b */
export function divide([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const t = f(1 / b);
  const s = f(a * t);
  const v = fma(-bLow, t, fma(-b, t, 1));
  return [s, fma(s, v, fma(aLow, t, fma(t, a, -s)))];
}

/** a p(x) for the coefficients of p from the highest down, with fused multiply-adds. */
export function polynomial(x: number, coefficients: readonly number[]): number {
  let y = coefficients[0];
  for (let i = 1; i < coefficients.length; i++) y = fma(y, x, coefficients[i]);
  return y;
}
