// What a network's output means: the parameterisations between a latent, the network's input and
// the denoised latent (comfy.model_sampling EPS, V_PREDICTION, EDM, X0, CONST …). "Elucidating the
// Design Space of Diffusion-Based Generative Models" (arXiv 2206.00364) for EDM.
import { allocate } from '../../tensor/allocate.ts';
import { addScaled, combine, divide, f32, scale, sqrt, square, type Vector } from '../float32.ts';

/**
 * Inputs of a parameterisation besides sigma: the data's standard deviation, and the timestep.
 */
interface ParameterisationInputs {
  readonly sigmaData: number;
  readonly timestep: (sigma: number) => number;
}

export interface Parameterisation {
  /** The network's input for a latent; by default scaled to unit variance. */
  readonly input?: (sigma: number, x: Vector) => Vector;
  readonly denoised: (
    sigma: number,
    output: Vector,
    x: Vector,
    inputs: ParameterisationInputs,
  ) => Vector;
  /** Scales the initial noise by sigma even at the largest sigma. */
  readonly plainNoise?: boolean;
  /** A run's initial latent; by default the latent plus the scaled noise. */
  readonly noised?: (sigma: number, noise: Vector, latent: Vector) => Vector;
  /** Undoes it for a finished latent; by default nothing is to be undone. */
  readonly finished?: (sigma: number, latent: Vector) => Vector;
}

/** a * s / d + b * t * u / e, rounded after each operation. */
function mix(
  a: Vector,
  [s, d]: readonly [number, number],
  b: Vector,
  [t, u, e]: readonly [number, number, number],
): Vector {
  const out = allocate(a.length);
  for (let i = 0; i < out.length; i++)
    out[i] = f32(f32(a[i] * s) / d) + f32(f32(f32(b[i] * t) * u) / e);
  return out;
}

/** The velocity between data and noise; `sign` is -1 if the network points from noise to data. */
const velocity =
  (sign: number): Parameterisation['denoised'] =>
  (sigma, output, x, { sigmaData }) => {
    const variance = f32(square(sigma) + f32(sigmaData ** 2));
    return mix(x, [f32(sigmaData ** 2), variance], output, [
      sign * sigma,
      sigmaData,
      sqrt(variance),
    ]);
  };

/** The share of the noise in a mixture of data and noise of deviations 1 and sigma. */
export const noiseShare = (sigma: number): number => f32(sigma / f32(sigma + 1));

/** The data's deviation and the factor on time in the consistency function of an LCM. */
const LCM_SIGMA_DATA = 0.5;
const LCM_TIMESTEP_SCALING = 10;

/** Parameterisations by the kind of the network's output. */
export const PARAMETERISATIONS = {
  eps: { denoised: (sigma, output, x) => addScaled(x, output, -sigma) },
  v: { denoised: velocity(-1) },
  edm: { denoised: velocity(1) },
  x0: { denoised: (_, output) => output },
  img_to_img: { denoised: (_, output) => output, input: (_, x) => x },
  lcm: {
    denoised: (sigma, output, x, { timestep }) => {
      const t = f32(timestep(sigma) * LCM_TIMESTEP_SCALING);
      const variance = f32(square(t) + LCM_SIGMA_DATA ** 2);
      const [skip, out] = [f32(LCM_SIGMA_DATA ** 2 / variance), f32(t / sqrt(variance))];
      return addScaled(scale(addScaled(x, output, -sigma), out), x, skip);
    },
  },
  cosmos_rflow: {
    input: (sigma, x) => scale(x, 1 - noiseShare(sigma)),
    denoised: (sigma, output, x) =>
      addScaled(scale(x, 1 - noiseShare(sigma)), output, -noiseShare(sigma)),
    plainNoise: true,
  },
  flow: {
    input: (_, x) => x,
    denoised: (sigma, output, x) => addScaled(x, output, -sigma),
    noised: (sigma, noise, latent) => combine(noise, sigma, latent, f32(1 - sigma)),
    finished: (sigma, latent) => divide(latent, f32(1 - sigma)),
  },
  // a picture becomes another one in one step
  img_to_img_velocity: {
    input: (_, x) => x,
    denoised: (_, output, x) => addScaled(x, output, -1),
    noised: (_sigma, _noise, latent) => latent,
    finished: (sigma, latent) => divide(latent, f32(1 - sigma)),
  },
} satisfies Record<string, Parameterisation>;

export type Prediction = keyof typeof PARAMETERISATIONS;
