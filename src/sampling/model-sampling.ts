// Sigma tables and the parameterisation of discrete diffusion models (comfy.model_sampling: ModelSamplingDiscrete, EPS, V_PREDICTION).
// "Common Diffusion Noise Schedules and Sample Steps are Flawed" (arXiv 2305.08891) for the zero terminal SNR rescale.
import { addScaled, divide, exp, f32, log, scale, sqrt, square, sub, type Vector } from './float32.ts';

export type Prediction = 'eps' | 'v';

export interface ModelSampling {
  readonly prediction: Prediction;
  readonly zsnr: boolean;
  /** Ascending, 1000 values. */
  readonly sigmas: Float32Array;
  readonly logSigmas: Float32Array;
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** Index of the table's sigma nearest to `sigma` in the logarithm: the timestep the network is given. */
  timestep(sigma: number): number;
  /** Sigma of a fractional timestep. */
  sigma(timestep: number): number;
  /** Sigma at a fraction of the schedule: 0 is before its start, 1 its end (0). */
  percentToSigma(percent: number): number;
  /** The network's input of unit variance for a latent at `sigma`. */
  calculateInput(sigma: number, x: Vector): Vector;
  /** The denoised latent from the network's raw output at latent `x`. */
  calculateDenoised(sigma: number, output: Vector, x: Vector): Vector;
  /** The latent a run starts from. */
  noiseScaling(sigma: number, noise: Vector, latent: Vector, maxDenoise?: boolean): Vector;
  /** Undoes the parameterisation's scaling of a finished latent. */
  inverseNoiseScaling(sigma: number, latent: Vector): Vector;
}

const STEPS = 1000;
const BETA_START = 0.00085;
const BETA_END = 0.012;
/** Stands for the zero that the rescale would put at the end. */
const LAST_ALPHA_BAR = 4.8973451890853435e-8;

/** The denoised latent, per kind of prediction. */
const DENOISED: Record<Prediction, (sigma: number, output: Vector, x: Vector) => Vector> = {
  eps: (sigma, output, x) => addScaled(x, output, -sigma),
  v: (sigma, output, x) => {
    const variance = f32(square(sigma) + 1);
    return sub(divide(x, variance), divide(scale(output, sigma), sqrt(variance)));
  },
};

/** The model sampling of SD1, SD2 and SDXL: scaled linear betas of 1000 steps. */
export function discreteSampling(options: { prediction?: Prediction; zsnr?: boolean } = {}): ModelSampling {
  const { prediction = 'eps', zsnr = false } = options;
  const table = zsnr ? zeroTerminalSnr(sigmaTable()) : sigmaTable();
  const sigmas = Float32Array.from(table);
  const logSigmas = Float32Array.from(table, Math.log);

  const sigma = (timestep: number): number => {
    const t = f32(Math.min(Math.max(timestep, 0), STEPS - 1));
    const low = Math.floor(t);
    const w = f32(t - low);
    return exp(f32(f32(f32(1 - w) * logSigmas[low]) + f32(w * logSigmas[Math.ceil(t)])));
  };

  return {
    prediction,
    zsnr,
    sigmas,
    logSigmas,
    sigmaMin: sigmas[0],
    sigmaMax: sigmas[STEPS - 1],
    sigma,
    timestep(value) {
      const wanted = log(value);
      let best = 0;
      let distance = Number.POSITIVE_INFINITY;
      for (let i = 0; i < STEPS; i++) {
        const d = f32(Math.abs(wanted - logSigmas[i]));
        if (d < distance) {
          best = i;
          distance = d;
        }
      }
      return best;
    },
    percentToSigma(percent) {
      if (percent <= 0) return 999999999.9;
      if (percent >= 1) return 0;
      return sigma(f32((1 - percent) * 999));
    },
    calculateInput: (value, x) => divide(x, sqrt(f32(square(value) + 1))),
    calculateDenoised: DENOISED[prediction],
    noiseScaling: (value, noise, latent, maxDenoise) => addScaled(latent, noise, maxDenoise ? sqrt(f32(1 + square(value))) : value),
    inverseNoiseScaling: (_, latent) => latent,
  };
}

function sigmaTable(): Float64Array {
  const [from, to] = [BETA_START ** 0.5, BETA_END ** 0.5];
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

function zeroTerminalSnr(table: Float64Array): Float64Array {
  const root = table.map((s) => Math.sqrt(1 / (s * s + 1)));
  const [first, last] = [root[0], root[STEPS - 1]];
  return root.map((r, i) => {
    const alphaBar = i === STEPS - 1 ? LAST_ALPHA_BAR : ((r - last) * (first / (first - last))) ** 2;
    return ((1 - alphaBar) / alphaBar) ** 0.5;
  });
}
