// CFG++ (arXiv 2406.08070): the guided prediction says where to go, the negative side's alone which noise to go back to. Forms of Euler
// (and DDIM's ancestral noise), DPM-Solver++ 2S and 2M.
import {
  add,
  addScaled,
  combine,
  divide,
  exp,
  expm1,
  f32,
  log,
  scale,
  sub,
  type Vector,
} from '../float32.ts';
import type { SampleFunction, SamplerKind } from './sampler.ts';
import { ancestralStep, derivative } from './steps.ts';

const lambdaOf = (sigma: number): number => -log(sigma);
const sigmaOf = (lambda: number): number => exp(-lambda);
/** The signal's scale at a noise level: 1 but for rounding, where noise is added to an unscaled signal. */
const alphaOf = (sigma: number): number => f32(sigma * exp(lambdaOf(sigma)));

export const eulerAncestralCfgPp: SampleFunction = async (
  _,
  x,
  sigmas,
  { onStep, guided, noise, eta = 1, s_noise = 1 },
) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const [sigma, next] = [sigmas[i], sigmas[i + 1]];
    const { denoised, uncond } = await guided(x, sigma);
    onStep?.(i, x, denoised);
    if (next === 0) {
      x = denoised;
      continue;
    }
    const [alpha, alphaNext] = [alphaOf(sigma), alphaOf(next)];
    const d = derivative(x, sigma, scale(uncond, alpha));
    const { down, up } = ancestralStep(f32(sigma / alpha), f32(next / alphaNext), eta);
    x = combine(denoised, alphaNext, d, f32(alphaNext * down));
    if (eta > 0 && s_noise > 0)
      x = add(x, scale(scale(scale(noise(sigma, next), alphaNext), s_noise), up));
  }
  return x;
};

export const eulerCfgPp: SampleFunction = (denoise, x, sigmas, options) =>
  eulerAncestralCfgPp(denoise, x, sigmas, { ...options, eta: 0, s_noise: 0 });

/** The second half of a step shifts by the negative side of its middle, not of its start. */
export const dpmpp2sAncestralCfgPp: SampleFunction = async (
  _,
  x,
  sigmas,
  { onStep, guided, noise, eta, s_noise = 1 },
) => {
  for (let i = 0; i < sigmas.length - 1; i++) {
    const { denoised, uncond } = await guided(x, sigmas[i]);
    const { down, up } = ancestralStep(sigmas[i], sigmas[i + 1], eta);
    onStep?.(i, x, denoised);
    if (down === 0) {
      x = addScaled(denoised, derivative(x, sigmas[i], uncond), down);
    } else {
      const [t, next] = [lambdaOf(sigmas[i]), lambdaOf(down)];
      const h = f32(next - t);
      const s = f32(t + f32(0.5 * h));
      const x2 = exponentialStep(add(x, sub(denoised, uncond)), denoised, t, s, f32(-h * 0.5));
      const middle = await guided(x2, sigmaOf(s));
      x = exponentialStep(add(x, sub(denoised, middle.uncond)), middle.denoised, t, next, -h);
    }
    if (sigmas[i + 1] > 0) x = add(x, scale(scale(noise(sigmas[i], sigmas[i + 1]), s_noise), up));
  }
  return x;
};

const exponentialStep = (
  x: Vector,
  denoised: Vector,
  from: number,
  to: number,
  minusH: number,
): Vector => combine(x, f32(sigmaOf(to) / sigmaOf(from)), denoised, -expm1(minusH));

export const dpmpp2mCfgPp: SampleFunction = async (_, x, sigmas, { onStep, guided }) => {
  let old: Vector | undefined;
  for (let i = 0; i < sigmas.length - 1; i++) {
    const { denoised, uncond } = await guided(x, sigmas[i]);
    onStep?.(i, x, denoised);
    const [t, next] = [lambdaOf(sigmas[i]), lambdaOf(sigmas[i + 1])];
    const h = f32(next - t);
    let mix = scale(uncond, -exp(-h));
    if (old && sigmas[i + 1] !== 0) {
      const r = f32(f32(t - lambdaOf(sigmas[i - 1])) / h);
      mix = addScaled(mix, sub(denoised, old), -f32(expm1(-h) * f32(1 / f32(2 * r))));
    }
    x = addScaled(add(denoised, mix), x, exp(-h));
    old = uncond;
  }
  return x;
};

/** Euler on the direction from the negative side's prediction, taken twice from the guided one ("CFG++", arXiv 2406.08070). */
export const eulerPp: SamplerKind = {
  usesUncond: true,
  async sample(_, x, sigmas, { guided, onStep }) {
    for (let i = 0; i < sigmas.length - 1; i++) {
      const { denoised, uncond } = await guided(x, sigmas[i]);
      const d = divide(sub(add(sub(x, denoised), uncond), denoised), sigmas[i]);
      onStep?.(i, x, denoised);
      x = addScaled(x, d, f32(sigmas[i + 1] - sigmas[i]));
    }
    return x;
  },
};
