// DPM-Solver-12 and -23 (arXiv 2206.00927, appendix C.4): the step size is chosen so that two
// orders agree. The sigmas between the first and the last one are not used.
import { DarkroomError } from '../../errors.ts';
import { addScaled, f32, sqrt, square, sub, type Vector } from '../float32.ts';
import {
  firstOrder,
  firstStage,
  noisePrediction,
  type PredictNoise,
  R1,
  secondOrder,
  thirdOrder,
  timeSpan,
} from './dpm-solver.ts';
import { lambdaOf, sigmaOf } from './exponential-integrator.ts';
import type { SampleFunction } from './sampler.ts';
import { ancestralStep } from './steps.ts';

/**
 * Rejected steps in a row after which a run fails. Halving a step this often leaves nothing of it.
 */
const MAX_REJECTIONS = 1000;

/**
 * Calls `onStep` for rejected steps too. Throws DR_SIGMA_ZERO, DR_INPUT_INVALID, and
 * DR_SAMPLING_FAILED if the steps would never end.
 */
export const dpmAdaptive: SampleFunction = async (denoise, x, sigmas, options) => {
  const { order = 3, eta = 0, accept_safety = 0.81, noise, onStep } = options;
  const [atol, rtol] = [f32(options.atol ?? 0.0078), f32(options.rtol ?? 0.05)];
  const firstStep = Math.abs(options.h_init ?? 0.05);
  const span = timeSpan(sigmas, 'dpm_adaptive');
  if (!span) return x;
  const { start, end } = span;
  const forward = end > start;
  checkOptions(order, eta, forward);
  const predict = noisePrediction(denoise);
  const controller = new StepController({
    ...options,
    accept_safety,
    h: forward ? firstStep : -firstStep,
    order: eta ? 1.5 : order,
  });
  const almostEnd = f32(forward ? end - f32(1e-5) : end + f32(1e-5));

  let s = start;
  let xPrevious = x;
  let rejections = 0;
  for (let step = 0; forward ? s < almostEnd : s > almostEnd; step++) {
    const full = f32(s + f32(controller.h));
    const t = forward ? Math.min(end, full) : Math.max(end, full);
    const { to, up } = eta ? ancestralTimes(s, t, end, eta) : { to: t, up: 0 };

    const eps = await predict(x, s);
    const denoised = addScaled(x, eps, -sigmaOf(s));
    const { low, high } = await PAIRS[order](predict, x, eps, s, to);
    const error = scaledError(low, high, xPrevious, atol, rtol);
    const { accept, factor } = controller.propose(error);
    rejections = accept && t !== s ? 0 : rejections + 1;
    if (accept) {
      xPrevious = low;
      const weight = f32(up * f32(options.s_noise ?? 1));
      x = eta ? addScaled(high, noise(sigmaOf(s), sigmaOf(t)), weight) : high;
      s = t;
    }
    onStep?.(step, x, denoised);
    const acceptsNone = !accept && accept_safety > LARGEST_FACTOR;
    if (Number.isNaN(factor) || acceptsNone || rejections > MAX_REJECTIONS)
      throw noStepAccepted(step, sigmaOf(s));
  }
  return x;
};

/** A step from time s to `to` in two orders that share their evaluations. */
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
    const eps1 = await firstStage(predict, x, eps, s, h, R1);
    return {
      low: secondOrder(x, eps, eps1, h, to, R1),
      high: await thirdOrder(predict, x, eps, eps1, s, h, to),
    };
  },
};

/** The time down to which a step from s to t goes, and the noise that leads back up. */
function ancestralTimes(
  s: number,
  t: number,
  end: number,
  eta: number,
): { to: number; up: number } {
  const { sigmaDown } = ancestralStep(sigmaOf(s), sigmaOf(t), eta);
  const to = Math.min(end, lambdaOf(sigmaDown));
  return { to, up: sqrt(f32(square(sigmaOf(t)) - square(sigmaOf(to)))) };
}

/** The root mean square of the difference, in units of the tolerance. */
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

/** The largest factor by which a step can grow. */
const LARGEST_FACTOR = 1 + Math.PI / 2;

interface ControllerOptions {
  readonly h: number;
  readonly order: number;
  readonly pcoeff?: number;
  readonly icoeff?: number;
  readonly dcoeff?: number;
  readonly accept_safety: number;
}

/** A PID controller of the step size h. */
class StepController {
  h: number;
  readonly #acceptSafety: number;
  readonly #exponents: readonly [number, number, number];
  /** Inverse errors of the last two accepted steps. */
  #earlier: readonly [number, number] | undefined;

  constructor(options: ControllerOptions) {
    const { h, order, pcoeff = 0, icoeff = 1, dcoeff = 0, accept_safety } = options;
    this.h = h;
    this.#acceptSafety = accept_safety;
    this.#exponents = [
      (pcoeff + icoeff + dcoeff) / order,
      -(pcoeff + 2 * dcoeff) / order,
      dcoeff / order,
    ];
  }

  /**
   * Scales h by the factor that the error calls for, and accepts the step unless it is too small.
   */
  propose(error: number): { accept: boolean; factor: number } {
    const inverse = 1 / (error + 1e-8);
    this.#earlier ??= [inverse, inverse];
    const [b1, b2, b3] = this.#exponents;
    const [last, beforeLast] = this.#earlier;
    const factor = 1 + Math.atan(inverse ** b1 * last ** b2 * beforeLast ** b3 - 1);
    const accept = factor >= this.#acceptSafety;
    if (accept) this.#earlier = [inverse, last];
    this.h *= factor;
    return { accept, factor };
  }
}

function checkOptions(order: number, eta: number, forward: boolean): void {
  if (!(order in PAIRS))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `dpm_adaptive has no order ${order}`,
      hint: 'Use order 2 or 3.',
      input: 'order',
    });
  if (!forward && eta)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'dpm_adaptive cannot add noise unless the sigmas descend',
      hint: 'Set eta to 0, or use descending sigmas.',
      input: 'eta',
    });
}

const noStepAccepted = (step: number, sigma: number): DarkroomError =>
  new DarkroomError('DR_SAMPLING_FAILED', {
    message: `dpm_adaptive accepted no step after ${step + 1} attempts (sigma ${sigma})`,
    hint: 'Lower the cfg, raise rtol and atol, set accept_safety to 0.81, or use another sampler.',
  });
