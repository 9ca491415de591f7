// The logistic function as torch computes it for a float32 tensor without dimensions: with expf of
// the C library (glibc from 2.27 on, which is that of Arm's optimized routines), in double
// arithmetic.

const f = Math.fround;

const STEPS = 32;
const STEPS_PER_LN2 = STEPS / Math.LN2;
/** Adding and subtracting it rounds to an integer. */
const ROUNDER = 1.5 * 2 ** 52;
/** 2^r = 1 + c r + b r² + a r³ for r from -1/64 to 1/64. */
const [A, B, C] = [0.05550361559341535, 0.2402284522445722, 0.6931471806916203];

/** e^x of a float32 value, in float32. */
function exp(x: number): number {
  if (!(Math.abs(x) < 88)) return f(Math.exp(x));
  const steps = x * STEPS_PER_LN2;
  const n = steps + ROUNDER - ROUNDER;
  const r = (steps - n) / STEPS;
  return f((C * r + 1 + (A * r + B) * (r * r)) * 2 ** (n / STEPS));
}

/** 1 / (1 + e^-x) of a float32 value, in float32. */
export const sigmoid = (x: number): number => f(1 / f(1 + exp(-x)));
