// Shared parts of the samplers: the derivative and the churn of "Elucidating the Design Space of
// Diffusion-Based Generative Models" (arXiv 2206.00364), and k-diffusion's ancestral step.
import { addScaled, divide, f32, scale, sqrt, square, sub, type Vector } from '../float32.ts';
import type { SampleArguments } from './sampler.ts';

/** dx/dsigma = (x - denoised) / sigma. */
export const derivative = (x: Vector, sigma: number, denoised: Vector): Vector =>
  divide(sub(x, denoised), sigma);

/**
 * Splits a step into one down to `sigmaDown` and noise of deviation `sigmaUp` that leads back up to
 * `sigmaNext`. With eta 0 no noise is added; if `sigmaNext` is not below `sigma`, all of it is
 * noise.
 */
export function ancestralStep(
  sigma: number,
  sigmaNext: number,
  eta = 1,
): { sigmaDown: number; sigmaUp: number } {
  if (!eta) return { sigmaDown: sigmaNext, sigmaUp: 0 };
  const variance = f32(
    f32(square(sigmaNext) * f32(square(sigma) - square(sigmaNext))) / square(sigma),
  );
  const full = f32(f32(eta) * sqrt(variance));
  const sigmaUp = full < sigmaNext ? full : sigmaNext;
  return { sigmaDown: sqrt(f32(square(sigmaNext) - square(sigmaUp))), sigmaUp };
}

/**
 * Algorithm 2, lines 4 to 6: within the churn's range of sigmas, adds noise that raises the latent
 * from sigmas[i] to `sigmaHat`. `alwaysDraws`: outside the range noise is drawn too, and not used.
 */
export function churn(
  x: Vector,
  sigmas: Float32Array,
  i: number,
  options: SampleArguments,
  alwaysDraws = false,
): { xHat: Vector; sigmaHat: number } {
  const {
    s_churn = 0,
    s_tmin = 0,
    s_tmax = Number.POSITIVE_INFINITY,
    s_noise = 1,
    noise,
  } = options;
  const sigma = sigmas[i];
  if (!(s_churn > 0)) return { xHat: x, sigmaHat: sigma };
  if (!(s_tmin <= sigma && sigma <= s_tmax)) {
    if (alwaysDraws) noise(sigma, sigma);
    return { xHat: x, sigmaHat: sigma };
  }
  const gamma = Math.min(s_churn / (sigmas.length - 1), Math.SQRT2 - 1);
  const sigmaHat = f32(sigma * f32(gamma + 1));
  const eps = scale(noise(sigma, sigmaHat), s_noise);
  return { xHat: addScaled(x, eps, sqrt(f32(square(sigmaHat) - square(sigma)))), sigmaHat };
}
