// RES, "Improved Order Analysis and Design of Exponential Integrator for Diffusion Models Sampling" (arXiv 2308.02157): second order
// multistep in lambda = -ln sigma, with ancestral noise where asked for; and its CFG++ forms (arXiv 2406.08070).
import {
  add,
  addScaled,
  combine,
  exp,
  expm1,
  f32,
  log,
  scale,
  sub,
  type Vector,
} from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep, derivative } from './steps.ts';

const lambdaOf = (sigma: number): number => -log(sigma);
const phi1 = (h: number): number => f32(expm1(h) / h);
const phi2 = (h: number): number => f32(f32(phi1(h) - 1) / h);

const LARGEST = (2 - 2 ** -23) * 2 ** 127;
/** `torch.nan_to_num`: 0 for NaN, the largest numbers for the infinities. */
const finite = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Math.max(value, -LARGEST), LARGEST);

const resMultistepWith =
  ({ ancestral, cfgPp }: { ancestral: boolean; cfgPp: boolean }): SampleFunction =>
  async (denoise, x, sigmas, { onStep, noise, guided, eta = 1, s_noise = 1 }) => {
    let old: { prediction: Vector; down: number } | undefined;
    for (let i = 0; i < sigmas.length - 1; i++) {
      const [sigma, next] = [sigmas[i], sigmas[i + 1]];
      const { denoised, uncond } = cfgPp
        ? await guided(x, sigma)
        : { denoised: await denoise(x, sigma), uncond: undefined };
      const { down, up } = ancestralStep(sigma, next, ancestral ? eta : 0);
      onStep?.(i, x, denoised);
      const prediction = uncond ?? denoised;
      if (down === 0 || !old) {
        const d = derivative(x, sigma, prediction);
        x = cfgPp ? addScaled(denoised, d, down) : addScaled(x, d, f32(down - sigma));
      } else {
        const [t, tOld, tNext, tPrevious] = [sigma, old.down, down, sigmas[i - 1]].map(lambdaOf);
        const h = f32(tNext - t);
        const c2 = f32(f32(tPrevious - tOld) / h);
        const b1 = finite(f32(phi1(-h) - f32(phi2(-h) / c2)));
        const b2 = finite(f32(phi2(-h) / c2));
        const shifted = cfgPp ? add(x, sub(denoised, prediction)) : x;
        x = combine(shifted, exp(-h), combine(prediction, b1, old.prediction, b2), h);
      }
      if (ancestral && next > 0) x = add(x, scale(scale(noise(sigma, next), s_noise), up));
      old = { prediction, down };
    }
    return x;
  };

export const resMultistep = resMultistepWith({ ancestral: false, cfgPp: false });
export const resMultistepCfgPp = resMultistepWith({ ancestral: false, cfgPp: true });
export const resMultistepAncestral = resMultistepWith({ ancestral: true, cfgPp: false });
export const resMultistepAncestralCfgPp = resMultistepWith({ ancestral: true, cfgPp: true });
