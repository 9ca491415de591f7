// DPM-Solver-fast (arXiv 2206.00927, section 3.4): a fixed number of evaluations spent on third order steps, the rest on one of lower order.
import { DarkroomError } from '../../errors.ts';
import { addScaled, divide, exp, expm1, f32, linspace, log, sub, type Vector } from '../float32.ts';
import type { Sampler } from './sampler.ts';

/** A step from t to next (t = -ln sigma) with the noise prediction `eps` at its start. */
type Step = (predict: (x: Vector, t: number) => Promise<Vector>, x: Vector, eps: Vector, t: number, next: number) => Promise<Vector>;

const sigmaOf = (t: number): number => exp(-t);

const firstOrder: Step = async (_, x, eps, t, next) => addScaled(x, eps, -f32(sigmaOf(next) * expm1(f32(next - t))));

const secondOrder: Step = async (predict, x, eps, t, next) => {
  const r1 = 1 / 2;
  const h = f32(next - t);
  const s1 = f32(t + f32(r1 * h));
  const u1 = addScaled(x, eps, -f32(sigmaOf(s1) * expm1(f32(r1 * h))));
  const eps1 = await predict(u1, s1);
  const whole = addScaled(x, eps, -f32(sigmaOf(next) * expm1(h)));
  return addScaled(whole, sub(eps1, eps), -f32(f32(sigmaOf(next) / (2 * r1)) * expm1(h)));
};

const thirdOrder: Step = async (predict, x, eps, t, next) => {
  const [r1, r2] = [f32(1 / 3), f32(2 / 3)];
  const h = f32(next - t);
  const [h1, h2] = [f32(r1 * h), f32(r2 * h)];
  const [s1, s2] = [f32(t + h1), f32(t + h2)];
  const u1 = addScaled(x, eps, -f32(sigmaOf(s1) * expm1(h1)));
  const eps1 = await predict(u1, s1);
  const half = addScaled(x, eps, -f32(sigmaOf(s2) * expm1(h2)));
  const u2 = addScaled(half, sub(eps1, eps), -f32(f32(sigmaOf(s2) * 2) * f32(f32(expm1(h2) / h2) - 1)));
  const eps2 = await predict(u2, s2);
  const whole = addScaled(x, eps, -f32(sigmaOf(next) * expm1(h)));
  return addScaled(whole, sub(eps2, eps), -f32(f32(sigmaOf(next) / r2) * f32(f32(expm1(h) / h) - 1)));
};

const STEPS: Readonly<Record<number, Step>> = { 1: firstOrder, 2: secondOrder, 3: thirdOrder };

/** Looks at the first and the last positive sigma and at the count only. Throws DR_SAMPLING_FAILED when one of them is 0. */
export const dpmFast: Sampler = async (denoise, x, sigmas, { onStep }) => {
  if (sigmas.length <= 1) return x;
  const evaluations = sigmas.length - 1;
  const last = sigmas[evaluations] === 0 ? sigmas[evaluations - 1] : sigmas[evaluations];
  if (last <= 0 || sigmas[0] <= 0)
    throw new DarkroomError('DR_SAMPLING_FAILED', {
      message: 'dpm_fast cannot start from or end at a sigma of 0',
      hint: 'Start at an earlier step, or use another sampler.',
    });
  const predict = async (at: Vector, t: number) => divide(sub(at, await denoise(at, sigmaOf(t))), sigmaOf(t));

  const rest = evaluations % 3;
  const thirds = Math.floor(evaluations / 3);
  const orders = rest === 0 ? [...Array<number>(thirds - 1).fill(3), 2, 1] : [...Array<number>(thirds).fill(3), rest];
  const times = linspace(-log(sigmas[0]), -log(last), orders.length + 1);
  for (const [i, order] of orders.entries()) {
    const [t, next] = [times[i], times[i + 1]];
    const eps = await predict(x, t);
    onStep?.(i, x, addScaled(x, eps, -sigmaOf(t)));
    x = await STEPS[order](predict, x, eps, t, next);
  }
  return x;
};
