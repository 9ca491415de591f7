// iPNDM, improved pseudo linear multistep: "Fast Sampling of Diffusion Models with Exponential
// Integrator" (arXiv 2204.13902, section 3.1), Adams-Bashforth on the slopes of up to `order`
// steps; and its form for steps of uneven size (diff-solvers, ipndm_v).
import { add, divide, f32, scale, type Vector, weightedSum } from '../float32.ts';
import type { SampleFunction } from './sampler.ts';
import { derivative } from './steps.ts';

/** The change of the latent in step i of length `h` by the slopes so far, newest first. */
type Change = (h: number, slopes: readonly Vector[], sigmas: Float32Array, i: number) => Vector;

/** Calls `onStep` with the run's initial latent in each step, as the original does. */
const multistep =
  (change: Change): SampleFunction =>
  async (denoise, start, sigmas, { onStep, order = 4 }) => {
    let x = start;
    let slopes: Vector[] = [];
    for (let i = 0; i < sigmas.length - 1; i++) {
      const denoised = await denoise(x, sigmas[i]);
      onStep?.(i, start, denoised);
      slopes = [derivative(x, sigmas[i], denoised), ...slopes].slice(0, order);
      x =
        sigmas[i + 1] === 0
          ? denoised
          : add(x, change(f32(sigmas[i + 1] - sigmas[i]), slopes, sigmas, i));
    }
    return x;
  };

/** Adams-Bashforth weights over their common divisor, by the number of slopes. */
const ADAMS_BASHFORTH: readonly { weights: readonly number[]; divisor: number }[] = [
  { weights: [1], divisor: 1 },
  { weights: [3, -1], divisor: 2 },
  { weights: [23, -16, 5], divisor: 12 },
  { weights: [55, -59, 37, -9], divisor: 24 },
];

export const ipndm = multistep((h, slopes) => {
  const { weights, divisor } = ADAMS_BASHFORTH[slopes.length - 1];
  return divide(scale(weightedSum(slopes, weights), h), divisor);
});

export const ipndmV = multistep((h, slopes, sigmas, i) => {
  const steps = slopes.map((_, k) => f32(sigmas[i + 1 - k] - sigmas[i - k]));
  return scale(weightedSum(slopes, UNEVEN_WEIGHTS[slopes.length - 1](steps)), h);
});

/**
 * Weights of the slopes from the step sizes, newest first, by the number of slopes. Each operation
 * is rounded to float32 in turn.
 */
const UNEVEN_WEIGHTS: readonly ((steps: readonly number[]) => number[])[] = [
  () => [1],
  ([h, h1]) => secondOrder(h, h1),
  ([h, h1, h2]) => {
    const [w0, w1] = secondOrder(h, h1);
    const third = thirdOrder(h, h1, h2);
    return [
      f32(w0 + third),
      f32(w1 - f32(f32(1 + f32(h1 / h2)) * third)),
      f32(f32(third * h1) / h2),
    ];
  },
  ([h, h1, h2, h3]) => {
    const [w0, w1] = secondOrder(h, h1);
    const third = thirdOrder(h, h1, h2);
    const fourth = fourthOrder(h, h1, h2, h3);
    const ratio = f32(h1 / h2);
    const product = f32(f32(h1 * f32(h1 + h2)) / f32(h2 * f32(h2 + h3)));
    return [
      f32(f32(w0 + third) + fourth),
      f32(f32(w1 - f32(f32(1 + ratio) * third)) - f32(f32(f32(1 + ratio) + product) * fourth)),
      f32(
        f32(f32(third * h1) / h2) + f32(f32(ratio + f32(product * f32(1 + f32(h2 / h3)))) * fourth),
      ),
      f32(f32(f32(-fourth * product) * h1) / h2),
    ];
  },
];

const secondOrder = (h: number, h1: number): number[] => {
  const ratio = f32(h / h1);
  return [f32(2 + ratio) / 2, -ratio / 2];
};

/** h / (by (h + h1)) */
const stepShare = (h: number, h1: number, by: number): number => f32(h / f32(by * f32(h + h1)));

const thirdOrder = (h: number, h1: number, h2: number): number => {
  const share = f32(f32(stepShare(h, h1, 3) * f32(h * f32(h + h1))) / f32(h1 * f32(h1 + h2)));
  return f32(1 - share) / 2;
};

const fourthOrder = (h: number, h1: number, h2: number, h3: number): number => {
  const sum = f32(f32(h + h1) + h2);
  const left = f32(1 - stepShare(h, h1, 3)) / 2;
  const right = f32(f32(f32(1 - stepShare(h, h1, 2)) * h) / f32(6 * sum));
  const above = f32(f32(h * f32(h + h1)) * sum);
  const below = f32(f32(h1 * f32(h1 + h2)) * f32(f32(h1 + h2) + h3));
  return f32(f32(f32(left + right) * above) / below);
};
