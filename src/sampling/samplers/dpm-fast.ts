// DPM-Solver-fast (arXiv 2206.00927, section 3.4): a fixed number of evaluations spent on third order steps, the rest on one of lower order.
import { addScaled, f32, linspace } from '../float32.ts';
import {
  firstOrder,
  firstStage,
  noisePrediction,
  secondOrder,
  sigmaOf,
  THIRD,
  thirdOrder,
  timeSpan,
} from './dpm-solver.ts';
import type { SampleFunction } from './sampler.ts';

/** Looks at the first and the last positive sigma and at the count only. Throws DR_SIGMA_ZERO when one of them is 0. */
export const dpmFast: SampleFunction = async (denoise, x, sigmas, { onStep }) => {
  const span = timeSpan(sigmas, 'dpm_fast');
  if (!span) return x;
  const predict = noisePrediction(denoise);
  const orders = ordersFor(sigmas.length - 1);
  const times = linspace(span.start, span.end, orders.length + 1);
  for (const [i, order] of orders.entries()) {
    const [t, to] = [times[i], times[i + 1]];
    const h = f32(to - t);
    const eps = await predict(x, t);
    onStep?.(i, x, addScaled(x, eps, -sigmaOf(t)));
    if (order === 1) x = firstOrder(x, eps, h, to);
    else if (order === 2)
      x = secondOrder(x, eps, await firstStage(predict, x, eps, t, h, 0.5), h, to, 0.5);
    else
      x = await thirdOrder(
        predict,
        x,
        eps,
        await firstStage(predict, x, eps, t, h, THIRD),
        t,
        h,
        to,
      );
  }
  return x;
};

/** Orders of the steps; their sum is the number of evaluations. */
function ordersFor(evaluations: number): number[] {
  const thirds = Math.floor(evaluations / 3);
  const rest = evaluations % 3;
  return rest === 0
    ? [...Array<number>(thirds - 1).fill(3), 2, 1]
    : [...Array<number>(thirds).fill(3), rest];
}
