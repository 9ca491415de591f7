// Pieces that the samplers share: the derivative and the churn of arXiv 2206.00364 and k-diffusion's ancestral split of a step.
import { addScaled, divide, f32, scale, sqrt, square, sub, type Vector } from '../float32.ts';
import type { SampleArguments } from './sampler.ts';

/** dx/dsigma = (x - denoised) / sigma. */
export const derivative = (x: Vector, sigma: number, denoised: Vector): Vector =>
  divide(sub(x, denoised), sigma);

/** The level to step down to, and the amount of noise that leads back up to `to`; from a lower level: all of it. */
export function ancestralStep(from: number, to: number, eta = 1): { down: number; up: number } {
  if (!eta) return { down: to, up: 0 };
  const share = f32(f32(square(to) * f32(square(from) - square(to))) / square(from));
  const wanted = f32(f32(eta) * sqrt(share));
  const up = wanted < to ? wanted : to;
  return { down: sqrt(f32(square(to) - square(up))), up };
}

/** Algorithm 2, lines 4 to 6: where `s_churn` asks for it, noise lifts the latent to a higher level before step i. `drawsAlways`: noise is
 *  drawn at the other levels too, and not used. */
export function churned(
  x: Vector,
  sigmas: Float32Array,
  i: number,
  options: SampleArguments,
  drawsAlways = false,
): { x: Vector; sigma: number } {
  const {
    s_churn = 0,
    s_tmin = 0,
    s_tmax = Number.POSITIVE_INFINITY,
    s_noise = 1,
    noise,
  } = options;
  const sigma = sigmas[i];
  if (!(s_churn > 0)) return { x, sigma };
  if (!(s_tmin <= sigma && sigma <= s_tmax)) {
    if (drawsAlways) noise(sigma, sigma);
    return { x, sigma };
  }
  const gamma = Math.min(s_churn / (sigmas.length - 1), Math.SQRT2 - 1);
  const lifted = f32(sigma * f32(gamma + 1));
  const eps = scale(noise(sigma, lifted), s_noise);
  return { x: addScaled(x, eps, sqrt(f32(square(lifted) - square(sigma)))), sigma: lifted };
}
