// One sampling run as comfy.samplers makes it: scale the latent, noise it, walk the sigmas, scale back. `runSampler` is the part below the
// model (KSAMPLER.sample), `sampleCustom` the whole (CFGGuider.sample).
import { checkAborted, DarkroomError } from '../../errors.ts';
import { prepareMask } from '../../image/mask/core-masks.ts';
import { torchGenerator } from '../../random/torch-generator.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Vector } from '../float32.ts';
import type { Guider } from '../guiders/guider.ts';
import { fromModelLatent, isEmptyLatent, toModelLatent } from '../model/latent-format.ts';
import type { ModelSampling } from '../model/model-sampling.ts';
import { withKeptPart } from '../noise/noise-mask.ts';
import { seededNoise } from '../samplers/noise-sources.ts';
import type {
  ConfiguredSampler,
  Denoise,
  GuidedPrediction,
  NoiseSource,
} from '../samplers/sampler.ts';
import type { ModelPatches, SamplingHooks } from '../sampling-types.ts';
import { GPU_NOISE_WARNING, nanWarning } from '../warnings.ts';

export interface SamplerRun {
  readonly sampler: ConfiguredSampler;
  readonly sampling: ModelSampling;
  readonly sigmas: Float32Array;
  /** What guidance makes of `x`; no mask applied. */
  readonly predict: (
    x: Vector,
    sigma: number,
    shape?: readonly number[],
  ) => Promise<GuidedPrediction>;
  /** [B,C,H,W] of the latent. */
  readonly shape?: readonly number[];
  /** Unit noise that the run starts from. */
  readonly noise: Vector;
  /** In model units. */
  readonly latent: Vector;
  /** [B,C,H,W], see prepareMask. */
  readonly mask?: Tensor;
  /** Changes the mask with the noise level (DifferentialDiffusion). */
  readonly denoiseMask?: ModelPatches['denoiseMask'];
  /** Seed of the noise that stochastic samplers add. */
  readonly seed: bigint;
  /** That noise, where it is not the sampler's own. */
  readonly stepNoise?: NoiseSource;
  readonly onStep?: (step: number, x: Vector, denoised: Vector) => void;
}

/** Noises the latent to sigmas[0] and samples it to the last sigma. Throws what the denoiser throws; DR_SEED_RANGE for ddim's seed + 1. */
export async function runSampler(run: SamplerRun): Promise<Vector> {
  const { sampling, sigmas, noise, latent, mask, seed } = run;
  const { kind, options } = run.sampler;
  let guided = run.predict;
  if (mask) {
    const blendNoise = kind.freshMaskNoise ? torchGenerator(seed + 1n).randn(noise.length) : noise;
    const maskAt = (sigma: number): Tensor =>
      run.denoiseMask?.(sigma, mask, { sigmas, sampling }) ?? mask;
    guided = withKeptPart(guided, { maskAt, latent, noise: blendNoise, sampling });
  }
  const denoise: Denoise = async (x, sigma, shape) => (await guided(x, sigma, shape)).denoised;
  const start = sampling.noiseScaling(sigmas[0], noise, latent, isMaxDenoise(sampling, sigmas[0]));
  const stepNoise =
    run.stepNoise ?? (kind.noise ?? seededNoise)({ seed, count: noise.length, sigmas });
  const samples = await kind.sample(denoise, start, sigmas, {
    ...options,
    noise: stepNoise,
    sampling,
    guided,
    shape: run.shape,
    onStep: run.onStep,
  });
  return sampling.inverseNoiseScaling(sigmas[sigmas.length - 1], samples);
}

/** A run from the model's largest sigma starts from pure noise. */
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
}

/** Unscaled latents, [B,C,H,W]. */
export interface SampledLatent {
  readonly samples: Tensor;
  /** What the model last denoised the latent to; `samples` when it never was asked. */
  readonly denoised: Tensor;
}

/** Samples a latent. Without sigmas the latent comes back as it is. Goes on where the model gives NaN, as the original does, with a warning.
 *  Throws DR_INTERRUPTED, DR_SHAPE_MISMATCH, and what the sampler throws. */
export async function sampleWithGuider(o: GuiderRun): Promise<SampledLatent> {
  const { guider, sampler, sigmas, latent, noise } = o;
  const { sampling, latentFormat, patches } = guider.model;
  if (sigmas.length === 0) return { samples: latent, denoised: latent };
  const { shape } = noise;
  if (latent.shape[1] !== latentFormat.channels)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `the latent has ${latent.shape[1]} channels, the model works on ${latentFormat.channels}`,
      hint: 'Encode the picture with the VAE that belongs to the model.',
      input: 'latent_image',
    });
  const scaled = isEmptyLatent(latent) ? latent : toModelLatent(latentFormat, latent);
  const mask = o.noiseMask && prepareMask(o.noiseMask, shape);
  const predict = guider.prepare({
    shape,
    latent: scaled,
    mask,
    seed: o.seed,
    allSides: sampler.kind.usesUncond,
  });
  if (sampler.kind.gpuVariant) o.warn?.(GPU_NOISE_WARNING);

  const total = sigmas.length - 1;
  let last: Tensor | undefined;
  let size = shape;
  let step = 0;
  let told = false;
  const tellNotFinite = (values: Vector): void => {
    if (told || allFinite(values)) return;
    told = true;
    o.warn?.(nanWarning(Math.min(step + 1, total), total));
  };
  const samples = await runSampler({
    sampler,
    sampling,
    sigmas,
    shape,
    predict: async (x, sigma, resized = shape) => {
      checkAborted(o.signal);
      size = resized;
      const { denoised, uncond } = await predict(tensor(resized, x), sigma);
      tellNotFinite(denoised.data);
      return { denoised: denoised.data, uncond: uncond.data };
    },
    noise: noise.data,
    latent: scaled.data,
    mask,
    denoiseMask: patches?.denoiseMask,
    seed: o.seed,
    stepNoise: o.stepNoise,
    onStep: (index, _, denoised) => {
      step = index + 1;
      last = tensor(size, denoised);
      o.onStep?.(index, total, last, guider.model);
    },
  });
  tellNotFinite(samples);
  const finished = fromModelLatent(
    latentFormat,
    tensor(sampler.kind.resultShape?.(shape, sigmas) ?? shape, samples),
  );
  return { samples: finished, denoised: last ? fromModelLatent(latentFormat, last) : finished };
}

function allFinite(values: Vector): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
