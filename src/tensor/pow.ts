// base ** exponent as the C library computes it. JavaScript's own operator can be off by one unit
// in the last place, and 4 ** (1 / 4) must be the square root of 2. Computed in fixed point with
// 160 fractional bits and rounded once.

const FRACTION_BITS = 160n;
const ONE = 1n << FRACTION_BITS;

/** A positive double as an integer multiple of 2^-160; exact from 2^-107 on. */
function toFixed(x: number): bigint {
  let [scaled, shift] = [x, 0n];
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    shift += 1n;
  }
  return (BigInt(scaled) << FRACTION_BITS) >> shift;
}

/** ln x = 2 artanh((x - 1) / (x + 1)). */
function logarithm(x: bigint): bigint {
  const z = ((x - ONE) << FRACTION_BITS) / (x + ONE);
  const square = (z * z) >> FRACTION_BITS;
  let sum = 0n;
  let power = z;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = (power * square) >> FRACTION_BITS;
  }
  return 2n * sum;
}

/** The power series of e^x. */
function exponential(x: bigint): bigint {
  let sum = 0n;
  let term = ONE;
  for (let n = 1n; term !== 0n; n++) {
    sum += term;
    term = ((term * x) >> FRACTION_BITS) / n;
  }
  return sum;
}

/** base ** exponent, correctly rounded, for a base of 1..10000 and an exponent of 0..1. */
export function pow(base: number, exponent: number): number {
  let halvings = 0n;
  let rest = base;
  for (; rest >= 2; rest /= 2) halvings += 1n;
  const ln = logarithm(toFixed(rest)) + halvings * logarithm(2n * ONE);
  const result = exponential((ln * toFixed(exponent)) >> FRACTION_BITS);
  // the conversion of an integer rounds to the nearest double
  return Number(result) / 2 ** Number(FRACTION_BITS);
}
