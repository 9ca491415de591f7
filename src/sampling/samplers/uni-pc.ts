// UniPC, "A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models" (arXiv 2302.04867): multistep, data prediction,
// B(h) variants 1 and 2. Works on the variance preserving latent x / sqrt(1 + sigma^2).
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
import { solve } from './linear-system.ts';
import type { Denoise, SampleFunction } from './sampler.ts';

/** Takes the place of a final 0. */
const LAST_SIGMA = 0.001;

interface Evaluation {
  readonly sigma: number;
  readonly prediction: Vector;
}

const logAlpha = (sigma: number): number => f32(0.5 * log(f32(1 / f32(square(sigma) + 1))));
const alphaOf = (sigma: number): number => exp(logAlpha(sigma));
const stdOf = (sigma: number): number => sqrt(f32(1 - exp(f32(2 * logAlpha(sigma)))));
const lambdaOf = (sigma: number): number =>
  f32(logAlpha(sigma) - f32(0.5 * log(f32(1 - exp(f32(2 * logAlpha(sigma)))))));

const uniPcWith =
  (variant: (hh: number) => number): SampleFunction =>
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
      if (i === 0) remember({ sigma: levels[0], prediction: await predict(x, levels[0]) });
      else {
        const order = Math.min(i, maxOrder);
        const corrected = await update(
          predict,
          variant,
          x,
          history,
          levels[i],
          Math.min(order, steps + 1 - i),
          true,
        );
        x = corrected.x;
        remember({ sigma: levels[i], prediction: corrected.prediction! });
        if (i === steps - 1)
          x = (await update(predict, variant, x, history, levels[steps], 1, false)).x;
      }
      onStep?.(i, x, history[history.length - 1].prediction);
    }
    return divide(x, alphaOf(levels[steps]));
  };

/** x0 = (x - std * eps) / alpha, where eps comes from the denoiser at the variance exploding latent. */
const dataPrediction =
  (denoise: Denoise) =>
  async (x: Vector, sigma: number): Promise<Vector> => {
    const exploding = scale(x, sqrt(f32(square(sigma) + 1)));
    const eps = divide(sub(exploding, await denoise(exploding, sigma)), sigma);
    return divide(sub(x, scale(eps, stdOf(sigma))), alphaOf(sigma));
  };

/** One predictor step to `sigma`, and the corrector with the evaluation there. */
async function update(
  predict: (x: Vector, sigma: number) => Promise<Vector>,
  variant: (hh: number) => number,
  x: Vector,
  history: readonly Evaluation[],
  sigma: number,
  order: number,
  useCorrector: boolean,
): Promise<{ x: Vector; prediction?: Vector }> {
  const start = history[history.length - 1];
  const lambdaStart = lambdaOf(start.sigma);
  const h = f32(lambdaOf(sigma) - lambdaStart);
  const alpha = alphaOf(sigma);

  const ratios: number[] = [];
  const differences: Vector[] = [];
  for (let i = 1; i < order; i++) {
    const earlier = history[history.length - 1 - i];
    const r = f32(f32(lambdaOf(earlier.sigma) - lambdaStart) / h);
    ratios.push(r);
    differences.push(divide(sub(earlier.prediction, start.prediction), r));
  }
  ratios.push(1);

  const hh = -h;
  const phi1 = expm1(hh);
  const bh = variant(hh);
  const { matrix, right } = conditions(ratios, hh, bh);
  const weighted = (weights: readonly number[]): Vector | undefined =>
    differences.length
      ? differences
          .slice(1)
          .reduce(
            (sum, d, i) => addScaled(sum, d, weights[i + 1]),
            scale(differences[0], weights[0]),
          )
      : undefined;

  const base = combine(
    x,
    f32(stdOf(sigma) / stdOf(start.sigma)),
    start.prediction,
    -f32(alpha * phi1),
  );
  const scaleB = f32(alpha * bh);
  const predictorWeights =
    order === 2
      ? [0.5]
      : solve(
          matrix.slice(0, -1).map((row) => row.slice(0, -1)),
          right.slice(0, -1),
        );
  const step = weighted(predictorWeights);
  const predicted = step ? addScaled(base, step, -scaleB) : base;
  if (!useCorrector) return { x: predicted };

  const correctorWeights = order === 1 ? [0.5] : solve(matrix, right);
  const prediction = await predict(predicted, sigma);
  const last = scale(sub(prediction, start.prediction), correctorWeights[order - 1]);
  const correction = weighted(correctorWeights);
  return { x: addScaled(base, correction ? add(correction, last) : last, -scaleB), prediction };
}

/** The order conditions R rho = b. */
function conditions(
  ratios: readonly number[],
  hh: number,
  bh: number,
): { matrix: number[][]; right: number[] } {
  const matrix: number[][] = [];
  const right: number[] = [];
  let phi = f32(f32(expm1(hh) / hh) - 1);
  let factorial = 1;
  for (let i = 1; i <= ratios.length; i++) {
    matrix.push(ratios.map((r) => f32(r ** (i - 1))));
    right.push(f32(f32(phi * factorial) / bh));
    factorial *= i + 1;
    phi = f32(f32(phi / hh) - f32(1 / factorial));
  }
  return { matrix, right };
}

export const uniPc = uniPcWith((hh) => hh);
export const uniPcBh2 = uniPcWith(expm1);
