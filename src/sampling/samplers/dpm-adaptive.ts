// DPM-Solver-12 and -23 (arXiv 2206.00927, appendix C.4): the step is chosen so that two orders agree. The inner sigmas are not looked at.
import { DarkroomError } from '../../errors.ts';
import { addScaled, f32, sqrt, square, sub, type Vector } from '../float32.ts';
import {
  firstOrder,
  firstStage,
  noisePrediction,
  type PredictNoise,
  secondOrder,
  sigmaOf,
  THIRD,
  thirdOrder,
  timeOf,
  timeSpan,
} from './dpm-solver.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep } from './steps.ts';

/** Tries without advance after which a run is given up. Halving a step this often would leave nothing of it. */
const MAX_TRIES = 1000;

/** Reports every try, rejected ones too. Throws DR_SIGMA_ZERO, DR_INPUT_INVALID, DR_SAMPLING_FAILED where the steps would never end. */
export const dpmAdaptive: SampleFunction = async (denoise, x, sigmas, options) => {
  const {
    order = 3,
    rtol = 0.05,
    atol = 0.0078,
    h_init = 0.05,
    accept_safety = 0.81,
    eta = 0,
    s_noise = 1,
    noise,
    onStep,
  } = options;
  const span = timeSpan(sigmas, 'dpm_adaptive');
  if (!span) return x;
  const { start, end } = span;
  const forward = end > start;
  check(order, eta, forward);
  const predict = noisePrediction(denoise);
  const control = stepControl({
    ...options,
    accept_safety,
    h: forward ? Math.abs(h_init) : -Math.abs(h_init),
    order: eta ? 1.5 : order,
  });
  const ends = f32(forward ? end - f32(1e-5) : end + f32(1e-5));

  let s = start;
  let lower = x;
  let tries = 0;
  for (let step = 0; forward ? s < ends : s > ends; step++) {
    const wanted = f32(s + f32(control.h()));
    const t = forward ? Math.min(end, wanted) : Math.max(end, wanted);
    const { to, up } = eta ? ancestralTimes(s, t, end, eta) : { to: t, up: 0 };

    const eps = await predict(x, s);
    const denoised = addScaled(x, eps, -sigmaOf(s));
    const { low, high } = await PAIRS[order](predict, x, eps, s, to);
    const error = scaledError(low, high, lower, f32(atol), f32(rtol));
    const { accept, factor } = control.propose(error);
    tries = accept && t !== s ? 0 : tries + 1;
    if (accept) {
      lower = low;
      x = eta ? addScaled(high, noise(sigmaOf(s), sigmaOf(t)), f32(up * f32(s_noise))) : high;
      s = t;
    }
    onStep?.(step, x, denoised);
    const refusesAll = !accept && accept_safety > LARGEST_FACTOR;
    if (Number.isNaN(factor) || refusesAll || tries > MAX_TRIES) throw noEnd(step, sigmaOf(s));
  }
  return x;
};

/** A step from s to `to` in two orders that share their evaluations. */
type Pair = (
  predict: PredictNoise,
  x: Vector,
  eps: Vector,
  s: number,
  to: number,
) => Promise<{ low: Vector; high: Vector }>;

const PAIRS: Readonly<Record<number, Pair>> = {
  2: async (predict, x, eps, s, to) => {
    const h = f32(to - s);
    const eps1 = await firstStage(predict, x, eps, s, h, 0.5);
    return { low: firstOrder(x, eps, h, to), high: secondOrder(x, eps, eps1, h, to, 0.5) };
  },
  3: async (predict, x, eps, s, to) => {
    const h = f32(to - s);
    const eps1 = await firstStage(predict, x, eps, s, h, THIRD);
    return {
      low: secondOrder(x, eps, eps1, h, to, THIRD),
      high: await thirdOrder(predict, x, eps, eps1, s, h, to),
    };
  },
};

/** Time to step down to for a step from s to t, and the noise that leads back up. */
function ancestralTimes(
  s: number,
  t: number,
  end: number,
  eta: number,
): { to: number; up: number } {
  const { down } = ancestralStep(sigmaOf(s), sigmaOf(t), eta);
  const to = Math.min(end, timeOf(down));
  return { to, up: sqrt(f32(square(sigmaOf(t)) - square(sigmaOf(to)))) };
}

/** Root mean square of the difference, in units of the tolerance. */
function scaledError(
  low: Vector,
  high: Vector,
  previous: Vector,
  atol: number,
  rtol: number,
): number {
  const difference = sub(low, high);
  let sum = 0;
  for (let i = 0; i < low.length; i++) {
    const tolerance = Math.max(atol, f32(rtol * Math.max(Math.abs(low[i]), Math.abs(previous[i]))));
    sum += f32(difference[i] / tolerance) ** 2;
  }
  return f32(sqrt(sum) / f32(Math.sqrt(low.length)));
}

/** Steps never grow by more. */
const LARGEST_FACTOR = 1 + Math.PI / 2;

interface ControlKnobs {
  readonly h: number;
  readonly order: number;
  readonly pcoeff?: number;
  readonly icoeff?: number;
  readonly dcoeff?: number;
  readonly accept_safety: number;
}

/** A PID controller of the step size. */
function stepControl({
  h,
  order,
  pcoeff = 0,
  icoeff = 1,
  dcoeff = 0,
  accept_safety,
}: ControlKnobs) {
  const b1 = (pcoeff + icoeff + dcoeff) / order;
  const b2 = -(pcoeff + 2 * dcoeff) / order;
  const b3 = dcoeff / order;
  let earlier: [number, number] | undefined;
  return {
    h: () => h,
    propose(error: number): { accept: boolean; factor: number } {
      const inverse = 1 / (error + 1e-8);
      earlier ??= [inverse, inverse];
      const factor = 1 + Math.atan(inverse ** b1 * earlier[0] ** b2 * earlier[1] ** b3 - 1);
      const accept = factor >= accept_safety;
      if (accept) earlier = [inverse, earlier[0]];
      h *= factor;
      return { accept, factor };
    },
  };
}

function check(order: number, eta: number, forward: boolean): void {
  if (!(order in PAIRS))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `dpm_adaptive has no order ${order}`,
      hint: 'Use 2 or 3.',
      input: 'order',
    });
  if (!forward && eta)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'dpm_adaptive adds no noise where the sigmas ascend or stay',
      hint: 'Set eta to 0, or give descending sigmas.',
      input: 'eta',
    });
}

const noEnd = (step: number, sigma: number): DarkroomError =>
  new DarkroomError('DR_SAMPLING_FAILED', {
    message: `dpm_adaptive found no step that it can accept after ${step + 1} tries (sigma ${sigma})`,
    hint: 'Lower the cfg, raise rtol and atol, keep accept_safety at 0.81, or use another sampler.',
  });
