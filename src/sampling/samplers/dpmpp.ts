// DPM-Solver++ (arXiv 2211.01095) over lambda = -ln sigma: the single-step 2S with ancestral noise,
// and the multistep 2M.
import { add, addScaled, combine, f32, scale, type Vector } from '../float32.ts';
import { exponentialStep, lambdaOf, sigmaOf } from './exponential-integrator.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep, derivative } from './steps.ts';

export const dpmpp2sAncestral: SampleFunction = async (
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
    if (sigmaDown === 0) {
      x = addScaled(x, derivative(x, sigma, denoised), f32(sigmaDown - sigma));
    } else {
      const [lambda, lambdaNext] = [lambdaOf(sigma), lambdaOf(sigmaDown)];
      const h = f32(lambdaNext - lambda);
      const lambdaMid = f32(lambda + f32(0.5 * h));
      const x2 = exponentialStep(x, denoised, lambda, lambdaMid, f32(-h * 0.5));
      const denoised2 = await denoise(x2, sigmaOf(lambdaMid));
      x = exponentialStep(x, denoised2, lambda, lambdaNext, -h);
    }
    if (sigmaNext > 0) x = add(x, scale(scale(noise(sigma, sigmaNext), s_noise), sigmaUp));
  }
  return x;
};

export const dpmpp2m: SampleFunction = async (denoise, x, sigmas, { onStep }) => {
  let previous: Vector | undefined;
  for (let i = 0; i < sigmas.length - 1; i++) {
    const denoised = await denoise(x, sigmas[i]);
    onStep?.(i, x, denoised);
    const [lambda, lambdaNext] = [lambdaOf(sigmas[i]), lambdaOf(sigmas[i + 1])];
    const h = f32(lambdaNext - lambda);
    let prediction = denoised;
    if (previous && sigmas[i + 1] !== 0) {
      const r = f32(f32(lambda - lambdaOf(sigmas[i - 1])) / h);
      const weight = f32(1 / f32(2 * r));
      prediction = combine(denoised, f32(1 + weight), previous, -weight);
    }
    x = exponentialStep(x, prediction, lambda, lambdaNext, -h);
    previous = denoised;
  }
  return x;
};
