// DPM-Solver++ for the diffusion SDE (arXiv 2211.01095, section 5): the single-step method, the multistep 2M in its midpoint and Heun form,
// and k-diffusion's 3M. In lambda = -ln sigma, with steps of length h(1 + eta); the noise is a Brownian path's.
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
import type { SampleFunction, SamplerOptions } from './sampler.ts';
import { addNoise, alphaOf, innerShare, lambdaOf, sigmaOf } from './sde.ts';
import { ancestralStep } from './steps.ts';

/** Throws DR_INPUT_INVALID for an `r` of 0. */
export const dpmppSde: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, eta = 1, s_noise = 1, r = 1 / 2 },
) => {
  const share = innerShare(r);
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, next] = [sigmas[i], sigmas[i + 1]];
    const denoised = await denoise(x, sigma);
    onStep?.(i, x, denoised);
    if (next === 0) {
      x = denoised;
      continue;
    }
    const [lambda, lambdaNext] = [lambdaOf(sigma), lambdaOf(next)];
    const start = x;
    const stage = (to: number, sigmaTo: number, prediction: Vector): Vector => {
      const { down, up } = ancestralStep(sigmaOf(lambda), sigmaOf(to), eta);
      const minusH = f32(lambda - lambdaOf(down));
      const alpha = alphaOf(sigmaTo, to);
      const keep = f32(f32(alpha / alphaOf(sigma, lambda)) * exp(minusH));
      const moved = combine(start, keep, prediction, -f32(alpha * expm1(minusH)));
      return eta > 0 && s_noise > 0
        ? addNoise(moved, noise(sigma, sigmaTo), alpha, s_noise, up)
        : moved;
    };
    const inner = f32(lambda + f32(f32(r) * f32(lambdaNext - lambda)));
    const sigmaInner = sigmaOf(inner);
    const denoised2 = await denoise(stage(inner, sigmaInner, denoised), sigmaInner);
    x = stage(lambdaNext, next, combine(denoised, 1 - share, denoised2, share));
  }
  return x;
};

/** What a multistep step knows of itself. */
interface Step {
  readonly h: number;
  /** h (1 + eta) */
  readonly hEta: number;
  readonly alpha: number;
  readonly denoised: Vector;
}

/** The earlier steps, the latest first; a correction adds their share to the first order step. */
type Correction = (x: Vector, step: Step, earlier: readonly Step[]) => Vector;

/** The multistep loop: a first order step, its correction, noise. */
const multistep =
  (correctionFor: (knobs: SamplerOptions) => Correction): SampleFunction =>
  async (denoise, x, sigmas, { onStep, noise, ...knobs }) => {
    const { eta = 1, s_noise = 1 } = knobs;
    const correct = correctionFor(knobs);
    let earlier: readonly Step[] = [];
    for (let i = 0; i < sigmas.length - 1; i++) {
      const [sigma, next] = [sigmas[i], sigmas[i + 1]];
      const denoised = await denoise(x, sigma);
      onStep?.(i, x, denoised);
      if (next === 0) {
        x = denoised;
        continue;
      }
      const lambdaNext = lambdaOf(next);
      const h = f32(lambdaNext - lambdaOf(sigma));
      const step: Step = {
        h,
        hEta: f32(h * f32(eta + 1)),
        alpha: alphaOf(next, lambdaNext),
        denoised,
      };
      const keep = f32(f32(next / sigma) * exp(f32(-h * f32(eta))));
      x = combine(x, keep, denoised, f32(step.alpha * -expm1(-step.hEta)));
      x = correct(x, step, earlier);
      if (eta > 0 && s_noise > 0)
        x = addNoise(
          x,
          noise(sigma, next),
          next,
          sqrt(-expm1(f32(f32(-2 * h) * f32(eta)))),
          s_noise,
        );
      earlier = [step, ...earlier.slice(0, 1)];
    }
    return x;
  };

/** phi_2 of the exponential integrator, times h. */
const phi2 = (h: number): number => f32(f32(expm1(-h) / h) + 1);

/** The weight of the difference of two predictions, per form of the second order method. */
const SECOND_ORDER: Readonly<Record<'midpoint' | 'heun', (step: Step) => number>> = {
  midpoint: ({ hEta, alpha }) => f32(f32(0.5 * alpha) * -expm1(-hEta)),
  heun: ({ hEta, alpha }) => f32(alpha * f32(f32(-expm1(-hEta) / -hEta) + 1)),
};

const dpmpp2mSdeWith = (form: 'midpoint' | 'heun'): SampleFunction =>
  multistep(({ solver_type = form }) => (x, step, [last]) => {
    if (!last) return x;
    const weight = f32(SECOND_ORDER[solver_type](step) * f32(1 / f32(last.h / step.h)));
    return addScaled(x, sub(step.denoised, last.denoised), weight);
  });

export const dpmpp2mSde = dpmpp2mSdeWith('midpoint');
export const dpmpp2mSdeHeun = dpmpp2mSdeWith('heun');

export const dpmpp3mSde = multistep(() => (x, step, [last, beforeLast]) => {
  if (!last) return x;
  const { alpha, hEta } = step;
  const r0 = f32(last.h / step.h);
  const d0 = divide(sub(step.denoised, last.denoised), r0);
  if (!beforeLast) return addScaled(x, d0, f32(alpha * phi2(hEta)));
  const r1 = f32(beforeLast.h / step.h);
  const bend = sub(d0, divide(sub(last.denoised, beforeLast.denoised), r1));
  const d1 = add(d0, divide(scale(bend, r0), f32(r0 + r1)));
  const d2 = divide(bend, f32(r0 + r1));
  const phi3 = f32(f32(phi2(hEta) / hEta) - 0.5);
  return addScaled(addScaled(x, d1, f32(alpha * phi2(hEta))), d2, -f32(alpha * phi3));
});
