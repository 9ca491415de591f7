// base ** exponent as the C library has it, where the engine's own is off in the last place: 4 ** (1 / 4) must be the root of 2. Computed with
// 160 bits behind the point and rounded once.

const BITS = 160n;
const ONE = 1n << BITS;

/** A positive double as a whole number of units of 2^-160; exact from 2^-107 on. */
function fixed(x: number): bigint {
  let [scaled, shift] = [x, 0n];
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    shift += 1n;
  }
  return (BigInt(scaled) << BITS) >> shift;
}

/** ln x = 2 artanh((x - 1) / (x + 1)). */
function logarithm(x: bigint): bigint {
  const z = ((x - ONE) << BITS) / (x + ONE);
  const square = (z * z) >> BITS;
  let sum = 0n;
  let power = z;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = (power * square) >> BITS;
  }
  return 2n * sum;
}

function exponential(x: bigint): bigint {
  let sum = 0n;
  let term = ONE;
  for (let n = 1n; term !== 0n; n++) {
    sum += term;
    term = ((term * x) >> BITS) / n;
  }
  return sum;
}

/** For a base from 1 to 10000 and an exponent of 0..1. */
export function pow(base: number, exponent: number): number {
  let halvings = 0n;
  let rest = base;
  for (; rest >= 2; rest /= 2) halvings += 1n;
  const ln = logarithm(fixed(rest)) + halvings * logarithm(2n * ONE);
  const result = exponential((ln * fixed(exponent)) >> BITS);
  // the conversion of a whole number rounds to the nearest double
  return Number(result) / 2 ** Number(BITS);
}
