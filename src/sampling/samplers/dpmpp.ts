// DPM-Solver++ (arXiv 2211.01095) in lambda = -ln sigma: the single-step 2S with ancestral noise, and the multistep 2M.
import { add, addScaled, combine, exp, expm1, f32, log, scale, type Vector } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep, derivative } from './steps.ts';

const lambdaOf = (sigma: number): number => -log(sigma);
const sigmaOf = (lambda: number): number => exp(-lambda);

/** The exponential integrator's step from one lambda to the next with a constant prediction. */
const exponentialStep = (
  x: Vector,
  denoised: Vector,
  from: number,
  to: number,
  minusH: number,
): Vector => combine(x, f32(sigmaOf(to) / sigmaOf(from)), denoised, -expm1(minusH));

export const dpmpp2sAncestral: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, eta, s_noise = 1 },
) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const denoised = await denoise(x, sigmas[i]);
    const { down, up } = ancestralStep(sigmas[i], sigmas[i + 1], eta);
    onStep?.(i, x, denoised);
    if (down === 0) {
      x = addScaled(x, derivative(x, sigmas[i], denoised), f32(down - sigmas[i]));
    } else {
      const [t, next] = [lambdaOf(sigmas[i]), lambdaOf(down)];
      const h = f32(next - t);
      const s = f32(t + f32(0.5 * h));
      const x2 = exponentialStep(x, denoised, t, s, f32(-h * 0.5));
      const denoised2 = await denoise(x2, sigmaOf(s));
      x = exponentialStep(x, denoised2, t, next, -h);
    }
    if (sigmas[i + 1] > 0) x = add(x, scale(scale(noise(sigmas[i], sigmas[i + 1]), s_noise), up));
  }
  return x;
};

export const dpmpp2m: SampleFunction = async (denoise, x, sigmas, { onStep }) => {
  let old: Vector | undefined;
  for (let i = 0; i < sigmas.length - 1; i++) {
    const denoised = await denoise(x, sigmas[i]);
    onStep?.(i, x, denoised);
    const [t, next] = [lambdaOf(sigmas[i]), lambdaOf(sigmas[i + 1])];
    const h = f32(next - t);
    let prediction = denoised;
    if (old && sigmas[i + 1] !== 0) {
      const r = f32(f32(t - lambdaOf(sigmas[i - 1])) / h);
      const share = f32(1 / f32(2 * r));
      prediction = combine(denoised, f32(1 + share), old, -share);
    }
    x = exponentialStep(x, prediction, t, next, -h);
    old = denoised;
  }
  return x;
};
