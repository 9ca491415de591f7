// Model samplings: what a network predicts, and its noise levels (comfy.model_sampling,
// comfy_extras/nodes_model_advanced.py): tables of sigmas, and timesteps. "Common Diffusion Noise
// Schedules and Sample Steps are Flawed" (arXiv 2305.08891) for the zero terminal SNR rescale.
import {
  addScaled,
  atan,
  divide,
  exp,
  f32,
  linspace,
  log,
  scale,
  sqrt,
  square,
  tan,
  type Vector,
} from '../float32.ts';
import {
  noiseShare,
  PARAMETERISATIONS,
  type Parameterisation,
  type Prediction,
} from './parameterisations.ts';

export interface ModelSampling {
  readonly prediction: Prediction;
  readonly zsnr: boolean;
  /** The relation of time and sigma in a continuous model; undefined for discrete models. */
  readonly timeMapping?: keyof typeof TIME_MAPPINGS;
  /** Ascending. */
  readonly sigmas: Float32Array;
  /** Undefined for flow models. */
  readonly logSigmas?: Float32Array;
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** What a flow model over 1000 shifted times was made from; undefined for others. */
  readonly discreteFlow?: DiscreteFlow;
  /** Factor on all noise, the initial one and what samplers add; 1 except in flow models. */
  readonly noiseScale: number;
  /**
   * The network's timestep; of a discrete model, the one whose sigma is nearest in the logarithm.
   */
  timestep(sigma: number): number;
  /** The sigma of a fractional timestep. */
  sigma(timestep: number): number;
  /** The sigma at a fraction of the denoising: huge for 0, which is before its start; 0 for 1. */
  percentToSigma(percent: number): number;
  /** The network's input for a latent at `sigma`. */
  calculateInput(sigma: number, x: Vector): Vector;
  /** The denoised latent from the network's raw output at latent `x`. */
  calculateDenoised(sigma: number, output: Vector, x: Vector): Vector;
  /** A run's initial latent; `maxDenoise` if the run starts at the largest sigma. */
  noiseScaling(sigma: number, noise: Vector, latent: Vector, maxDenoise?: boolean): Vector;
  /** Undoes the scaling of a finished latent. */
  inverseNoiseScaling(sigma: number, latent: Vector): Vector;
}

/** The noise levels alone. */
export type Levels = Pick<
  ModelSampling,
  'timeMapping' | 'discreteFlow' | 'sigmas' | 'logSigmas' | 'timestep' | 'sigma' | 'percentToSigma'
>;

export interface DiscreteFlow {
  /** Above 1, more steps are spent at large sigmas; 0 leaves no noise at all. */
  readonly shift: number;
  /** The network's timestep at sigma 1. */
  readonly multiplier: number;
}

export function modelSampling(
  levels: Levels,
  prediction: Prediction,
  { sigmaData = 1, zsnr = false, noiseScale = 1 } = {},
): ModelSampling {
  const { denoised, input, plainNoise, noised, finished }: Parameterisation =
    PARAMETERISATIONS[prediction];
  const { sigmas, timestep } = levels;
  const inputs = { sigmaData, timestep };
  return {
    ...levels,
    prediction,
    zsnr,
    noiseScale,
    sigmaMin: sigmas[0],
    sigmaMax: sigmas[sigmas.length - 1],
    calculateInput:
      input ?? ((value, x) => divide(x, sqrt(f32(square(value) + f32(sigmaData ** 2))))),
    calculateDenoised: (value, output, x) => denoised(value, output, x, inputs),
    noiseScaling: (value, noise, latent, maxDenoise) =>
      noised?.(value, noiseScale === 1 ? noise : scale(noise, noiseScale), latent) ??
      addScaled(latent, noise, maxDenoise && !plainNoise ? sqrt(f32(1 + square(value))) : value),
    inverseNoiseScaling: (value, latent) => finished?.(value, latent) ?? latent,
  };
}

const STEPS = 1000;
const BETAS = [0.00085, 0.012] as const;
/** Replaces the 0 that the rescale would have at the end. */
const LAST_ALPHA_BAR = 4.8973451890853435e-8;

export interface DiscreteOptions {
  readonly prediction?: Prediction;
  readonly zsnr?: boolean;
  /**
   * Number of evenly spaced timesteps of a distilled model, with the last one; all 1000 by default.
   */
  readonly timesteps?: number;
  /** The first and the last beta; those of Stable Diffusion by default. */
  readonly betas?: readonly [number, number];
}

/** The model sampling of SD1, SD2 and SDXL: scaled linear betas over 1000 steps. */
export function discreteSampling({
  prediction = 'eps',
  zsnr = false,
  timesteps = STEPS,
  betas = BETAS,
}: DiscreteOptions = {}): ModelSampling {
  const table = zsnr ? zeroTerminalSnr(sigmaTable(betas)) : sigmaTable(betas);
  if (timesteps === STEPS) return modelSampling(discreteLevels(table, 1), prediction, { zsnr });
  const skip = Math.floor(STEPS / timesteps);
  const distilled = Float32Array.from(
    { length: timesteps },
    (_, i) => table[STEPS - 1 - (timesteps - 1 - i) * skip],
  );
  return modelSampling(discreteLevels(distilled, skip), prediction, { zsnr });
}

/** Levels at the timesteps skip - 1, 2 skip - 1 … of a table of their sigmas. */
function discreteLevels(table: Float64Array | Float32Array, skip: number): Levels {
  const sigmas = Float32Array.from(table);
  // the original keeps the precision of the table
  const logOf = table instanceof Float32Array ? log : Math.log;
  const logSigmas = Float32Array.from(table, logOf);
  const last = table.length - 1;

  const sigma = (timestep: number): number => {
    const t = f32(Math.min(Math.max(f32(f32(f32(timestep) - (skip - 1)) / skip), 0), last));
    const low = Math.floor(t);
    const w = f32(t - low);
    return exp(f32(f32(f32(1 - w) * logSigmas[low]) + f32(w * logSigmas[Math.ceil(t)])));
  };

  const timestep = (value: number): number => {
    const logSigma = log(value);
    let best = 0;
    let distance = Number.POSITIVE_INFINITY;
    for (let i = 0; i <= last; i++) {
      const d = f32(Math.abs(logSigma - logSigmas[i]));
      if (d < distance) {
        best = i;
        distance = d;
      }
    }
    return best * skip + (skip - 1);
  };

  return {
    sigmas,
    logSigmas,
    sigma,
    timestep,
    percentToSigma: clampedPercent((percent) => sigma(f32((1 - percent) * (STEPS - 1)))),
  };
}

/** ComfyUI's percent_to_sigma outside of 0..1. */
const clampedPercent =
  (inside: (percent: number) => number) =>
  (percent: number): number => {
    if (percent <= 0) return 999999999.9;
    return percent >= 1 ? 0 : inside(percent);
  };

/** The relation of time and sigma in a continuous model. */
interface TimeMapping {
  timestep(sigma: number): number;
  sigma(timestep: number, sigmaMax: number): number;
}

/**
 * Time in continuous models: ln sigma (EDM), the angle between data and noise (v), the share of
 * noise (Cosmos).
 */
export const TIME_MAPPINGS = {
  edm: { timestep: (sigma) => f32(0.25 * log(sigma)), sigma: (t) => exp(f32(t / 0.25)) },
  v: {
    timestep: (sigma) => f32(f32(atan(sigma) / f32(Math.PI)) * 2),
    sigma: (t) => tan(f32(f32(t * f32(Math.PI)) / 2)),
  },
  cosmos: {
    timestep: noiseShare,
    sigma: (t, max) => (t >= noiseShare(max) ? max : f32(t / f32(1 - t))),
  },
} satisfies Record<string, TimeMapping>;

export interface ContinuousOptions {
  readonly prediction: Prediction;
  readonly timeMapping?: keyof typeof TIME_MAPPINGS;
  /** Above 0. */
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  readonly sigmaData?: number;
}

/** The model sampling of a continuous range of sigmas; its table is for schedules that need one. */
export function continuousSampling({
  prediction,
  timeMapping = 'edm',
  sigmaMin,
  sigmaMax,
  sigmaData,
}: ContinuousOptions): ModelSampling {
  const sigmas = linspace(Math.log(sigmaMin), Math.log(sigmaMax), STEPS).map(exp);
  const [low, high] = [sigmas[0], sigmas[STEPS - 1]];
  const { timestep, sigma }: TimeMapping = TIME_MAPPINGS[timeMapping];
  const levels: Levels = {
    timeMapping,
    sigmas,
    logSigmas: sigmas.map(log),
    timestep,
    sigma: (t) => sigma(t, high),
    percentToSigma: clampedPercent((percent) =>
      Math.exp((Math.log(high) - Math.log(low)) * (1 - percent) + Math.log(low)),
    ),
  };
  return modelSampling(levels, prediction, { sigmaData });
}

/** Sigmas of the scaled linear betas, in double precision. */
export function sigmaTable(betas: readonly [number, number]): Float64Array {
  const [from, to] = betas.map((beta) => beta ** 0.5);
  const step = (to - from) / (STEPS - 1);
  const table = new Float64Array(STEPS);
  let alphaBar = 1;
  for (let i = 0; i < STEPS; i++) {
    const root = i < STEPS / 2 ? from + step * i : to - step * (STEPS - 1 - i);
    alphaBar *= 1 - root * root;
    table[i] = ((1 - alphaBar) / alphaBar) ** 0.5;
  }
  return table;
}

/** Rescales sigmas so that the last step has no signal (arXiv 2305.08891, algorithm 1). */
function zeroTerminalSnr(table: Float64Array): Float64Array {
  const root = table.map((s) => Math.sqrt(1 / (s * s + 1)));
  const [first, last] = [root[0], root[STEPS - 1]];
  return root.map((r, i) => {
    const alphaBar =
      i === STEPS - 1 ? LAST_ALPHA_BAR : ((r - last) * (first / (first - last))) ** 2;
    return ((1 - alphaBar) / alphaBar) ** 0.5;
  });
}
