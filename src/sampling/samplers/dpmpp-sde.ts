// DPM-Solver++ for the diffusion SDE (arXiv 2211.01095, section 5): the single-step method, the
// multistep 2M in its midpoint and Heun form, and k-diffusion's 3M. Over lambda = -ln sigma, with
// steps of length h (1 + eta) and the noise of a Brownian path.
import {
  add,
  addScaled,
  combine,
  divide,
  exp,
  expm1,
  f32,
  scale,
  sqrt,
  sub,
  type Vector,
} from '../float32.ts';
import { alphaOf, hPhi2, lambdaOf, sigmaOf } from './exponential-integrator.ts';
import { finiteStart, halfLogSnr } from './half-log-snr.ts';
import type { SampleFunction, SamplerOptions } from './sampler.ts';
import { addScaledNoise, innerShare } from './sde.ts';
import { ancestralStep } from './steps.ts';

/** Throws DR_INPUT_INVALID for an `r` of 0. */
export const dpmppSde: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, sampling, eta = 1, s_noise = 1, r = 1 / 2 },
) => {
  const share = innerShare(r);
  const snr = halfLogSnr(sampling);
  sigmas = finiteStart(sigmas, sampling);
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    if (sigmaNext === 0) {
      x = denoised;
      continue;
    }
    const [lambda, lambdaNext] = [snr.lambdaOf(sigma), snr.lambdaOf(sigmaNext)];
    const start = x;
    const stage = (lambdaTo: number, sigmaTo: number, prediction: Vector): Vector => {
      const { sigmaDown, sigmaUp } = ancestralStep(sigmaOf(lambda), sigmaOf(lambdaTo), eta);
      const minusH = f32(lambda - lambdaOf(sigmaDown));
      const alpha = alphaOf(sigmaTo, lambdaTo);
      const decay = f32(f32(alpha / alphaOf(sigma, lambda)) * exp(minusH));
      const moved = combine(start, decay, prediction, -f32(alpha * expm1(minusH)));
      return eta > 0 && s_noise > 0
        ? addScaledNoise(moved, noise(sigma, sigmaTo), alpha, s_noise, sigmaUp)
        : moved;
    };
    const lambdaInner = f32(lambda + f32(f32(r) * f32(lambdaNext - lambda)));
    const sigmaInner = snr.sigmaOf(lambdaInner);
    const denoised2 = await denoise(stage(lambdaInner, sigmaInner, denoised), sigmaInner);
    x = stage(lambdaNext, sigmaNext, combine(denoised, 1 - share, denoised2, share));
  }
  return x;
};

/** A multistep step's quantities, for its own correction and those of later steps. */
interface Step {
  readonly h: number;
  /** h (1 + eta) */
  readonly hEta: number;
  readonly alpha: number;
  readonly denoised: Vector;
}

/** Adds to the first order step what the earlier steps, the latest first, contribute. */
type Correction = (x: Vector, step: Step, earlier: readonly Step[]) => Vector;

/** The multistep loop: a first order step, its correction, noise. */
const multistep =
  (correctionFor: (options: SamplerOptions) => Correction): SampleFunction =>
  async (denoise, x, sigmas, { onStep, noise, sampling, ...options }) => {
    const { eta = 1, s_noise = 1 } = options;
    const snr = halfLogSnr(sampling);
    sigmas = finiteStart(sigmas, sampling);
    const correct = correctionFor(options);
    let earlier: readonly Step[] = [];
    for (let i = 0; i < sigmas.length - 1; i++) {
      const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
      const denoised = await denoise(x, sigma);
      onStep?.(i, x, denoised);
      if (sigmaNext === 0) {
        x = denoised;
        continue;
      }
      const lambdaNext = snr.lambdaOf(sigmaNext);
      const h = f32(lambdaNext - snr.lambdaOf(sigma));
      const hEta = f32(h * f32(eta + 1));
      const step: Step = { h, hEta, alpha: alphaOf(sigmaNext, lambdaNext), denoised };
      const decay = f32(f32(sigmaNext / sigma) * exp(f32(-h * f32(eta))));
      x = combine(x, decay, denoised, f32(step.alpha * -expm1(-hEta)));
      x = correct(x, step, earlier);
      if (eta > 0 && s_noise > 0) {
        const deviation = sqrt(-expm1(f32(f32(-2 * h) * f32(eta))));
        x = addScaledNoise(x, noise(sigma, sigmaNext), sigmaNext, deviation, s_noise);
      }
      earlier = [step, ...earlier.slice(0, 1)];
    }
    return x;
  };

/** The weight of the difference of two predictions, per form of the second order method. */
const SECOND_ORDER: Readonly<Record<'midpoint' | 'heun', (step: Step) => number>> = {
  midpoint: ({ hEta, alpha }) => f32(f32(0.5 * alpha) * -expm1(-hEta)),
  heun: ({ hEta, alpha }) => f32(alpha * -hPhi2(-hEta)),
};

const dpmpp2mSdeWith = (form: 'midpoint' | 'heun'): SampleFunction =>
  multistep(({ solver_type = form }) => (x, step, [last]) => {
    if (!last) return x;
    const order = SECOND_ORDER[solver_type === 'heun' ? 'heun' : 'midpoint'];
    const weight = f32(order(step) * f32(1 / f32(last.h / step.h)));
    return addScaled(x, sub(step.denoised, last.denoised), weight);
  });

export const dpmpp2mSde = dpmpp2mSdeWith('midpoint');
export const dpmpp2mSdeHeun = dpmpp2mSdeWith('heun');

export const dpmpp3mSde = multistep(() => (x, step, [last, beforeLast]) => {
  if (!last) return x;
  const { alpha, hEta } = step;
  const phi2 = -hPhi2(-hEta);
  const r0 = f32(last.h / step.h);
  const d10 = divide(sub(step.denoised, last.denoised), r0);
  if (!beforeLast) return addScaled(x, d10, f32(alpha * phi2));
  const r1 = f32(beforeLast.h / step.h);
  const d11 = divide(sub(last.denoised, beforeLast.denoised), r1);
  const difference = sub(d10, d11);
  const d1 = add(d10, divide(scale(difference, r0), f32(r0 + r1)));
  const d2 = divide(difference, f32(r0 + r1));
  const phi3 = f32(f32(phi2 / hEta) - 0.5);
  return addScaled(addScaled(x, d1, f32(alpha * phi2)), d2, -f32(alpha * phi3));
});
