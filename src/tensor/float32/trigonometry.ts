// sin, cos, tan and arctan as torch computes them for float32 tensors of any shape: the functions
// of Intel's vector math library at its high accuracy. Measured: sin and tan are equal for all
// float32 values up to 10000, where the original changes to another reduction, cos and arctan for
// millions drawn at random.
import { double, LOW, words } from './words.ts';

const f = Math.fround;

/** Adding and subtracting it rounds to an integer. */
const ROUNDER = 1.5 * 2 ** 23;
const LARGEST = 10000;
const PER_PI = f(1 / Math.PI);
const PER_HALF_PI = f(2 / Math.PI);
const HALF_PI = f(Math.PI / 2);
/** pi in two parts; products of the first with the integers that occur are exact. */
const PI_HIGH = 3.1415926535846666;
const PI_LOW = 5.126688303189038e-12;

const round = (x: number): number => f(f(x + ROUNDER) - ROUNDER);

/** sin r for r from -pi/2 to pi/2, in double arithmetic. */
function reducedSine(r: number): number {
  const s = r * r;
  const p =
    ((2.605780638722852e-6 * s - 1.9809602902257352e-4) * s + 8.33306624608569e-3) * s -
    0.1666665955042783;
  return f(r + s * p * r);
}

/** sin x of a float32 value, in float32. */
export function sin(x: number): number {
  if (x === 0) return x;
  const size = Math.abs(x);
  if (!(size <= LARGEST)) return f(Math.sin(x));
  const n = round(f(size * PER_PI));
  const value = reducedSine(size - n * PI_HIGH - n * PI_LOW);
  return x < 0 !== (n % 2 === 1) ? -value : value;
}

/** cos x of a float32 value, in float32. */
export function cos(x: number): number {
  const size = Math.abs(x);
  if (!(size <= LARGEST)) return f(Math.cos(x));
  const n = round(f(f(size + HALF_PI) * PER_PI));
  const m = f(n - 0.5);
  const value = reducedSine(size - m * PI_HIGH - m * PI_LOW);
  return n % 2 === 1 ? -value : value;
}

/** tan x of a float32 value, in float32. */
export function tan(x: number): number {
  if (x === 0) return x;
  const size = Math.abs(x);
  if (!(size <= LARGEST)) return f(Math.tan(x));
  const n = round(f(size * PER_HALF_PI));
  const r = size - n * (PI_HIGH / 2) - n * (PI_LOW / 2);
  const s = r * r;
  const numerator = r + r * -0.0958017723 * s;
  const denominator = 1 + s * (0.00971685835 * s - 0.429135777);
  const odd = n % 2 === 1;
  const value = f(odd ? denominator / numerator : numerator / denominator);
  return x < 0 !== odd ? -value : value;
}

interface Interval {
  /** The first |x| beyond. */
  readonly end: number;
  /** arctan x = arctan c + arctan((x - c) / (1 + c x)). */
  readonly c: number;
  readonly arctanHigh: number;
  readonly arctanLow: number;
}

const INTERVALS: readonly Interval[] = [
  { end: 0.375, c: 0, arctanHigh: 0, arctanLow: 0 },
  { end: f(0.72), c: 0.5, arctanHigh: 0.46364760398864746, arctanLow: f(5.01215779991071e-9) },
  { end: 1.75, c: 1, arctanHigh: 0.785398006439209, arctanLow: f(1.569582082083798e-7) },
  { end: 2.6875, c: 2, arctanHigh: 1.1071491241455078, arctanLow: f(-4.0635131881572306e-7) },
];
const BEYOND: Interval = {
  end: Number.POSITIVE_INFINITY,
  c: Number.POSITIVE_INFINITY,
  arctanHigh: 1.570796012878418,
  arctanLow: f(3.139164164167596e-7),
};

/** arctan x of a float32 value, in float32. */
export function atan(x: number): number {
  if (!(x < 0 || x > 0)) return x;
  const size = Math.abs(x);
  const { c, arctanHigh, arctanLow } = INTERVALS.find(({ end }) => size < end) ?? BEYOND;
  const far = c === Number.POSITIVE_INFINITY;
  const quotient = (far ? -1 / size : f(size - c) / f(f(c * size) + 1)) * (1 - 2 ** -48);
  double[0] = quotient;
  words[LOW] &= 0xe0000000;
  const high = double[0];
  const low = f(f(quotient - high) + arctanLow);
  const s = f(high * high);
  const s2 = f(s * s);
  const odd = f(f(f(f(0.08499748) * s2) + f(0.19986813)) * s);
  const even = f(f(f(-0.13994715) * s2) + f(-0.33333147));
  const rest = f(f(s * f(even + odd)) * high);
  const value = f(f(high + f(low + rest)) + arctanHigh);
  return x < 0 ? -value : value;
}
