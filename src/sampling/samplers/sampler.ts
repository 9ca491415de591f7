// The types of samplers. A sampler denoises a latent from sigmas[0] down to the last sigma. The
// names of its options are those of ComfyUI and the papers.
import type { Vector } from '../float32.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import type { SamplerRules } from '../sampling-types.ts';

/** Denoises `x` at noise level `sigma`; `shape` [B,C,H,W] is set if it differs from the run's. */
export type Denoise = (x: Vector, sigma: number, shape?: readonly number[]) => Promise<Vector>;

/** Unit noise for the step from one sigma to the next: the latent's size, or `count` values. */
export type NoiseSource = (sigma: number, sigmaNext: number, count?: number) => Vector;

/**
 * The guided denoised latent of one evaluation, and the negative side's alone (before any mask).
 */
export interface GuidedPrediction {
  readonly denoised: Vector;
  readonly uncond: Vector;
}

/** How the second stage of SEEDS mixes both predictions: evenly, or by phi_2. */
export type SeedsForm = 'phi_1' | 'phi_2';

export interface SamplerOptions {
  /** Share of the ancestral noise; 1 by default. */
  readonly eta?: number;
  /** Factor on the added noise; 1 by default. */
  readonly s_noise?: number;
  /** lcm: the factor at the last step (`s_noise` by default), between which it changes evenly. */
  readonly s_noise_end?: number;
  /** lcm: the noise is limited to this number of its standard deviations; 0 does not limit it. */
  readonly noise_clip_std?: number;
  /** Number of evaluations that a multistep method uses. */
  readonly order?: number;
  /** Churn (arXiv 2206.00364) over all steps, and the sigmas between which it acts. */
  readonly s_churn?: number;
  readonly s_tmin?: number;
  readonly s_tmax?: number;
  /** gradient_estimation: gamma, 2 by default. */
  readonly ge_gamma?: number;
  /** dpm_adaptive: tolerances, first step and PID coefficients. */
  readonly rtol?: number;
  readonly atol?: number;
  readonly h_init?: number;
  readonly pcoeff?: number;
  readonly icoeff?: number;
  readonly dcoeff?: number;
  readonly accept_safety?: number;
  /** Inner evaluations as fractions of the step: r for two stages, r_1 and r_2 for three. */
  readonly r?: number;
  readonly r_1?: number;
  readonly r_2?: number;
  /** The form of the second order step of dpmpp_2m_sde and of SEEDS with two stages. */
  readonly solver_type?: 'midpoint' | 'heun' | SeedsForm;
  /** er_sde: its highest order, 3 by default, and its noise scale at lambdas = sigma / alpha. */
  readonly max_stage?: number;
  readonly noise_scaler?: (lambdas: Vector) => Vector;
  /** sa_solver: the orders, 3 and 4 by default. */
  readonly predictor_order?: number;
  readonly corrector_order?: number;
  /** sa_solver: how stochastic the step to a sigma is. */
  readonly tau_func?: (sigma: number) => number;
  /** sa_solver: the paper's simple form of order 2. */
  readonly simple_order_2?: boolean;
  /** sa_solver: evaluates the corrected latent once more. */
  readonly use_pece?: boolean;
}

export interface SampleArguments extends SamplerOptions {
  readonly rules: SamplerRules;
  readonly noise: NoiseSource;
  readonly sampling: ModelSampling;
  /** `denoise` with the negative side's prediction, for kinds that use it (CFG++). */
  readonly guided: (
    x: Vector,
    sigma: number,
    shape?: readonly number[],
  ) => Promise<GuidedPrediction>;
  /** [B,C,H,W] of the initial latent, for kinds that resize it. */
  readonly shape?: readonly number[];
  /**
   * Called after each step's evaluation with the 0-based step, the latent and the denoised latent.
   */
  readonly onStep?: (step: number, x: Vector, denoised: Vector) => void;
}

export type SampleFunction = (
  denoise: Denoise,
  x: Vector,
  sigmas: Float32Array,
  options: SampleArguments,
) => Promise<Vector>;

/** What a noise source is created from. */
export interface NoiseRun {
  readonly seed: bigint;
  /** The length of the latent. */
  readonly count: number;
  readonly sigmas: Float32Array;
  readonly rules: SamplerRules;
}

export interface SamplerKind {
  readonly sample: SampleFunction;
  /** The run's noise; by default that of one generator with the run's seed. */
  readonly noise?: (run: NoiseRun) => NoiseSource;
  /** Uses the negative side's prediction, which is then evaluated at cfg 1 too. */
  readonly usesUncond?: boolean;
  /** A *_gpu sampler: the original generates its noise on the GPU, Darkroom on the CPU. */
  readonly gpuVariant?: boolean;
  /** Replaces a final sigma of 0, also where the finished latent is scaled (flow models). */
  readonly lastSigma?: number;
  /** Adds noise during the run. */
  readonly stochastic?: boolean;
  /**
   * Adds it by the model sampling, which applies the model's factor on noise; the others have the
   * factor in `s_noise`.
   */
  readonly noisedByModel?: boolean;
  /** KSampler computes one step more and drops the second last sigma. */
  readonly discardPenultimate?: boolean;
  /** Outside a noise mask, adds fresh noise of seed + 1 instead of the initial noise. */
  readonly freshMaskNoise?: boolean;
  /** The noise is one path over the whole schedule, however few of its steps are sampled. */
  readonly wholePath?: boolean;
  /** Leaves a masked region noisy: the sampler that removes that noise (see runs/recovery.ts). */
  readonly recoveredBy?: string;
  /** Shape of the finished latent, for kinds that resize it. */
  readonly resultShape?: (shape: readonly number[], sigmas: Float32Array) => readonly number[];
}

/** A sampler with its options: the value of a SAMPLER socket. */
export interface ConfiguredSampler {
  readonly kind: SamplerKind;
  readonly options?: SamplerOptions;
}
