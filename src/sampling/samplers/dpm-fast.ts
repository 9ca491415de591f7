// DPM-Solver-fast (arXiv 2206.00927, section 3.4): third order steps for a fixed number of
// evaluations, and lower order steps for the rest of them.
import { addScaled, f32, linspace } from '../float32.ts';
import {
  firstOrder,
  firstStage,
  noisePrediction,
  R1,
  secondOrder,
  thirdOrder,
  timeSpan,
} from './dpm-solver.ts';
import { sigmaOf } from './exponential-integrator.ts';
import type { SampleFunction } from './sampler.ts';

/**
 * Uses the first and the last positive sigma and the number of sigmas only. Throws DR_SIGMA_ZERO if
 * one of the two is 0.
 */
export const dpmFast: SampleFunction = async (denoise, x, sigmas, { onStep }) => {
  const span = timeSpan(sigmas, 'dpm_fast');
  if (!span) return x;
  const predict = noisePrediction(denoise);
  const orders = stepOrders(sigmas.length - 1);
  const times = linspace(span.start, span.end, orders.length + 1);
  for (const [i, order] of orders.entries()) {
    const [t, to] = [times[i], times[i + 1]];
    const h = f32(to - t);
    const eps = await predict(x, t);
    onStep?.(i, x, addScaled(x, eps, -sigmaOf(t)));
    if (order === 1) x = firstOrder(x, eps, h, to);
    else if (order === 2) {
      const eps1 = await firstStage(predict, x, eps, t, h, 0.5);
      x = secondOrder(x, eps, eps1, h, to, 0.5);
    } else {
      const eps1 = await firstStage(predict, x, eps, t, h, R1);
      x = await thirdOrder(predict, x, eps, eps1, t, h, to);
    }
  }
  return x;
};

/** The orders of the steps; their sum is the number of evaluations. */
function stepOrders(evaluations: number): number[] {
  const thirds = Math.floor(evaluations / 3);
  const rest = evaluations % 3;
  return rest === 0
    ? [...Array<number>(thirds - 1).fill(3), 2, 1]
    : [...Array<number>(thirds).fill(3), rest];
}
