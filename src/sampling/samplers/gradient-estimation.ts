// Gradient estimation, "Interpreting and Improving Diffusion Models from an Optimization
// Perspective" (arXiv 2306.04848): Euler's step plus gamma - 1 times the change of the slope since
// the step before; and its CFG++ form (arXiv 2406.08070).
import { addScaled, f32, scale, sub, type Vector } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { derivative } from './steps.ts';

const gradientEstimationWith =
  ({ cfgPp }: { cfgPp: boolean }): SampleFunction =>
  async (denoise, x, sigmas, { onStep, guided, ge_gamma = 2 }) => {
    let previousSlope: Vector | undefined;
    for (let i = 0; i < sigmas.length - 1; i++) {
      const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
      const { denoised, uncond } = cfgPp
        ? await guided(x, sigma)
        : { denoised: await denoise(x, sigma), uncond: undefined };
      const d = derivative(x, sigma, uncond ?? denoised);
      onStep?.(i, x, denoised);
      const dt = f32(sigmaNext - sigma);
      if (sigmaNext === 0) x = denoised;
      else {
        x = cfgPp ? addScaled(denoised, d, sigmaNext) : addScaled(x, d, dt);
        if (previousSlope) x = addScaled(x, scale(sub(d, previousSlope), ge_gamma - 1), dt);
      }
      previousSlope = d;
    }
    return x;
  };

export const gradientEstimation = gradientEstimationWith({ cfgPp: false });
export const gradientEstimationCfgPp = gradientEstimationWith({ cfgPp: true });
