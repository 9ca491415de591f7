// Pieces that the samplers share: the derivative of arXiv 2206.00364 and k-diffusion's ancestral split of a step.
import { divide, f32, sqrt, square, sub, type Vector } from '../float32.ts';

/** dx/dsigma = (x - denoised) / sigma. */
export const derivative = (x: Vector, sigma: number, denoised: Vector): Vector => divide(sub(x, denoised), sigma);

/** The level to step down to, and the amount of noise that leads back up to `to`. */
export function ancestralStep(from: number, to: number, eta = 1): { down: number; up: number } {
  if (!eta) return { down: to, up: 0 };
  const share = f32(f32(square(to) * f32(square(from) - square(to))) / square(from));
  const up = Math.min(to, f32(f32(eta) * sqrt(share)));
  return { down: sqrt(f32(square(to) - square(up))), up };
}
