// What a sampler is: it takes a latent from sigmas[0] down the sigmas with the help of a denoiser. The names of options are the papers'.
import type { Vector } from '../float32.ts';

/** The denoised latent that the model sees in `x` at noise level `sigma`. */
export type Denoise = (x: Vector, sigma: number) => Promise<Vector>;

/** Unit noise of the latent's size for the step from one sigma to the next. */
export type NoiseSource = (sigma: number, sigmaNext: number) => Vector;

export interface SamplerKnobs {
  /** Share of the ancestral noise, 1 unless given. */
  readonly eta?: number;
  /** Factor on the noise that is added, 1 unless given. */
  readonly s_noise?: number;
  /** Steps that a multistep method remembers. */
  readonly order?: number;
}

export interface SamplerOptions extends SamplerKnobs {
  readonly noise: NoiseSource;
  /** After each step's evaluation: the 0-based step, the latent and what the model denoised it to. */
  readonly onStep?: (step: number, x: Vector, denoised: Vector) => void;
}

export type Sampler = (denoise: Denoise, x: Vector, sigmas: Float32Array, options: SamplerOptions) => Promise<Vector>;

export interface SamplerKind {
  readonly sample: Sampler;
  /** Fresh noise enters during the run. */
  readonly stochastic?: boolean;
  /** KSampler computes one step more and drops the second last sigma. */
  readonly discardPenultimate?: boolean;
  /** Under a noise mask the kept part is noised with fresh noise of seed + 1, not with the initial noise. */
  readonly ownBlendNoise?: boolean;
}
