// SEEDS, "Exponential SDE Solvers for Fast High-Quality Sampling from Diffusion Models" (arXiv
// 2305.14267), with two and three stages, predicting data. Each stage continues the noise of the
// stage before it.
import { combine, exp, expm1, f32, scale, sqrt, type Vector, weightedSum } from '../float32.ts';
import { alphaOf, hPhi1, hPhi2OfDifference } from './exponential-integrator.ts';
import { finiteStart, type HalfLogSnr, halfLogSnr } from './half-log-snr.ts';
import type { SampleFunction, SamplerOptions, SeedsForm } from './sampler.ts';
import { addScaledNoise, innerShare } from './sde.ts';

/** torch.lerp: from the nearer end; the product is not rounded before it is added. */
function lerp(a: number, b: number, w: number): number {
  const k = f32(w);
  return Math.abs(k) < 0.5 ? f32(a + k * f32(b - a)) : f32(b - f32(b - a) * f32(1 - k));
}

interface NoiseLevel {
  readonly sigma: number;
  readonly alpha: number;
}

/** One step's quantities, shared by its stages. Fractions are of its length h in lambda. */
class SeedsStep {
  readonly end: NoiseLevel;
  readonly #snr: HalfLogSnr;
  readonly #x: Vector;
  readonly #sigma: number;
  readonly #eta: number;
  readonly #lambda: number;
  readonly #lambdaNext: number;
  readonly #h: number;
  readonly #hEta: number;

  constructor(x: Vector, sigma: number, sigmaNext: number, eta: number, snr: HalfLogSnr) {
    this.#snr = snr;
    this.#x = x;
    this.#sigma = sigma;
    this.#eta = eta;
    this.#lambda = snr.lambdaOf(sigma);
    this.#lambdaNext = snr.lambdaOf(sigmaNext);
    this.#h = f32(this.#lambdaNext - this.#lambda);
    this.#hEta = f32(this.#h * f32(eta + 1));
    this.end = { sigma: sigmaNext, alpha: alphaOf(sigmaNext, this.#lambdaNext) };
  }

  /** The argument of the phi functions at fraction r: -r h (1 + eta). */
  minusH(r: number): number {
    return f32(f32(-r) * this.#hEta);
  }

  /** The noise level at fraction r < 1. */
  levelAt(r: number): NoiseLevel {
    const lambda = lerp(this.#lambda, this.#lambdaNext, r);
    const sigma = this.#snr.sigmaOf(lambda);
    return { sigma, alpha: alphaOf(sigma, lambda) };
  }

  /** The start, decayed to fraction r, minus `weight` times a prediction. */
  move(r: number, level: NoiseLevel, prediction: Vector, weight: number): Vector {
    const decay = f32(f32(level.sigma / this.#sigma) * exp(this.#exponent(-r)));
    return combine(this.#x, decay, prediction, -weight);
  }

  /** Unit noise scaled to the interval between two fractions, added to the earlier interval's. */
  continueNoise(before: Vector | undefined, from: number, to: number, unitNoise: Vector): Vector {
    if (!before) return scale(unitNoise, sqrt(-expm1(this.#exponent(-2 * to))));
    const exponent = this.#exponent(from - to);
    return combine(before, exp(exponent), unitNoise, sqrt(-expm1(f32(2 * exponent))));
  }

  /** factor h eta */
  #exponent(factor: number): number {
    return f32(f32(f32(factor) * this.#h) * f32(this.#eta));
  }
}

/**
 * SEEDS with two stages, in a form unless the options name another. Throws DR_INPUT_INVALID for an
 * `r` of 0.
 */
export const seeds2 =
  (form: SeedsForm): SampleFunction =>
  async (
    denoise,
    x,
    sigmas,
    { onStep, noise, sampling, eta = 1, s_noise = 1, r = 0.5, solver_type = form },
  ) => {
    const addsNoise = eta > 0 && s_noise > 0;
    const snr = halfLogSnr(sampling);
    sigmas = finiteStart(sigmas, sampling);
    const share = innerShare(r);
    for (let i = 0; i < sigmas.length - 1; i++) {
      const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
      const denoised = await denoise(x, sigma);
      onStep?.(i, x, denoised);
      if (sigmaNext === 0) {
        x = denoised;
        continue;
      }
      const step = new SeedsStep(x, sigma, sigmaNext, eta, snr);
      const [inner, { end }] = [step.levelAt(r), step];

      let x2 = step.move(r, inner, denoised, f32(inner.alpha * hPhi1(step.minusH(r))));
      let sdeNoise: Vector | undefined;
      if (addsNoise) {
        sdeNoise = step.continueNoise(undefined, 0, r, noise(sigma, inner.sigma));
        x2 = addScaledNoise(x2, sdeNoise, inner.sigma, s_noise);
      }
      const denoised2 = await denoise(x2, inner.sigma);

      if (solver_type === 'phi_2') {
        const b2 = f32(hPhi2OfDifference(step.minusH(1)) / f32(r));
        const b1 = f32(hPhi1(step.minusH(1)) - b2);
        x = step.move(1, end, weightedSum([denoised, denoised2], [b1, b2]), end.alpha);
      } else {
        const mixed = denoised.map((d, k) => lerp(d, denoised2[k], share));
        x = step.move(1, end, mixed, f32(end.alpha * hPhi1(step.minusH(1))));
      }
      if (addsNoise) {
        sdeNoise = step.continueNoise(sdeNoise, r, 1, noise(inner.sigma, sigmaNext));
        x = addScaledNoise(x, sdeNoise, sigmaNext, s_noise);
      }
    }
    return x;
  };

/** Heun's method for exponential integrators: SEEDS with the second stage at the end of the step. */
export const expHeun =
  (fixed: Pick<SamplerOptions, 'eta' | 's_noise'> = {}): SampleFunction =>
  (denoise, x, sigmas, options) =>
    seeds2('phi_2')(denoise, x, sigmas, { ...options, ...fixed, r: 1 });

export const seeds3: SampleFunction = async (
  denoise,
  x,
  sigmas,
  { onStep, noise, sampling, eta = 1, s_noise = 1, r_1 = 1 / 3, r_2 = 2 / 3 },
) => {
  const addsNoise = eta > 0 && s_noise > 0;
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
    const step = new SeedsStep(x, sigma, sigmaNext, eta, snr);
    const [first, second, { end }] = [step.levelAt(r_1), step.levelAt(r_2), step];

    let x2 = step.move(r_1, first, denoised, f32(first.alpha * hPhi1(step.minusH(r_1))));
    let sdeNoise: Vector | undefined;
    if (addsNoise) {
      sdeNoise = step.continueNoise(undefined, 0, r_1, noise(sigma, first.sigma));
      x2 = addScaledNoise(x2, sdeNoise, first.sigma, s_noise);
    }
    const denoised2 = await denoise(x2, first.sigma);

    const a32 = f32(f32(r_2 / r_1) * hPhi2OfDifference(step.minusH(r_2)));
    const a31 = f32(hPhi1(step.minusH(r_2)) - a32);
    let x3 = step.move(r_2, second, weightedSum([denoised, denoised2], [a31, a32]), second.alpha);
    if (addsNoise) {
      sdeNoise = step.continueNoise(sdeNoise, r_1, r_2, noise(first.sigma, second.sigma));
      x3 = addScaledNoise(x3, sdeNoise, second.sigma, s_noise);
    }
    const denoised3 = await denoise(x3, second.sigma);

    const b3 = f32(hPhi2OfDifference(step.minusH(1)) / f32(r_2));
    const b1 = f32(hPhi1(step.minusH(1)) - b3);
    x = step.move(1, end, weightedSum([denoised, denoised3], [b1, b3]), end.alpha);
    if (addsNoise) {
      sdeNoise = step.continueNoise(sdeNoise, r_2, 1, noise(second.sigma, sigmaNext));
      x = addScaledNoise(x, sdeNoise, sigmaNext, s_noise);
    }
  }
  return x;
};
