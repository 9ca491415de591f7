// SA-Solver, "Stochastic Adams Solver for Fast Sampling of Diffusion Models" (arXiv 2309.05019): predictor and corrector over the last
// predictions, stochastic by tau(sigma). PECE evaluates the corrected latent once more.
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
import { solve } from './linear-system.ts';
import type { SampleFunction } from './sampler.ts';
import { alphaOf, lambdaOf } from './sde.ts';

/** tau is eta from sigma `start` down to sigma `end`, and 0 outside. */
export const tauInterval =
  (start: number, end: number, eta = 1) =>
  (sigma: number): number =>
    eta > 0 && start >= sigma && sigma >= end ? eta : 0;

const saSolverWith =
  (pece: boolean): SampleFunction =>
  async (denoise, x, sigmas, { onStep, noise, sampling, s_noise = 1, ...knobs }) => {
    const {
      predictor_order = 3,
      corrector_order = 4,
      use_pece = pece,
      simple_order_2 = false,
    } = knobs;
    const tauOf =
      knobs.tau_func ?? tauInterval(sampling.percentToSigma(0.2), sampling.percentToSigma(0.8));
    const lambdas = sigmas.map(lambdaOf);
    const steps = sigmas.length - 1;
    const lowerToEnd = sigmas[steps] === 0;

    let predicted = x;
    let tau = 0;
    let stepNoise: Vector | undefined;
    let history: Vector[] = [];
    /** From level i to i + 1 at the tau of now: `from` decayed, plus the last predictions up to level `upTo`. */
    const adams = (from: Vector, i: number, upTo: number, order: number): Vector => {
      const weights = adamsWeights({
        sigma: sigmas[i + 1],
        known: [...lambdas.slice(upTo - order + 1, upTo + 1)],
        from: lambdas[i],
        to: lambdas[i + 1],
        tau,
        simple: simple_order_2,
        corrector: upTo > i,
      });
      const decay = exp(f32(f32(-(tau * tau)) * f32(lambdas[i + 1] - lambdas[i])));
      return addScaled(
        weightedSum(history.slice(-order), weights),
        from,
        f32(f32(sigmas[i + 1] / sigmas[i]) * decay),
      );
    };

    for (let i = 0; i < steps; i++) {
      const next = sigmas[i + 1];
      let denoised = await denoise(predicted, sigmas[i]);
      onStep?.(i, predicted, denoised);
      history = [...history, denoised].slice(-Math.max(predictor_order, corrector_order));
      const left = lowerToEnd ? steps - i : Number.POSITIVE_INFINITY;
      const correctorOrder =
        i === 0 || (next === 0 && !use_pece) ? 0 : Math.min(corrector_order, history.length, left);
      const predictorOrder = Math.min(predictor_order, history.length, left - 1);

      if (correctorOrder === 0) x = predicted;
      else {
        x = adams(x, i - 1, i, correctorOrder);
        if (tau > 0 && s_noise > 0) x = add(x, stepNoise!);
        if (use_pece) {
          denoised = await denoise(x, sigmas[i]);
          history[history.length - 1] = denoised;
        }
      }

      if (next === 0) {
        x = denoised;
        continue;
      }
      tau = tauOf(next);
      predicted = adams(x, i, i, predictorOrder);
      if (tau > 0 && s_noise > 0) {
        const deviation = sqrt(-expm1(f32(f32(-2 * tau * tau) * f32(lambdas[i + 1] - lambdas[i]))));
        stepNoise = scale(scale(scale(noise(sigmas[i], next), next), deviation), s_noise);
        predicted = add(predicted, stepNoise);
      }
    }
    return x;
  };

export const saSolver = saSolverWith(false);
export const saSolverPece = saSolverWith(true);

interface Adams {
  /** Level that the step leads to. */
  readonly sigma: number;
  /** Lambdas of the predictions used, the latest last. */
  readonly known: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly tau: number;
  readonly simple: boolean;
  readonly corrector: boolean;
}

/** The weights of the predictions (equations 15 and 18): the exponentially weighted integrals of the Lagrange basis over their lambdas. */
function adamsWeights(step: Adams): number[] {
  const { sigma, known, from, to, tau } = step;
  const alpha = alphaOf(sigma, to);
  if (step.simple && known.length === 2) return simpleWeights(step, alpha);
  // powers are rounded once, as torch.vander's
  const vandermonde = known.map((_, p) => known.map((lambda) => f32(lambda ** p)));
  return solve(vandermonde, exponentialIntegrals(from, to, known.length, tau)).map((weight) =>
    f32(alpha * weight),
  );
}

/** The paper's simple second order (appendix D). */
function simpleWeights({ known, from, to, tau, corrector }: Adams, alpha: number): number[] {
  const factor = 1 + tau * tau;
  const h = f32(to - from);
  const whole = f32(alpha * -expm1(f32(-h * f32(factor))));
  if (corrector) {
    const latest = f32(alpha * f32(f32(0.5 * factor) * h));
    return [f32(whole - latest), latest];
  }
  const earlier = f32(f32(alpha * f32(f32(0.5 * factor) * f32(h * h))) / f32(known[0] - from));
  return [earlier, f32(whole - earlier)];
}

/** (1 + tau^2) times the integrals over [from, to] of exp((1 + tau^2)(l - to)) l^p, p = 0 … order - 1, by parts from the lower powers. */
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
