// UniPC, "A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models" (arXiv
// 2302.04867): multistep, data prediction, B(h) variants 1 and 2. Works on the variance preserving
// latent x / sqrt(1 + sigma^2).
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
  sqrt,
  square,
  sub,
  type Vector,
} from '../float32.ts';
import { hPhi1, hPhi2 } from './exponential-integrator.ts';
import { solve } from './linear-system.ts';
import type { Denoise, SampleFunction } from './sampler.ts';

/** Replaces a final 0. */
export const LAST_SIGMA = 0.001;

/** A predicted clean latent at a noise level. */
interface Evaluation {
  readonly sigma: number;
  readonly prediction: Vector;
}

// The variance preserving process of a sigma: alpha^2 + std^2 = 1, lambda = ln(alpha / std).
const logAlpha = (sigma: number): number => f32(0.5 * log(f32(1 / f32(square(sigma) + 1))));
const alphaVp = (sigma: number): number => exp(logAlpha(sigma));
const stdVp = (sigma: number): number => sqrt(f32(1 - exp(f32(2 * logAlpha(sigma)))));
const lambdaVp = (sigma: number): number =>
  f32(logAlpha(sigma) - f32(0.5 * log(f32(1 - exp(f32(2 * logAlpha(sigma)))))));

const uniPcWith =
  (bOf: (hh: number) => number): SampleFunction =>
  async (denoise, x, sigmas, { onStep }) => {
    const levels = sigmas.slice();
    const steps = levels.length - 1;
    if (levels[steps] === 0) levels[steps] = LAST_SIGMA;
    const maxOrder = Math.min(3, steps - 1);
    const predict = dataPrediction(denoise);
    const history: Evaluation[] = [];
    const remember = (evaluation: Evaluation): void => {
      history.push(evaluation);
      if (history.length > Math.max(maxOrder, 1)) history.shift();
    };

    x = divide(x, sqrt(f32(1 + square(levels[0]))));
    for (let i = 0; i < steps; i++) {
      const sigma = levels[i];
      if (i === 0) remember({ sigma, prediction: await predict(x, sigma) });
      else {
        const order = Math.min(i, maxOrder, steps + 1 - i);
        const step = multistep(x, history, sigma, order, bOf);
        const prediction = await predict(predicted(step), sigma);
        x = corrected(step, prediction);
        remember({ sigma, prediction });
        if (i === steps - 1) x = predicted(multistep(x, history, levels[steps], 1, bOf));
      }
      onStep?.(i, x, history[history.length - 1].prediction);
    }
    return divide(x, alphaVp(levels[steps]));
  };

/** x0 = (x - std * eps) / alpha, with eps from the denoiser at the variance exploding latent. */
const dataPrediction =
  (denoise: Denoise) =>
  async (x: Vector, sigma: number): Promise<Vector> => {
    const exploding = scale(x, sqrt(f32(square(sigma) + 1)));
    const eps = divide(sub(exploding, await denoise(exploding, sigma)), sigma);
    return divide(sub(x, scale(eps, stdVp(sigma))), alphaVp(sigma));
  };

/** What predictor and corrector of one step share. */
interface Multistep {
  readonly order: number;
  /** The first order step. */
  readonly base: Vector;
  /** alpha B(h) */
  readonly weight: number;
  /** The prediction at the step's start. */
  readonly m0: Vector;
  /** D1_i / r_i, the latest first. */
  readonly differences: readonly Vector[];
  readonly conditions: OrderConditions;
}

/** A step of `order` from the latest evaluation to `sigma`. */
function multistep(
  x: Vector,
  history: readonly Evaluation[],
  sigma: number,
  order: number,
  bOf: (hh: number) => number,
): Multistep {
  const start = history[history.length - 1];
  const m0 = start.prediction;
  const lambda = lambdaVp(start.sigma);
  const h = f32(lambdaVp(sigma) - lambda);
  const alpha = alphaVp(sigma);

  const ratios: number[] = [];
  const differences: Vector[] = [];
  for (let i = 1; i < order; i++) {
    const earlier = history[history.length - 1 - i];
    const r = f32(f32(lambdaVp(earlier.sigma) - lambda) / h);
    ratios.push(r);
    differences.push(divide(sub(earlier.prediction, m0), r));
  }
  ratios.push(1);

  const hh = -h;
  const b = bOf(hh);
  const decay = f32(stdVp(sigma) / stdVp(start.sigma));
  return {
    order,
    base: combine(x, decay, m0, -f32(alpha * hPhi1(hh))),
    weight: f32(alpha * b),
    m0,
    differences,
    conditions: orderConditions(ratios, hh, b),
  };
}

/** UniP: the predicted latent. */
function predicted({ order, base, weight, differences, conditions }: Multistep): Vector {
  const { matrix, right } = conditions;
  const rhos =
    order === 2
      ? [0.5]
      : solve(
          matrix.slice(0, -1).map((row) => row.slice(0, -1)),
          right.slice(0, -1),
        );
  const sum = weightedDifferences(differences, rhos);
  return sum ? addScaled(base, sum, -weight) : base;
}

/** UniC: the latent corrected by the prediction at the predicted one. */
function corrected(
  { order, base, weight, m0, differences, conditions }: Multistep,
  prediction: Vector,
): Vector {
  const rhos = order === 1 ? [0.5] : solve(conditions.matrix, conditions.right);
  const last = scale(sub(prediction, m0), rhos[order - 1]);
  const sum = weightedDifferences(differences, rhos);
  return addScaled(base, sum ? add(sum, last) : last, -weight);
}

function weightedDifferences(
  differences: readonly Vector[],
  rhos: readonly number[],
): Vector | undefined {
  if (differences.length === 0) return undefined;
  return differences
    .slice(1)
    .reduce((sum, d, i) => addScaled(sum, d, rhos[i + 1]), scale(differences[0], rhos[0]));
}

/** The order conditions R rho = b. */
interface OrderConditions {
  readonly matrix: number[][];
  readonly right: number[];
}

function orderConditions(ratios: readonly number[], hh: number, b: number): OrderConditions {
  const matrix: number[][] = [];
  const right: number[] = [];
  let phi = hPhi2(hh);
  let factorial = 1;
  for (let i = 1; i <= ratios.length; i++) {
    matrix.push(ratios.map((r) => f32(r ** (i - 1))));
    right.push(f32(f32(phi * factorial) / b));
    factorial *= i + 1;
    phi = f32(f32(phi / hh) - f32(1 / factorial));
  }
  return { matrix, right };
}

export const uniPc = uniPcWith((hh) => hh);
export const uniPcBh2 = uniPcWith(expm1);
