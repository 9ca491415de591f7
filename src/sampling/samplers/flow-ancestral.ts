// The ancestral samplers of flow models (comfy.k_diffusion.sampling, sample_*_RF): a step goes
// below its end, and noise that keeps the mixture of data and noise leads back up.
import { addScaled, combine, exp, f32, log, scale, sqrt, square, type Vector } from '../float32.ts';
import { midpointStep } from './dpm-2.ts';
import type { Denoise, SampleArguments, SampleFunction } from './sampler.ts';
import { derivative } from './steps.ts';

interface FlowStep {
  readonly sigma: number;
  readonly sigmaNext: number;
  /** Where the step ends before noise is added. */
  readonly sigmaDown: number;
  /** Factors on the latent there, and on the noise. */
  readonly signal: number;
  readonly renoise: number;
}

function flowStep(sigma: number, sigmaNext: number, eta: number): FlowStep {
  const ratio = f32(f32(f32(f32(sigmaNext / sigma) - 1) * f32(eta)) + 1);
  const sigmaDown = f32(sigmaNext * ratio);
  const [alpha, alphaDown] = [f32(1 - sigmaNext), f32(1 - sigmaDown)];
  const reached = f32(f32(square(sigmaDown) * square(alpha)) / square(alphaDown));
  return {
    sigma,
    sigmaNext,
    sigmaDown,
    signal: f32(alpha / alphaDown),
    renoise: sqrt(f32(square(sigmaNext) - reached)),
  };
}

/** From `sigma` towards a prediction, straight to `to`. */
function moved(x: Vector, prediction: Vector, { sigma }: FlowStep, to: number): Vector {
  const ratio = f32(to / sigma);
  return combine(x, ratio, prediction, f32(1 - ratio));
}

function renoised(
  x: Vector,
  { sigma, sigmaNext, signal, renoise }: FlowStep,
  { noise, s_noise = 1 }: SampleArguments,
): Vector {
  const scaled = scale(noise(sigma, sigmaNext), s_noise);
  return combine(x, signal, scaled, renoise);
}

/** The loop: `advance` makes a step to sigmaDown. */
const ancestral =
  (
    advance: (
      x: Vector,
      denoised: Vector,
      step: FlowStep,
      denoise: Denoise,
    ) => Promise<Vector> | Vector,
  ): SampleFunction =>
  async (denoise, x, sigmas, options) => {
    const { onStep, eta = 1 } = options;
    for (let i = 0; i < sigmas.length - 1; i++) {
      const step = flowStep(sigmas[i], sigmas[i + 1], eta);
      const denoised = await denoise(x, step.sigma);
      onStep?.(i, x, denoised);
      if (step.sigmaNext === 0) {
        x = addScaled(x, derivative(x, step.sigma, denoised), f32(step.sigmaDown - step.sigma));
        continue;
      }
      x = await advance(x, denoised, step, denoise);
      if (eta > 0) x = renoised(x, step, options);
    }
    return x;
  };

export const flowEulerAncestral = ancestral((x, denoised, step) =>
  moved(x, denoised, step, step.sigmaDown),
);

export const flowDpm2Ancestral = ancestral(async (x, denoised, step, denoise) => {
  const { sigma, sigmaDown } = step;
  const slope = derivative(x, sigma, denoised);
  return midpointStep(denoise, x, slope, sigma, sigmaDown);
});

/** The end of the inner step that starts at sigma 1, where lambda is not finite. */
const INNER_OF_ONE = 0.9999;

export const flowDpmpp2sAncestral = ancestral(async (x, denoised, step, denoise) => {
  const { sigma, sigmaDown } = step;
  const inner = sigma === 1 ? f32(INNER_OF_ONE) : middle(sigma, sigmaDown);
  const denoised2 = await denoise(moved(x, denoised, step, inner), inner);
  return moved(x, denoised2, step, sigmaDown);
});

/** The sigma in the middle of two in lambda = ln((1 - sigma) / sigma). */
function middle(from: number, to: number): number {
  const [start, end] = [from, to].map((sigma) => log(f32(f32(1 - sigma) / sigma)));
  return f32(1 / f32(exp(f32(start + f32(f32(end - start) * 0.5))) + 1));
}
