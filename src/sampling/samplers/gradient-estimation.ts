// "Interpreting and Improving Diffusion Models from an Optimization Perspective" (arXiv 2306.04848, gradient estimation): Euler's step, and
// gamma - 1 times what the slope changed since the step before; and its CFG++ form (arXiv 2406.08070).
import { addScaled, f32, scale, sub, type Vector } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { derivative } from './steps.ts';

const gradientEstimationWith =
  ({ cfgPp }: { cfgPp: boolean }): SampleFunction =>
  async (denoise, x, sigmas, { onStep, guided, ge_gamma = 2 }) => {
    let old: Vector | undefined;
    for (let i = 0; i < sigmas.length - 1; i++) {
      const [sigma, next] = [sigmas[i], sigmas[i + 1]];
      const { denoised, uncond } = cfgPp
        ? await guided(x, sigma)
        : { denoised: await denoise(x, sigma), uncond: undefined };
      const d = derivative(x, sigma, uncond ?? denoised);
      onStep?.(i, x, denoised);
      const dt = f32(next - sigma);
      if (next === 0) x = denoised;
      else {
        x = cfgPp ? addScaled(denoised, d, next) : addScaled(x, d, dt);
        if (old) x = addScaled(x, scale(sub(d, old), ge_gamma - 1), dt);
      }
      old = d;
    }
    return x;
  };

export const gradientEstimation = gradientEstimationWith({ cfgPp: false });
export const gradientEstimationCfgPp = gradientEstimationWith({ cfgPp: true });
