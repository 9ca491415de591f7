// CFG++ (arXiv 2406.08070): steps to the guided prediction and adds back the noise that the
// negative side's prediction alone implies. Forms of Euler (with DDIM's ancestral noise),
// DPM-Solver++ 2S and 2M.
import {
  add,
  addScaled,
  combine,
  divide,
  exp,
  expm1,
  f32,
  scale,
  sub,
  type Vector,
} from '../float32.ts';
import { alphaOf, exponentialStep, lambdaOf, sigmaOf } from './exponential-integrator.ts';
import { halfLogSnr } from './half-log-snr.ts';
import type { SampleFunction, SamplerKind } from './sampler.ts';
import { ancestralStep, derivative } from './steps.ts';

export const eulerAncestralCfgPp: SampleFunction = async (
  _,
  x,
  sigmas,
  { onStep, guided, noise, sampling, eta = 1, s_noise = 1 },
) => {
  const { lambdaOf } = halfLogSnr(sampling);
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const { denoised, uncond } = await guided(x, sigma);
    onStep?.(i, x, denoised);
    if (sigmaNext === 0) {
      x = denoised;
      continue;
    }
    const alpha = alphaOf(sigma, lambdaOf(sigma));
    const alphaNext = alphaOf(sigmaNext, lambdaOf(sigmaNext));
    const d = derivative(x, sigma, scale(uncond, alpha));
    const { sigmaDown, sigmaUp } = ancestralStep(
      f32(sigma / alpha),
      f32(sigmaNext / alphaNext),
      eta,
    );
    x = combine(denoised, alphaNext, d, f32(alphaNext * sigmaDown));
    if (eta > 0 && s_noise > 0)
      x = add(x, scale(scale(scale(noise(sigma, sigmaNext), alphaNext), s_noise), sigmaUp));
  }
  return x;
};

export const eulerCfgPp: SampleFunction = (denoise, x, sigmas, options) =>
  eulerAncestralCfgPp(denoise, x, sigmas, { ...options, eta: 0, s_noise: 0 });

/** The second half of a step uses the negative side at its middle, not at its start. */
export const dpmpp2sAncestralCfgPp: SampleFunction = async (
  _,
  x,
  sigmas,
  { onStep, guided, noise, eta, s_noise = 1 },
) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const { denoised, uncond } = await guided(x, sigma);
    const { sigmaDown, sigmaUp } = ancestralStep(sigma, sigmaNext, eta);
    onStep?.(i, x, denoised);
    if (sigmaDown === 0) {
      x = addScaled(denoised, derivative(x, sigma, uncond), sigmaDown);
    } else {
      const [lambda, lambdaNext] = [lambdaOf(sigma), lambdaOf(sigmaDown)];
      const h = f32(lambdaNext - lambda);
      const lambdaMid = f32(lambda + f32(0.5 * h));
      const shifted = add(x, sub(denoised, uncond));
      const x2 = exponentialStep(shifted, denoised, lambda, lambdaMid, f32(-h * 0.5));
      const mid = await guided(x2, sigmaOf(lambdaMid));
      const shiftedMid = add(x, sub(denoised, mid.uncond));
      x = exponentialStep(shiftedMid, mid.denoised, lambda, lambdaNext, -h);
    }
    if (sigmaNext > 0) x = add(x, scale(scale(noise(sigma, sigmaNext), s_noise), sigmaUp));
  }
  return x;
};

export const dpmpp2mCfgPp: SampleFunction = async (_, x, sigmas, { onStep, guided }) => {
  let previousUncond: Vector | undefined;
  for (let i = 0; i < sigmas.length - 1; i++) {
    const { denoised, uncond } = await guided(x, sigmas[i]);
    onStep?.(i, x, denoised);
    const [lambda, lambdaNext] = [lambdaOf(sigmas[i]), lambdaOf(sigmas[i + 1])];
    const h = f32(lambdaNext - lambda);
    let mixed = scale(uncond, -exp(-h));
    if (previousUncond && sigmas[i + 1] !== 0) {
      const r = f32(f32(lambda - lambdaOf(sigmas[i - 1])) / h);
      const weight = -f32(expm1(-h) * f32(1 / f32(2 * r)));
      mixed = addScaled(mixed, sub(denoised, previousUncond), weight);
    }
    x = addScaled(add(denoised, mixed), x, exp(-h));
    previousUncond = uncond;
  }
  return x;
};

/**
 * The alternative CFG++ Euler, used by the SamplerEulerCFG++ node only: Euler's method on the
 * direction away from the negative side's prediction, with twice the guided one.
 */
export const eulerPp: SamplerKind = {
  usesUncond: true,
  async sample(_, x, sigmas, { guided, onStep }) {
    for (let i = 0; i < sigmas.length - 1; i++) {
      const { denoised, uncond } = await guided(x, sigmas[i]);
      const d = divide(sub(add(sub(x, denoised), uncond), denoised), sigmas[i]);
      onStep?.(i, x, denoised);
      x = addScaled(x, d, f32(sigmas[i + 1] - sigmas[i]));
    }
    return x;
  },
};
