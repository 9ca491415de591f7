// RES, "Improved Order Analysis and Design of Exponential Integrator for Diffusion Models Sampling"
// (arXiv 2308.02157): the second order multistep method over lambda = -ln sigma, optionally
// ancestral; and its CFG++ forms (arXiv 2406.08070).
import { add, addScaled, combine, exp, f32, scale, sub, type Vector } from '../float32.ts';
import { lambdaOf, phi1, phi2 } from './exponential-integrator.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep, derivative } from './steps.ts';

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/** `torch.nan_to_num`: 0 for NaN, the largest float32 numbers for the infinities. */
const nanToNum = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Math.max(value, -FLOAT32_MAX), FLOAT32_MAX);

const resMultistepWith =
  ({ ancestral, cfgPp }: { ancestral: boolean; cfgPp: boolean }): SampleFunction =>
  async (denoise, x, sigmas, { onStep, noise, guided, eta = 1, s_noise = 1 }) => {
    let previous: { prediction: Vector; sigmaDown: number } | undefined;
    for (let i = 0; i < sigmas.length - 1; i++) {
      const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
      const { denoised, uncond } = cfgPp
        ? await guided(x, sigma)
        : { denoised: await denoise(x, sigma), uncond: undefined };
      const { sigmaDown, sigmaUp } = ancestralStep(sigma, sigmaNext, ancestral ? eta : 0);
      onStep?.(i, x, denoised);
      const prediction = uncond ?? denoised;
      if (sigmaDown === 0 || !previous) {
        const d = derivative(x, sigma, prediction);
        x = cfgPp ? addScaled(denoised, d, sigmaDown) : addScaled(x, d, f32(sigmaDown - sigma));
      } else {
        const [lambda, lambdaOld, lambdaNext, lambdaPrevious] = [
          sigma,
          previous.sigmaDown,
          sigmaDown,
          sigmas[i - 1],
        ].map(lambdaOf);
        const h = f32(lambdaNext - lambda);
        const c2 = f32(f32(lambdaPrevious - lambdaOld) / h);
        const b1 = nanToNum(f32(phi1(-h) - f32(phi2(-h) / c2)));
        const b2 = nanToNum(f32(phi2(-h) / c2));
        const shifted = cfgPp ? add(x, sub(denoised, prediction)) : x;
        x = combine(shifted, exp(-h), combine(prediction, b1, previous.prediction, b2), h);
      }
      if (ancestral && sigmaNext > 0)
        x = add(x, scale(scale(noise(sigma, sigmaNext), s_noise), sigmaUp));
      previous = { prediction, sigmaDown };
    }
    return x;
  };

export const resMultistep = resMultistepWith({ ancestral: false, cfgPp: false });
export const resMultistepCfgPp = resMultistepWith({ ancestral: false, cfgPp: true });
export const resMultistepAncestral = resMultistepWith({ ancestral: true, cfgPp: false });
export const resMultistepAncestralCfgPp = resMultistepWith({ ancestral: true, cfgPp: true });
