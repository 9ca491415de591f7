// One sampling run as in comfy.samplers: scale the latent, add noise, walk down the sigmas, scale
// back. `runSampler` is the part below the model (KSAMPLER.sample), `sampleWithGuider` the whole
// (CFGGuider.sample).
import { checkAborted, DarkroomError } from '../../errors.ts';
import { prepareMask } from '../../image/mask/core-masks.ts';
import type { Draws } from '../../models/unet/unet-patch.ts';
import { generatorAfter } from '../../random/prepare-noise.ts';
import { torchGenerator } from '../../random/torch-generator.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { LastSigmas } from '../conditioning/keyframe-progress.ts';
import type { Vector } from '../float32.ts';
import type { Guider } from '../guiders/guider.ts';
import { fromModelLatent, isEmptyLatent, toModelLatent } from '../model/latent-format.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import { withNoiseMask } from '../noise/noise-mask.ts';
import { seededNoise } from '../samplers/noise-sources.ts';
import type {
  ConfiguredSampler,
  Denoise,
  GuidedPrediction,
  NoiseSource,
} from '../samplers/sampler.ts';
import type { LatentFormat, ModelPatches, SamplerRules, SamplingHooks } from '../sampling-types.ts';
import { GPU_NOISE_WARNING, nanWarning, UNSEEDED_WARNING } from '../warnings.ts';

export interface SamplerRun {
  readonly sampler: ConfiguredSampler;
  readonly sampling: ModelSampling;
  readonly sigmas: Float32Array;
  /** The guided prediction for `x`, without the noise mask. */
  readonly predict: (
    x: Vector,
    sigma: number,
    shape?: readonly number[],
  ) => Promise<GuidedPrediction>;
  /** [B,C,H,W] of the latent. */
  readonly shape?: readonly number[];
  /** The initial unit noise. */
  readonly noise: Vector;
  /** In model units. */
  readonly latent: Vector;
  /** [B,C,H,W] as from prepareMask. */
  readonly mask?: Tensor;
  /** Changes the mask with the noise level (differential diffusion). */
  readonly denoiseMask?: ModelPatches['denoiseMask'];
  /** Seed of the noise that stochastic samplers add. */
  readonly seed: bigint;
  /** Replaces that noise. */
  readonly stepNoise?: NoiseSource;
  readonly rules: SamplerRules;
  readonly onStep?: (step: number, x: Vector, denoised: Vector) => void;
}

/**
 * Adds noise of sigmas[0] to the latent and samples it to the last sigma. Throws what the denoiser
 * throws, and DR_SEED_RANGE for ddim's seed + 1.
 */
export async function runSampler(run: SamplerRun): Promise<Vector> {
  const { sampling, sigmas, noise, latent, mask, seed, rules } = run;
  const { kind } = run.sampler;
  let guided = run.predict;
  if (mask) {
    const maskNoise = kind.freshMaskNoise ? torchGenerator(seed + 1n).randn(noise.length) : noise;
    const maskAt = (sigma: number): Tensor =>
      run.denoiseMask?.(sigma, mask, { sigmas, sampling }) ?? mask;
    guided = withNoiseMask(guided, { maskAt, latent, noise: maskNoise, sampling });
  }
  const denoise: Denoise = async (x, sigma, shape) => (await guided(x, sigma, shape)).denoised;
  const start = sampling.noiseScaling(sigmas[0], noise, latent, isMaxDenoise(sampling, sigmas[0]));
  const createNoise = kind.noise ?? seededNoise;
  const samples = await kind.sample(denoise, start, sigmas, {
    ...withScaledNoise(run.sampler, sampling),
    noise: run.stepNoise ?? createNoise({ seed, count: noise.length, sigmas, rules }),
    rules,
    sampling,
    guided,
    shape: run.shape,
    onStep: run.onStep,
  });
  const last = sigmas[sigmas.length - 1] || (kind.lastSigma ?? 0);
  return sampling.inverseNoiseScaling(last, samples);
}

/** The options, with the model's factor on the noise that the sampler adds. */
function withScaledNoise({ kind, options }: ConfiguredSampler, { noiseScale }: ModelSampling) {
  if (noiseScale === 1 || !kind.stochastic || kind.noisedByModel) return options;
  return { ...options, s_noise: (options?.s_noise ?? 1) * noiseScale };
}

/** Whether a run starts at the model's largest sigma, and so from noise only. */
function isMaxDenoise({ sigmaMax }: ModelSampling, sigma: number): boolean {
  return sigma > sigmaMax || Math.abs(sigmaMax - sigma) <= 1e-5 * Math.max(sigmaMax, sigma);
}

export interface GuiderRun extends SamplingHooks {
  readonly guider: Guider;
  readonly sampler: ConfiguredSampler;
  readonly sigmas: Float32Array;
  /** Unit noise, [B,C,H,W]. */
  readonly noise: Tensor;
  /** Unscaled latents, [B,C,H,W]. */
  readonly latent: Tensor;
  readonly noiseMask?: Tensor;
  readonly seed: bigint;
  readonly stepNoise?: NoiseSource;
  /** torch's global generator as the noise left it; undefined if no noise was drawn. */
  readonly draws?: () => Draws;
  /** Shared by runs that follow one another in a node. */
  readonly lastSigmas?: LastSigmas;
}

/** Unscaled latents, [B,C,H,W]. */
export interface SampledLatent {
  readonly samples: Tensor;
  /** The last denoised latent; `samples` if the model was not evaluated. */
  readonly denoised: Tensor;
}

/**
 * Samples a latent; without sigmas, returns it unchanged. If the model predicts NaN it warns and
 * continues, as the original does. Throws DR_INTERRUPTED, DR_SHAPE_MISMATCH, and what the sampler
 * throws.
 */
export async function sampleWithGuider(run: GuiderRun): Promise<SampledLatent> {
  const { guider, sigmas, latent, noise, seed, stepNoise, rules, signal } = run;
  const { kind } = run.sampler;
  const { sampling, latentFormat, patches } = guider.model;
  if (sigmas.length === 0) return { samples: latent, denoised: latent };
  checkChannels(latent, latentFormat);
  const { shape } = noise;
  const scaled = isEmptyLatent(latent) ? latent : toModelLatent(latentFormat, latent);
  const mask = run.noiseMask && prepareMask(run.noiseMask, shape);
  const allSides = kind.usesUncond;
  const { lastSigmas, warn } = run;
  const conditioned = { shape, latent: scaled, mask, seed, sigmas, lastSigmas, warn };
  const predict = guider.prepare({ ...conditioned, allSides, draws: lazyDraws(run) });
  if (kind.gpuVariant) warn?.(GPU_NOISE_WARNING);

  const progress = new RunProgress(run, shape);
  const samples = await runSampler({
    sampler: run.sampler,
    sampling,
    sigmas,
    shape,
    predict: async (x, sigma, currentShape = shape) => {
      checkAborted(signal);
      progress.shape = currentShape;
      const { denoised, uncond } = await predict(tensor(currentShape, x), sigma);
      progress.checkFinite(denoised.data);
      return { denoised: denoised.data, uncond: uncond.data };
    },
    noise: noise.data,
    latent: scaled.data,
    mask,
    denoiseMask: patches?.denoiseMask,
    seed,
    stepNoise,
    rules,
    onStep: (step, _, denoised) => progress.report(step, denoised),
  });
  progress.checkFinite(samples);
  const resultShape = kind.resultShape?.(shape, sigmas) ?? shape;
  const finished = fromModelLatent(latentFormat, tensor(resultShape, samples));
  const { denoised } = progress;
  return {
    samples: finished,
    denoised: denoised ? fromModelLatent(latentFormat, denoised) : finished,
  };
}

/** What the network's patches draw from in a run; created when they first draw. */
function lazyDraws({ sampler, noise, seed, draws, warn }: GuiderRun): Draws {
  // ComfyUI's ddim draws noise for the mask, masked or not.
  const isFresh = sampler.kind.freshMaskNoise === true;
  const create = (): Draws =>
    isFresh ? generatorAfter(seed + 1n, noise.shape) : (draws?.() ?? torchGenerator(seed));
  let generator: Draws | undefined;
  return {
    randint: (low, high, count) => {
      if (!isFresh && !draws && Number(high) - Number(low) > 1) warn?.(UNSEEDED_WARNING);
      generator ??= create();
      return generator.randint(low, high, count);
    },
  };
}

function checkChannels(latent: Tensor, { channels }: LatentFormat): void {
  if (latent.shape[1] === channels) return;
  throw new DarkroomError('DR_SHAPE_MISMATCH', {
    message: `the latent has ${latent.shape[1]} channels, but the model expects ${channels}`,
    hint: 'Encode the image with the VAE that belongs to the model.',
    input: 'latent_image',
  });
}

/** A run's progress: reports steps, and warns once of values that are not finite. */
class RunProgress {
  /** The last denoised latent, in model units. */
  denoised: Tensor | undefined;
  /** [B,C,H,W] of the latent, which a sampler can resize. */
  shape: readonly number[];
  readonly #run: GuiderRun;
  readonly #total: number;
  #finishedSteps = 0;
  #hasWarned = false;

  constructor(run: GuiderRun, shape: readonly number[]) {
    this.#run = run;
    this.#total = run.sigmas.length - 1;
    this.shape = shape;
  }

  report(step: number, denoised: Vector): void {
    this.#finishedSteps = step + 1;
    this.denoised = tensor(this.shape, denoised);
    this.#run.onStep?.(step, this.#total, this.denoised, this.#run.guider.model);
  }

  checkFinite(values: Vector): void {
    if (this.#hasWarned || allFinite(values)) return;
    this.#hasWarned = true;
    const step = Math.min(this.#finishedSteps + 1, this.#total);
    this.#run.warn?.(nanWarning(step, this.#total));
  }
}

function allFinite(values: Vector): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
