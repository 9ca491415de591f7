// What a sampler is: it takes a latent from sigmas[0] down the sigmas with the help of a denoiser. The names of options are the papers'.
import type { Vector } from '../float32.ts';
import type { ModelSampling } from '../model/model-sampling.ts';

/** The denoised latent that the model sees in `x` at noise level `sigma`; `shape` is [B,C,H,W] where it is not that of the run. */
export type Denoise = (x: Vector, sigma: number, shape?: readonly number[]) => Promise<Vector>;

/** Unit noise of the latent's size (or of `count` values) for the step from one sigma to the next. */
export type NoiseSource = (sigma: number, sigmaNext: number, count?: number) => Vector;

/** What guidance saw in one evaluation: the guided latent, and the negative side's alone (before any noise mask). */
export interface GuidedPrediction {
  readonly denoised: Vector;
  readonly uncond: Vector;
}

export interface SamplerOptions {
  /** Share of the ancestral noise, 1 unless given. */
  readonly eta?: number;
  /** Factor on the noise that is added, 1 unless given. */
  readonly s_noise?: number;
  /** Steps that a multistep method remembers. */
  readonly order?: number;
  /** Karras' churn over all steps, and the sigmas between which it acts. */
  readonly s_churn?: number;
  readonly s_tmin?: number;
  readonly s_tmax?: number;
  /** Gamma of gradient estimation, 2 unless given. */
  readonly ge_gamma?: number;
  /** Tolerances, first step and PID coefficients of dpm_adaptive. */
  readonly rtol?: number;
  readonly atol?: number;
  readonly h_init?: number;
  readonly pcoeff?: number;
  readonly icoeff?: number;
  readonly dcoeff?: number;
  readonly accept_safety?: number;
  /** Where the inner evaluations lie, as fractions of the step: r for two stages, r_1 and r_2 for three. */
  readonly r?: number;
  readonly r_1?: number;
  readonly r_2?: number;
  /** Form of the second order SDE step. */
  readonly solver_type?: 'midpoint' | 'heun';
  /** er_sde: its highest order, 3 unless given, and the scale of its noise at lambda = sigma / alpha. */
  readonly max_stage?: number;
  readonly noise_scaler?: (lambda: number) => number;
  /** sa_solver: its orders (3 and 4 unless given), how stochastic it is at a sigma, the paper's simple order 2, and evaluation after correction. */
  readonly predictor_order?: number;
  readonly corrector_order?: number;
  readonly tau_func?: (sigma: number) => number;
  readonly simple_order_2?: boolean;
  readonly use_pece?: boolean;
}

export interface SampleArguments extends SamplerOptions {
  readonly noise: NoiseSource;
  readonly sampling: ModelSampling;
  /** `denoise` with the negative side's prediction beside it, for the kinds that use it (CFG++). */
  readonly guided: (
    x: Vector,
    sigma: number,
    shape?: readonly number[],
  ) => Promise<GuidedPrediction>;
  /** [B,C,H,W] of the latent that the run begins with, for the kinds that resize it. */
  readonly shape?: readonly number[];
  /** After each step's evaluation: the 0-based step, the latent and what the model denoised it to. */
  readonly onStep?: (step: number, x: Vector, denoised: Vector) => void;
}

export type SampleFunction = (
  denoise: Denoise,
  x: Vector,
  sigmas: Float32Array,
  options: SampleArguments,
) => Promise<Vector>;

/** A run's seed, the length of its latent, and its sigmas: what a noise source is made from. */
export interface NoiseRun {
  readonly seed: bigint;
  readonly count: number;
  readonly sigmas: Float32Array;
}

export interface SamplerKind {
  readonly sample: SampleFunction;
  /** The noise of the run; one generator seeded with the run's seed unless given. */
  readonly noise?: (run: NoiseRun) => NoiseSource;
  /** Reads the negative side's prediction: it is evaluated at cfg 1 too. */
  readonly usesUncond?: boolean;
  /** A name that asks for the GPU's noise, which is the CPU's here. */
  readonly gpuVariant?: boolean;
  /** Fresh noise enters during the run. */
  readonly stochastic?: boolean;
  /** KSampler computes one step more and drops the second last sigma. */
  readonly discardPenultimate?: boolean;
  /** Under a noise mask the kept part is noised with fresh noise of seed + 1, not with the initial noise. */
  readonly freshMaskNoise?: boolean;
  /** The noise is one path over the whole schedule, however few of its steps are sampled. */
  readonly wholePath?: boolean;
  /** Leaves a masked region noisy: the sampler that removes that noise (see runs/recovery.ts). */
  readonly recoveredBy?: string;
  /** Size of the finished latent, for the kinds that resize it. */
  readonly resultShape?: (shape: readonly number[], sigmas: Float32Array) => readonly number[];
}

/** A sampler with its options: what a SAMPLER socket carries. */
export interface ConfiguredSampler {
  readonly kind: SamplerKind;
  readonly options?: SamplerOptions;
}
