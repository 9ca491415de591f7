// Exponential integrators over lambda = -ln sigma (the half log signal-to-noise ratio for alpha =
// 1): conversions, phi functions and the first order step of DPM-Solver, DPM-Solver++, RES and
// SEEDS. phi_1(h) = (e^h - 1) / h and phi_2(h) = (phi_1(h) - 1) / h (Hochbruck and Ostermann 2010).
// Every operation is rounded to float32 in the order written.
import { combine, exp, expm1, f32, log, type Vector } from '../float32.ts';

export const lambdaOf = (sigma: number): number => -log(sigma);
export const sigmaOf = (lambda: number): number => exp(-lambda);

/** alpha = sigma e^lambda: 1, but for what the float32 logarithm and exponential lose. */
export const alphaOf = (sigma: number, lambda: number): number => f32(sigma * exp(lambda));

export const phi1 = (h: number): number => f32(expm1(h) / h);
export const phi2 = (h: number): number => f32(hPhi2(h) / h);

/** h phi_1(h) */
export const hPhi1 = (h: number): number => expm1(h);
/** h phi_2(h) = phi_1(h) - 1 */
export const hPhi2 = (h: number): number => f32(phi1(h) - 1);
/** h phi_2(h) as SEEDS rounds it: (e^h - 1 - h) / h */
export const hPhi2OfDifference = (h: number): number => f32(f32(expm1(h) - h) / h);

/** The first order step between two lambdas with a constant prediction; `minusH` = from - to. */
export const exponentialStep = (
  x: Vector,
  denoised: Vector,
  from: number,
  to: number,
  minusH: number,
): Vector => combine(x, f32(sigmaOf(to) / sigmaOf(from)), denoised, -hPhi1(minusH));
