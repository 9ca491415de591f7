// Decimals of doubles, exactly rounded, as Python's round() and format() do it.
import { parts } from '../tensor/exact-functions.ts';

/** numerator / denominator as an integer, ties to even. The denominator is positive. */
export function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const floor = numerator / denominator - (numerator % denominator < 0n ? 1n : 0n);
  const twice = 2n * (numerator - floor * denominator);
  return twice > denominator || (twice === denominator && floor % 2n !== 0n) ? floor + 1n : floor;
}

/** x * 10^shift as an integer, ties to even. */
export function roundedDecimals(x: number, shift: number): bigint {
  const { mantissa, exponent } = parts(x);
  let [top, bottom] = [mantissa, 1n];
  if (exponent >= 0) top <<= BigInt(exponent);
  else bottom <<= BigInt(-exponent);
  if (shift >= 0) top *= 10n ** BigInt(shift);
  else bottom *= 10n ** BigInt(-shift);
  return roundedQuotient(top, bottom);
}
