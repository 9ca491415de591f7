// SA-Solver, "Stochastic Adams Solver for Fast Sampling of Diffusion Models" (arXiv 2309.05019):
// predictor and corrector over the last predictions, with noise by tau(sigma). PECE evaluates the
// corrected latent once more.
import {
  add,
  addScaled,
  exp,
  expm1,
  f32,
  log,
  scale,
  sqrt,
  type Vector,
  weightedSum,
} from '../float32.ts';
import { alphaOf } from './exponential-integrator.ts';
import { finiteStart, halfLogSnr } from './half-log-snr.ts';
import { solve } from './linear-system.ts';
import type { SampleFunction } from './sampler.ts';

/** A tau that is `eta` from sigma `start` down to sigma `end`, and 0 outside. */
export const tauInterval =
  (start: number, end: number, eta = 1) =>
  (sigma: number): number =>
    eta > 0 && start >= sigma && sigma >= end ? eta : 0;

const saSolverWith =
  (pece: boolean): SampleFunction =>
  async (denoise, x, sigmas, { onStep, noise, sampling, rules, s_noise = 1, ...options }) => {
    const { predictor_order = 3, corrector_order = 4, use_pece = pece } = options;
    const { simple_order_2: simple = false } = options;
    const tauOf =
      options.tau_func ?? tauInterval(sampling.percentToSigma(0.2), sampling.percentToSigma(0.8));
    sigmas = finiteStart(sigmas, sampling);
    const lambdas = Array.from(sigmas, halfLogSnr(sampling).lambdaOf);
    const steps = sigmas.length - 1;
    const lowersOrderAtEnd = sigmas[steps] === 0;

    let predicted = x;
    let tau = 0;
    let stepNoise: Vector | undefined;
    let history: Vector[] = [];
    for (let i = 0; i < steps; i++) {
      const sigmaNext = sigmas[i + 1];
      let denoised = await denoise(predicted, sigmas[i]);
      onStep?.(i, predicted, denoised);
      history = [...history, denoised].slice(-Math.max(predictor_order, corrector_order));
      const stepsLeft = lowersOrderAtEnd ? steps - i : Number.POSITIVE_INFINITY;
      const canCorrect = i > 0 && (sigmaNext !== 0 || use_pece);
      const correctorOrder = canCorrect ? Math.min(corrector_order, history.length, stepsLeft) : 0;
      const predictorOrder = Math.min(predictor_order, history.length, stepsLeft - 1);

      if (correctorOrder === 0) x = predicted;
      else {
        const step = { sigmas, lambdas, i: i - 1, latest: i, order: correctorOrder, tau, simple };
        x = adams(x, history, step);
        if (tau > 0 && s_noise > 0) x = add(x, stepNoise!);
        if (use_pece) {
          denoised = await denoise(x, sigmas[i]);
          history[history.length - 1] = denoised;
        }
      }

      if (sigmaNext === 0) {
        if (rules.saSolverReturnsPrediction) predicted = denoised;
        else x = denoised;
        continue;
      }
      tau = tauOf(sigmaNext);
      const step = { sigmas, lambdas, i, latest: i, order: predictorOrder, tau, simple };
      predicted = adams(x, history, step);
      if (tau > 0 && s_noise > 0) {
        const deviation = sqrt(-expm1(f32(f32(-2 * tau * tau) * f32(lambdas[i + 1] - lambdas[i]))));
        const unitNoise = noise(sigmas[i], sigmaNext);
        stepNoise = scale(scale(scale(unitNoise, sigmaNext), deviation), s_noise);
        predicted = add(predicted, stepNoise);
      }
    }
    return rules.saSolverReturnsPrediction ? predicted : x;
  };

export const saSolver = saSolverWith(false);
export const saSolverPece = saSolverWith(true);

/** A step from level i to i + 1. */
interface AdamsStep {
  readonly sigmas: Float32Array;
  readonly lambdas: readonly number[];
  readonly i: number;
  /** Level of the latest prediction: i for the predictor, i + 1 for the corrector. */
  readonly latest: number;
  /** Number of predictions used. */
  readonly order: number;
  readonly tau: number;
  /** The paper's simple form of order 2. */
  readonly simple: boolean;
}

/** The latent `from`, decayed over the step, plus the weighted last predictions. */
function adams(from: Vector, history: readonly Vector[], step: AdamsStep): Vector {
  const { sigmas, lambdas, i, latest, order, tau, simple } = step;
  const weights = adamsWeights({
    sigma: sigmas[i + 1],
    lambdas: lambdas.slice(latest - order + 1, latest + 1),
    from: lambdas[i],
    to: lambdas[i + 1],
    tau,
    simple,
    isCorrector: latest > i,
  });
  const decay = exp(f32(f32(-(tau * tau)) * f32(lambdas[i + 1] - lambdas[i])));
  return addScaled(
    weightedSum(history.slice(-order), weights),
    from,
    f32(f32(sigmas[i + 1] / sigmas[i]) * decay),
  );
}

interface WeightedStep {
  /** The level at the step's end. */
  readonly sigma: number;
  /** Lambdas of the predictions used, the latest last. */
  readonly lambdas: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly tau: number;
  readonly simple: boolean;
  readonly isCorrector: boolean;
}

/**
 * The weights of the predictions (equations 15 and 18): the exponentially weighted integrals of the
 * Lagrange basis over their lambdas.
 */
function adamsWeights(step: WeightedStep): number[] {
  const { sigma, lambdas, from, to, tau } = step;
  const alpha = alphaOf(sigma, to);
  if (step.simple && lambdas.length === 2) return simpleWeights(step, alpha);
  // Each power is rounded once, as in torch.vander.
  const vandermonde = lambdas.map((_, p) => lambdas.map((lambda) => f32(lambda ** p)));
  return solve(vandermonde, exponentialIntegrals(from, to, lambdas.length, tau)).map((weight) =>
    f32(alpha * weight),
  );
}

/** The paper's simple second order (appendix D). */
function simpleWeights(
  { lambdas, from, to, tau, isCorrector }: WeightedStep,
  alpha: number,
): number[] {
  const factor = 1 + tau * tau;
  const h = f32(to - from);
  const whole = f32(alpha * -expm1(f32(-h * f32(factor))));
  if (isCorrector) {
    const latest = f32(alpha * f32(f32(0.5 * factor) * h));
    return [f32(whole - latest), latest];
  }
  const earlier = f32(f32(alpha * f32(f32(0.5 * factor) * f32(h * h))) / f32(lambdas[0] - from));
  return [earlier, f32(whole - earlier)];
}

/**
 * (1 + tau^2) times the integrals over [from, to] of exp((1 + tau^2)(l - to)) l^p for p = 0 … order
 * - 1, by parts from the lower powers.
 */
function exponentialIntegrals(from: number, to: number, order: number, tau: number): number[] {
  const factor = 1 + tau * tau;
  const decay = exp(f32(f32(-factor) * f32(to - from)));
  const terms = Array.from({ length: order }, (_, p) =>
    f32(f32(to ** p) - f32(f32(from ** p) * decay)),
  );
  return terms.map((_, p) => {
    let sum = 0;
    for (let q = 0; q <= p; q++) {
      const size = f32(
        f32(logFactorial(p) - logFactorial(q)) - f32((p - q) * f32(Math.log(factor))),
      );
      sum = f32(sum + f32(((p - q) % 2 === 0 ? 1 : -1) * exp(size) * terms[q]));
    }
    return sum;
  });
}

function logFactorial(n: number): number {
  let product = 1;
  for (let k = 2; k <= n; k++) product *= k;
  return log(product);
}
