// The functions that torch takes from SLEEF for blocks of float32 values (Shibata and Petrogalli,
// "SLEEF: A Portable Vectorized Library of C Standard Mathematical Functions", 2020), with errors
// up to 1.0 units in the last place, as they are with AVX-512: fused multiply-adds, and the
// exponent and mantissa of vgetexp and vgetmant.

import {
  add,
  addFloat,
  addSmaller,
  addSmallerFloat,
  divide,
  multiply,
  multiplyFloat,
  normalise,
  onePlus,
  type Pair,
  polynomial,
  square,
  sum,
} from './double-float.ts';
import { fma } from './fma.ts';
import { log } from './log.ts';

const f = Math.fround;

const PER_LN2 = f(1 / Math.LN2);
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = f(Math.LN2 - LN2_HIGH);
/** ln 2 as the nearest float32 and the rest. */
const LN2: Pair = [f(Math.LN2), f(Math.LN2 - f(Math.LN2))];
const TWO_THIRDS: Pair = [f(0.6666666), f(3.6918386e-9)];
const FOUR_THIRDS = f(1 / 0.75);

const SMALLEST_NORMAL = 2 ** -126;

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** floor(log2 x) of a positive normal float32. */
function exponentOf(x: number): number {
  float[0] = x;
  return (bits[0] >> 23) - 127;
}

/** x 2^n with n so that it is from 0.75 to below 1.5. */
function mantissaOf(x: number): number {
  float[0] = x;
  bits[0] = (bits[0] & 0x7fffff) | 0x3f800000;
  return float[0] < 1.5 ? float[0] : float[0] / 2;
}

/** Rounds to an integer, ties to even. */
const rint = (x: number): number => x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52;

const EXP_OF_PAIR = [0.0013632465, 0.008365969, 0.041671082, 0.16666552, 0.49999985].map(f);

/** x less n ln 2, and n. */
function reduced(x: Pair): [rest: Pair, n: number] {
  const n = rint(f(f(x[0] + x[1]) * PER_LN2));
  return [addFloat(addFloat(x, f(n * -LN2_HIGH)), f(n * -LN2_LOW)), n];
}

/** e^x of a pair, in float32. */
function expOfPair(x: Pair): number {
  const [rest, n] = reduced(x);
  const s = normalise(rest);
  const u = polynomial(s[0], EXP_OF_PAIR);
  const t = onePlus(addSmaller(s, multiplyFloat(square(s), u)));
  return x[0] < -104 ? 0 : f(f(t[0] + t[1]) * 2 ** n);
}

const EXP_TO_PAIR = [0.00019809602, 0.0013942565, 0.008333457, 0.041666374].map(f);
const SIXTH = f(0.16666666);

/** e^x of a pair, as a pair. */
function expToPair(x: Pair): Pair {
  const [s, n] = reduced(x);
  const sixth = addFloat(multiplyFloat(s, polynomial(s[0], EXP_TO_PAIR)), SIXTH);
  const half = addFloat(multiply(s, sixth), 0.5);
  const [high, low] = onePlus(add(s, multiply(square(s), half)));
  return [f(high * 2 ** n), f(low * 2 ** n)];
}

const LOG_TO_PAIR = [0.24032035, 0.28511268, 0.400008].map(f);

/** ln x of a positive float32, as a pair. */
function logToPair(x: number): Pair {
  const n = exponentOf(f(x * FOUR_THIRDS));
  const m = mantissaOf(x);
  const q = divide(sum(-1, m), sum(1, m));
  const q2 = square(q);
  const t = polynomial(q2[0], LOG_TO_PAIR);
  const ln = addSmaller(multiplyFloat(LN2, n), [f(q[0] * 2), f(q[1] * 2)]);
  return addSmaller(ln, multiply(multiply(q2, q), add(multiplyFloat(q2, t), TWO_THIRDS)));
}

/** base^exponent of float32 values, in float32; exact to the bit unless the result is subnormal. */
export function pow(base: number, exponent: number): number {
  if (!(base >= SMALLEST_NORMAL && base < Number.POSITIVE_INFINITY)) return f(base ** exponent);
  return expOfPair(multiplyFloat(logToPair(base), exponent));
}

/** e^x - 1 of a float32 value, in float32: what torch uses for tensors of any shape. */
export function expm1(x: number): number {
  if (x === 0) return x;
  if (x > 88.72283172607422) return Number.POSITIVE_INFINITY;
  if (x < -16.635532379150391) return -1;
  const [high, low] = addFloat(expToPair([x, 0]), -1);
  return f(high + low);
}

const LOG1P = [0.3027295, 0.39961082, 0.666669488].map(f);

/** ln(1 + x) of a float32 value, in float32: what torch uses for tensors of any shape. */
export function log1p(x: number): number {
  if (x === 0) return x;
  if (!(x > -1)) return x === -1 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x > 1e38) return log(x);
  const n = exponentOf(f(f(x + 1) * FOUR_THIRDS));
  const t = 2 ** -n;
  const m = fma(x, t, f(t - 1));
  const q = divide([m, 0], sum(2, m));
  const q2 = f(q[0] * q[0]);
  const rest = f(f(q2 * q[0]) * polynomial(q2, LOG1P));
  const ln = addSmaller(multiplyFloat(LN2, n), [f(q[0] * 2), f(q[1] * 2)]);
  const [high, low] = addSmallerFloat(ln, rest);
  return f(high + low);
}

const EXP = [0.00019852762, 0.0013930436, 0.008333361, 0.041666485, 0.16666667, 0.5].map(f);

/** e^x of a float32 value, in float32. */
export function exp(x: number): number {
  if (x < -104) return 0;
  if (x > 100) return Number.POSITIVE_INFINITY;
  const n = rint(f(x * PER_LN2));
  const s = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x));
  return f(f(1 + fma(f(s * s), polynomial(s, EXP), s)) * 2 ** n);
}
