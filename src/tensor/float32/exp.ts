// e^x as torch computes it for float32 tensors of any shape: the exponential of Intel's vector math
// library at its high accuracy, without fused multiply-adds, which it uses on processors of other
// makers. Measured: equal for all float32 values from -87.3 to 88.7.

const f = Math.fround;

const STEPS = 128;
const PER_LN2 = f(STEPS / Math.LN2);
/** ln 2 / 128 in two parts; products of the first with integers up to 2^15 are exact. */
const STEP_HIGH = 0.0054168701171875;
const STEP_LOW = f(Math.LN2 / STEPS - STEP_HIGH);
/** Adding and subtracting it rounds to an integer. */
const ROUNDER = 1.5 * 2 ** 23;
const LARGEST = f(87.33654475);

/** 2^(i / 128), and what the float32 values lack. */
const POWERS = Float32Array.from({ length: STEPS }, (_, i) => 2 ** (i / STEPS));
const REST = POWERS.map((power, i) => 2 ** (i / STEPS) - power);

/** 2^n for n from -128 to 127. */
const SCALES = Float64Array.from({ length: 256 }, (_, i) => 2 ** (i - 128));

/** e^x of a float32 value, in float32. */
export function exp(x: number): number {
  if (!(Math.abs(x) <= LARGEST)) return f(Math.exp(x));
  const n = f(f(f(x * PER_LN2) + ROUNDER) - ROUNDER);
  const r = f(f(x - f(n * STEP_HIGH)) - f(n * STEP_LOW));
  const p = f(r + f(f(r * r) * 0.5));
  const i = n & (STEPS - 1);
  const y = f(POWERS[i] + f(REST[i] + f(p * POWERS[i])));
  return f(y * SCALES[(n - i) / STEPS + 128]);
}
