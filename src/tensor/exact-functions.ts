// Functions of doubles, computed in fixed point and rounded once, as good C libraries return them.
// JavaScript's own can be off by one unit in the last place.

const BITS = 192n;
const ONE = 1n << BITS;

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> BITS;

/** A finite double as an integer times a power of two. */
export function parts(x: number): { readonly mantissa: bigint; readonly exponent: number } {
  if (x === 0) return { mantissa: 0n, exponent: 0 };
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const field = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = field === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: x < 0 ? -mantissa : mantissa, exponent: Math.max(field, 1) - 1075 };
}

/** The double nearest to numerator / denominator, ties to even. The denominator is positive. */
export function quotient(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const sign = numerator < 0n ? -1 : 1;
  const size = numerator < 0n ? -numerator : numerator;
  const scale = bitLength(size) - bitLength(denominator);
  // 66 bits or more, of which the last says whether there are more
  const shift = Math.max(-1200, 66 - scale);
  const [top, bottom] =
    shift >= 0 ? [size << BigInt(shift), denominator] : [size, denominator << BigInt(-shift)];
  const digits = (top / bottom) | (top % bottom === 0n ? 0n : 1n);
  return sign * scaled(digits, -shift);
}

export const bitLength = (x: bigint): number => (x < 0n ? -x : x).toString(2).length;

/** The double nearest to digits * 2^exponent, for a positive integer. */
function scaled(digits: bigint, exponent: number): number {
  const length = bitLength(digits);
  if (length + exponent > 1024) return Number.POSITIVE_INFINITY;
  // subnormal numbers have fewer bits
  const precision = Math.min(53, length + exponent + 1074);
  if (precision < 0) return 0;
  const dropped = length - precision;
  if (dropped <= 0) return Number(digits) * 2 ** exponent;
  const cut = BigInt(dropped);
  const half = 1n << (cut - 1n);
  const rest = digits & ((1n << cut) - 1n);
  const whole = digits >> cut;
  const rounded = rest > half || (rest === half && (whole & 1n) === 1n) ? whole + 1n : whole;
  return timesPowerOfTwo(Number(rounded), exponent + dropped);
}

/** x * 2^exponent, in two steps where the power alone is out of range. */
function timesPowerOfTwo(x: number, exponent: number): number {
  const first = Math.max(-1000, Math.min(1000, exponent));
  return x * 2 ** first * 2 ** (exponent - first);
}

const fromFixed = (x: bigint): number => quotient(x, ONE);

/** ln of a fixed-point number from 1 to 2: 2 artanh((x - 1) / (x + 1)). */
function lnOf(x: bigint): bigint {
  const z = ((x - ONE) << BITS) / (x + ONE);
  const square = multiply(z, z);
  let sum = 0n;
  let power = z;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = multiply(power, square);
  }
  return 2n * sum;
}

const LN2 = lnOf(2n * ONE);

/** ln of a positive double, in fixed point. */
function lnFixed(x: number): bigint {
  const { mantissa, exponent } = parts(x);
  const shift = bitLength(mantissa) - 1;
  const normal = (mantissa << BITS) >> BigInt(shift);
  return BigInt(exponent + shift) * LN2 + lnOf(normal);
}

/** ln of a positive, finite number. */
export const ln = (x: number): number => fromFixed(lnFixed(x));
export const log2 = (x: number): number => quotient(lnFixed(x), LN2);

/** base ** exponent of a positive, finite base. */
export function power(base: number, exponent: number): number {
  const { mantissa, exponent: scale } = parts(exponent);
  const product = lnFixed(base) * mantissa;
  const natural = scale >= 0 ? product << BigInt(Math.min(scale, 1100)) : product >> BigInt(-scale);
  if (natural > 710n * ONE) return Number.POSITIVE_INFINITY;
  if (natural < -746n * ONE) return 0;
  const doublings = natural / LN2;
  const rest = expOf(natural - doublings * LN2);
  return doublings >= 0n ? quotient(rest << doublings, ONE) : quotient(rest, ONE << -doublings);
}

/** The power series of e^x. */
function expOf(x: bigint): bigint {
  let sum = 0n;
  let term = ONE;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    sum += term;
    term = multiply(term, x) / n;
  }
  return sum;
}

/** pi in fixed point of `bits` bits, by Machin's formula. */
function piOf(bits: bigint): bigint {
  const one = 1n << (bits + 16n);
  const arctan = (n: bigint): bigint => {
    let sum = 0n;
    let term = one / n;
    for (let k = 1n; term !== 0n; k += 2n, term /= -n * n) sum += term / k;
    return sum;
  };
  return (4n * (4n * arctan(5n) - arctan(239n))) >> 16n;
}

/** Enough for the remainder of every double. */
const PI_BITS = 1400n;
let pi: bigint | undefined;

/** A finite double as quarter turns and the remaining angle, from -pi/4 to pi/4, in fixed point. */
function reduced(x: number): { readonly quarters: bigint; readonly angle: bigint } {
  pi ??= piOf(PI_BITS);
  const { mantissa, exponent } = parts(x);
  const shift = PI_BITS + BigInt(exponent);
  const whole = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  const half = pi >> 1n;
  const doubled = 2n * whole + half;
  const turns = doubled / (2n * half);
  const quarters = doubled < 0n && doubled % (2n * half) !== 0n ? turns - 1n : turns;
  return { quarters, angle: (whole - quarters * half) >> (PI_BITS - BITS) };
}

/** Sine and cosine of a small angle. */
function sineAndCosine(angle: bigint): readonly [bigint, bigint] {
  const square = multiply(angle, angle);
  const series = (first: bigint, from: bigint): bigint => {
    let sum = 0n;
    let term = first;
    for (let n = from; term !== 0n && term !== -1n; n += 2n) {
      sum += term;
      term = -multiply(term, square) / (n * (n + 1n));
    }
    return sum;
  };
  return [series(angle, 2n), series(ONE, 1n)];
}

/** Sine and cosine of a finite double, in fixed point. */
function turned(x: number): readonly [bigint, bigint] {
  const { quarters, angle } = reduced(x);
  const [s, c] = sineAndCosine(angle);
  const rotations: readonly (readonly [bigint, bigint])[] = [
    [s, c],
    [c, -s],
    [-s, -c],
    [-c, s],
  ];
  return rotations[Number(((quarters % 4n) + 4n) % 4n)];
}

/** Below this, a function that is x near 0 is x. */
const SMALL = 2 ** -60;

export const sin = (x: number): number => (Math.abs(x) < SMALL ? x : fromFixed(turned(x)[0]));
export const cos = (x: number): number => fromFixed(turned(x)[1]);
export function tan(x: number): number {
  if (Math.abs(x) < SMALL) return x;
  const [s, c] = turned(x);
  return c < 0n ? quotient(-s, -c) : quotient(s, c);
}
