// DPM-Solver (arXiv 2206.00927): the steps of orders 1 to 3 over t = lambda = -ln sigma, on
// predictions of the noise.
import { DarkroomError } from '../../errors.ts';
import { addScaled, divide, f32, sub, type Vector } from '../float32.ts';
import { hPhi1, hPhi2, lambdaOf, sigmaOf } from './exponential-integrator.ts';
import type { Denoise } from './sampler.ts';

/** Predicts the noise in `x` at time t. */
export type PredictNoise = (x: Vector, t: number) => Promise<Vector>;

export const noisePrediction =
  (denoise: Denoise): PredictNoise =>
  async (x, t) =>
    divide(sub(x, await denoise(x, sigmaOf(t))), sigmaOf(t));

/**
 * The times of the first and the last positive sigma; undefined without steps. Throws DR_SIGMA_ZERO
 * if one of them is 0 or less.
 */
export function timeSpan(
  sigmas: Float32Array,
  samplerName: string,
): { start: number; end: number } | undefined {
  const steps = sigmas.length - 1;
  if (steps < 1) return undefined;
  const last = sigmas[steps] === 0 ? sigmas[steps - 1] : sigmas[steps];
  if (last <= 0 || sigmas[0] <= 0)
    throw new DarkroomError('DR_SIGMA_ZERO', {
      message: `${samplerName} cannot start from or end at a sigma of 0`,
      hint: 'Start at an earlier step, or use another sampler.',
    });
  return { start: lambdaOf(sigmas[0]), end: lambdaOf(last) };
}

/** DPM-Solver-1: over h to time `to`, with the noise prediction at the start. */
export const firstOrder = (x: Vector, eps: Vector, h: number, to: number): Vector =>
  addScaled(x, eps, -f32(sigmaOf(to) * hPhi1(h)));

/** DPM-Solver-2: `eps1` is the prediction at fraction r1 of the step. */
export const secondOrder = (
  x: Vector,
  eps: Vector,
  eps1: Vector,
  h: number,
  to: number,
  r1: number,
): Vector =>
  addScaled(
    firstOrder(x, eps, h, to),
    sub(eps1, eps),
    -f32(f32(sigmaOf(to) / f32(2 * r1)) * hPhi1(h)),
  );

/** The noise prediction at fraction r1 of the step, reached in first order. */
export async function firstStage(
  predict: PredictNoise,
  x: Vector,
  eps: Vector,
  t: number,
  h: number,
  r1: number,
): Promise<Vector> {
  const h1 = f32(r1 * h);
  const s1 = f32(t + h1);
  return predict(firstOrder(x, eps, h1, s1), s1);
}

/** Fractions of a step at which DPM-Solver-3 predicts. */
export const R1 = f32(1 / 3);
const R2 = f32(2 / 3);

/** DPM-Solver-3: `eps1` is the prediction at R1; predicts once more at R2. */
export async function thirdOrder(
  predict: PredictNoise,
  x: Vector,
  eps: Vector,
  eps1: Vector,
  t: number,
  h: number,
  to: number,
): Promise<Vector> {
  const h2 = f32(R2 * h);
  const s2 = f32(t + h2);
  const u2 = addScaled(
    firstOrder(x, eps, h2, s2),
    sub(eps1, eps),
    -f32(f32(sigmaOf(s2) * 2) * hPhi2(h2)),
  );
  const eps2 = await predict(u2, s2);
  return addScaled(
    firstOrder(x, eps, h, to),
    sub(eps2, eps),
    -f32(f32(sigmaOf(to) / R2) * hPhi2(h)),
  );
}
