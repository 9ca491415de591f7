// ER-SDE-Solvers, "Elucidating the solution space of extended reverse-time SDE for diffusion
// models" (arXiv 2309.06169): up to three stages over lambda = sigma / alpha, with integrals of the
// noise scale as sums over 200 points.
import {
  addScaled,
  combine,
  divide,
  exp,
  f32,
  powEach,
  sqrt,
  square,
  sub,
  sum,
  type Vector,
} from '../float32.ts';
import { finiteStart, halfLogSnr } from './half-log-snr.ts';
import type { SampleFunction } from './sampler.ts';
import { addScaledNoise } from './sde.ts';

/** Points of the integrals. */
const POINTS = 200;

/** The noise scale at each lambda: torch's powers depend on how many values they are given. */
export type NoiseScale = (lambdas: Vector) => Vector;

/** The paper's fifth noise scale function, whose share of the noise is raised to `eta`. */
export const erSdeScale =
  (eta = 1): NoiseScale =>
  (lambdas) => {
    const shares = powEach(
      powEach(lambdas, 0.3).map((root) => exp(root) + 10),
      eta,
    );
    return lambdas.map((lambda, i) => lambda * shares[i]);
  };

/** The noise scale of the reverse-time SDE; for an eta of 0, of the ODE. */
export const reverseTimeScale =
  (eta: number): NoiseScale =>
  (lambdas) =>
    powEach(lambdas, eta + 1);

export const erSde: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, sampling, s_noise = 1, max_stage = 3, noise_scaler: scaleOf = erSdeScale() },
) => {
  const { lambdaOf } = halfLogSnr(sampling);
  sigmas = finiteStart(sigmas, sampling);
  const lambdas = sigmas.map((sigma) => exp(-lambdaOf(sigma)));
  const scaleAt = (lambda: number): number => scaleOf(Float32Array.of(lambda))[0];
  let previous: Vector | undefined;
  let previousSlope: Vector | undefined;
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    if (sigmaNext === 0) {
      x = denoised;
      previous = denoised;
      continue;
    }
    const stages = Math.min(max_stage, i + 1);
    const [lambda, lambdaNext] = [lambdas[i], lambdas[i + 1]];
    const alpha = f32(sigmaNext / lambdaNext);
    const scaleNext = scaleAt(lambdaNext);
    const r = f32(scaleNext / scaleAt(lambda));

    x = combine(x, f32(f32(alpha / f32(sigma / lambda)) * r), denoised, f32(alpha * f32(1 - r)));
    if (stages >= 2) {
      const dt = f32(lambdaNext - lambda);
      const { inverse, moment } = integrals(scaleOf, lambda, lambdaNext);
      const slope = divide(sub(denoised, previous!), f32(lambda - lambdas[i - 1]));
      x = addScaled(x, slope, f32(alpha * f32(dt + f32(inverse * scaleNext))));
      if (stages >= 3) {
        const curvature = divide(sub(slope, previousSlope!), f32(f32(lambda - lambdas[i - 2]) / 2));
        x = addScaled(
          x,
          curvature,
          f32(alpha * f32(f32(square(dt) / 2) + f32(moment * scaleNext))),
        );
      }
      previousSlope = slope;
    }
    if (s_noise > 0) {
      const variance = f32(square(lambdaNext) - f32(square(lambda) * square(r)));
      x = addScaledNoise(x, noise(sigma, sigmaNext), alpha, s_noise, sqrt(Math.max(variance, 0)));
    }
    previous = denoised;
  }
  return x;
};

/** Left sums over [lambdaNext, lambda] of 1 / scale(l) and of (l - lambda) / scale(l). */
function integrals(
  scaleOf: NoiseScale,
  lambda: number,
  lambdaNext: number,
): { inverse: number; moment: number } {
  const width = f32(-f32(lambdaNext - lambda) / POINTS);
  const points = Float32Array.from({ length: POINTS }, (_, k) => lambdaNext + f32(k * width));
  const scales = scaleOf(points);
  const inverse = sum(scales.map((value) => 1 / value));
  const moment = sum(points.map((point, k) => f32(point - lambda) / scales[k]));
  return { inverse: f32(inverse * width), moment: f32(moment * width) };
}
