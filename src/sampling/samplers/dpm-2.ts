// DPM-Solver-2 (arXiv 2206.00927) inside the loop of arXiv 2206.00364 (k-diffusion): each step uses
// the slope at the geometric mean of its sigmas. Also its ancestral form.
import { add, addScaled, exp, f32, log, scale, type Vector } from '../float32.ts';
import type { Denoise, SampleFunction } from './sampler.ts';
import { ancestralStep, churn, derivative } from './steps.ts';

/** sqrt(a b) as exp((ln a + ln b) / 2), in torch.lerp's order of operations. */
function geometricMean(a: number, b: number): number {
  const [from, to] = [log(a), log(b)];
  return exp(f32(to - f32(f32(to - from) * 0.5)));
}

/** One step from `sigma` to `sigmaNext` > 0; `d` is the slope at its start. */
export async function midpointStep(
  denoise: Denoise,
  x: Vector,
  d: Vector,
  sigma: number,
  sigmaNext: number,
): Promise<Vector> {
  const sigmaMid = geometricMean(sigma, sigmaNext);
  const x2 = addScaled(x, d, f32(sigmaMid - sigma));
  const d2 = derivative(x2, sigmaMid, await denoise(x2, sigmaMid));
  return addScaled(x, d2, f32(sigmaNext - sigma));
}

export const dpm2: SampleFunction = async (denoise, x, sigmas, options) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const sigmaNext = sigmas[i + 1];
    const { xHat, sigmaHat } = churn(x, sigmas, i, options);
    const denoised = await denoise(xHat, sigmaHat);
    const d = derivative(xHat, sigmaHat, denoised);
    options.onStep?.(i, xHat, denoised);
    x =
      sigmaNext === 0
        ? addScaled(xHat, d, f32(sigmaNext - sigmaHat))
        : await midpointStep(denoise, xHat, d, sigmaHat, sigmaNext);
  }
  return x;
};

export const dpm2Ancestral: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, eta, s_noise = 1 },
) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    const { sigmaDown, sigmaUp } = ancestralStep(sigma, sigmaNext, eta);
    onStep?.(i, x, denoised);
    const d = derivative(x, sigma, denoised);
    if (sigmaDown === 0) {
      x = addScaled(x, d, f32(sigmaDown - sigma));
      continue;
    }
    x = await midpointStep(denoise, x, d, sigma, sigmaDown);
    x = add(x, scale(scale(noise(sigma, sigmaNext), s_noise), sigmaUp));
  }
  return x;
};
