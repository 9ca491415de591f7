// SEEDS, "Exponential SDE Solvers for Fast High-Quality Sampling from Diffusion Models" (arXiv 2305.14267), with two and three stages,
// predicting data. Each stage continues the noise of the stage before it.
import { combine, exp, expm1, f32, scale, sqrt, type Vector, weightedSum } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { addNoise, alphaOf, innerShare, lambdaOf, sigmaOf } from './sde.ts';

/** torch.lerp: from the nearer end, the product not rounded before it is added. */
function lerp(a: number, b: number, w: number): number {
  const k = f32(w);
  return Math.abs(k) < 0.5 ? f32(a + k * f32(b - a)) : f32(b - f32(b - a) * f32(1 - k));
}

/** h phi_1(h) and h phi_2(h) of the exponential integrators. */
const phi1 = (h: number): number => expm1(h);
const phi2 = (h: number): number => f32(f32(expm1(h) - h) / h);

/** One step: what its stages share. Fractions of the step are of its length h in lambda. */
function stepOf(x: Vector, sigma: number, next: number, eta: number) {
  const [lambda, lambdaNext] = [lambdaOf(sigma), lambdaOf(next)];
  const h = f32(lambdaNext - lambda);
  const hEta = f32(h * f32(eta + 1));
  const decay = (factor: number): number => f32(f32(f32(factor) * h) * f32(eta));
  return {
    minus: (r: number): number => f32(f32(-r) * hEta),
    /** The level at fraction r < 1. */
    inner(r: number): { sigma: number; alpha: number } {
      const at = lerp(lambda, lambdaNext, r);
      const sigmaAt = sigmaOf(at);
      return { sigma: sigmaAt, alpha: alphaOf(sigmaAt, at) };
    },
    end: { sigma: next, alpha: alphaOf(next, lambdaNext) },
    /** The start, decayed to fraction r, less `share` of a prediction. */
    to: (r: number, level: { sigma: number }, prediction: Vector, share: number): Vector =>
      combine(x, f32(f32(level.sigma / sigma) * exp(decay(-r))), prediction, -share),
    /** Unit noise made worth the way from fraction `from` to `to`, after the noise of the way before it. */
    continued(before: Vector | undefined, from: number, to: number, fresh: Vector): Vector {
      if (!before) return scale(fresh, sqrt(-expm1(decay(-2 * to))));
      const factor = decay(from - to);
      return combine(before, exp(factor), fresh, sqrt(-expm1(f32(2 * factor))));
    },
  };
}

/** Throws DR_INPUT_INVALID for an `r` of 0. */
export const seeds2: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, eta = 1, s_noise = 1, r = 0.5 },
) => {
  const fresh = eta > 0 && s_noise > 0;
  const share = innerShare(r);
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, next] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    if (next === 0) {
      x = denoised;
      continue;
    }
    const step = stepOf(x, sigma, next, eta);
    const [inner, { end }] = [step.inner(r), step];

    let x2 = step.to(r, inner, denoised, f32(inner.alpha * phi1(step.minus(r))));
    let sdeNoise: Vector | undefined;
    if (fresh) {
      sdeNoise = step.continued(undefined, 0, r, noise(sigma, inner.sigma));
      x2 = addNoise(x2, sdeNoise, inner.sigma, s_noise);
    }
    const denoised2 = await denoise(x2, inner.sigma);

    const mixed = denoised.map((d, k) => lerp(d, denoised2[k], share));
    x = step.to(1, end, mixed, f32(end.alpha * phi1(step.minus(1))));
    if (fresh)
      x = addNoise(x, step.continued(sdeNoise, r, 1, noise(inner.sigma, next)), next, s_noise);
  }
  return x;
};

export const seeds3: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, eta = 1, s_noise = 1, r_1 = 1 / 3, r_2 = 2 / 3 },
) => {
  const fresh = eta > 0 && s_noise > 0;
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, next] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    if (next === 0) {
      x = denoised;
      continue;
    }
    const step = stepOf(x, sigma, next, eta);
    const [first, second, { end }] = [step.inner(r_1), step.inner(r_2), step];

    let x2 = step.to(r_1, first, denoised, f32(first.alpha * phi1(step.minus(r_1))));
    let sdeNoise: Vector | undefined;
    if (fresh) {
      sdeNoise = step.continued(undefined, 0, r_1, noise(sigma, first.sigma));
      x2 = addNoise(x2, sdeNoise, first.sigma, s_noise);
    }
    const denoised2 = await denoise(x2, first.sigma);

    const a32 = f32(f32(r_2 / r_1) * phi2(step.minus(r_2)));
    const a31 = f32(phi1(step.minus(r_2)) - a32);
    let x3 = step.to(r_2, second, weightedSum([denoised, denoised2], [a31, a32]), second.alpha);
    if (fresh) {
      sdeNoise = step.continued(sdeNoise, r_1, r_2, noise(first.sigma, second.sigma));
      x3 = addNoise(x3, sdeNoise, second.sigma, s_noise);
    }
    const denoised3 = await denoise(x3, second.sigma);

    const b3 = f32(phi2(step.minus(1)) / f32(r_2));
    const b1 = f32(phi1(step.minus(1)) - b3);
    x = step.to(1, end, weightedSum([denoised, denoised3], [b1, b3]), end.alpha);
    if (fresh)
      x = addNoise(x, step.continued(sdeNoise, r_2, 1, noise(second.sigma, next)), next, s_noise);
  }
  return x;
};
