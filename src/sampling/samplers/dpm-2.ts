// k-diffusion's DPM-Solver-2 (arXiv 2206.00927) inside Karras' loop: the slope at the geometric middle of the step; and its ancestral form.
import { add, addScaled, exp, f32, log, scale, type Vector } from '../float32.ts';
import type { Denoise, SampleFunction } from './sampler.ts';
import { ancestralStep, churned, derivative } from './steps.ts';

/** exp((ln a + ln b) / 2), in torch's order of lerp. */
function middle(a: number, b: number): number {
  const [from, to] = [log(a), log(b)];
  return exp(f32(to - f32(f32(to - from) * 0.5)));
}

/** One step from `sigma` to `next` > 0 with slope `d` known at its start. */
async function midpointStep(
  denoise: Denoise,
  x: Vector,
  d: Vector,
  sigma: number,
  next: number,
): Promise<Vector> {
  const mid = middle(sigma, next);
  const x2 = addScaled(x, d, f32(mid - sigma));
  const d2 = derivative(x2, mid, await denoise(x2, mid));
  return addScaled(x, d2, f32(next - sigma));
}

export const dpm2: SampleFunction = async (denoise, x, sigmas, options) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const next = sigmas[i + 1];
    const lifted = churned(x, sigmas, i, options);
    const denoised = await denoise(lifted.x, lifted.sigma);
    const d = derivative(lifted.x, lifted.sigma, denoised);
    options.onStep?.(i, lifted.x, denoised);
    x =
      next === 0
        ? addScaled(lifted.x, d, f32(next - lifted.sigma))
        : await midpointStep(denoise, lifted.x, d, lifted.sigma, next);
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
    const denoised = await denoise(x, sigmas[i]);
    const { down, up } = ancestralStep(sigmas[i], sigmas[i + 1], eta);
    onStep?.(i, x, denoised);
    const d = derivative(x, sigmas[i], denoised);
    if (down === 0) {
      x = addScaled(x, d, f32(down - sigmas[i]));
      continue;
    }
    x = await midpointStep(denoise, x, d, sigmas[i], down);
    x = add(x, scale(scale(noise(sigmas[i], sigmas[i + 1]), s_noise), up));
  }
  return x;
};
