// One sampling run as comfy.samplers makes it: scale the latent, noise it, walk the sigmas, scale back. `runSampler` is the part below the
// model (KSAMPLER.sample), `sampleCustom` the whole (CFGGuider.sample).
import { checkAborted, DarkroomError } from '../errors.ts';
import { prepareMask } from '../image/masks.ts';
import { torchGenerator } from '../random/generator.ts';
import { map, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Vector } from './float32.ts';
import type { Guider } from './guider.ts';
import type { ModelSampling } from './model-sampling.ts';
import { withKeptPart } from './noise-mask.ts';
import type { Denoise, Guided, NoiseRun, NoiseSource, SamplerKind, SamplerKnobs } from './samplers/sampler.ts';
import type { ModelPatches, SamplingHooks } from './types.ts';

export interface SamplerRun {
  readonly sampler: SamplerKind;
  readonly knobs?: SamplerKnobs;
  readonly sampling: ModelSampling;
  readonly sigmas: Float32Array;
  /** What guidance makes of `x`; no mask applied. */
  readonly predict: (x: Vector, sigma: number) => Promise<Guided>;
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
  const { sampler, sampling, sigmas, noise, latent, mask, seed } = run;
  let guided = run.predict;
  if (mask) {
    const blendNoise = sampler.ownBlendNoise ? torchGenerator(seed + 1n).randn(noise.length) : noise;
    const maskAt = (sigma: number): Tensor => run.denoiseMask?.(sigma, mask, { sigmas, sampling }) ?? mask;
    guided = withKeptPart(guided, { maskAt, latent, noise: blendNoise, sampling });
  }
  const denoise: Denoise = async (x, sigma) => (await guided(x, sigma)).denoised;
  const start = sampling.noiseScaling(sigmas[0], noise, latent, isMaxDenoise(sampling, sigmas[0]));
  const stepNoise = run.stepNoise ?? (sampler.noise ?? seededNoise)({ seed, count: noise.length, sigmas });
  const options = { ...run.knobs, noise: stepNoise, sampling, guided, onStep: run.onStep };
  const samples = await sampler.sample(denoise, start, sigmas, options);
  return sampling.inverseNoiseScaling(sigmas[sigmas.length - 1], samples);
}

/** A run from the model's largest sigma starts from pure noise. */
function isMaxDenoise({ sigmaMax }: ModelSampling, sigma: number): boolean {
  return sigma > sigmaMax || Math.abs(sigmaMax - sigma) <= 1e-5 * Math.max(sigmaMax, sigma);
}

/** A generator of its own with the run's seed: its first draw equals the initial noise. */
function seededNoise({ seed, count }: NoiseRun): NoiseSource {
  let generator: ReturnType<typeof torchGenerator> | undefined;
  return () => {
    generator ??= torchGenerator(seed);
    return generator.randn(count);
  };
}

export interface CustomSample extends SamplingHooks {
  readonly guider: Guider;
  readonly sampler: SamplerKind;
  readonly knobs?: SamplerKnobs;
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
export interface Sampled {
  readonly samples: Tensor;
  /** What the model last denoised the latent to; `samples` when it never was asked. */
  readonly denoised: Tensor;
}

/** Samples a latent. Without sigmas the latent comes back as it is.
 *  Throws DR_SAMPLING_FAILED when the network gives NaN or infinity, DR_INTERRUPTED, DR_SHAPE_MISMATCH. */
export async function sampleCustom(o: CustomSample): Promise<Sampled> {
  const { guider, sampler, sigmas, latent, noise } = o;
  const { model } = guider;
  if (sigmas.length === 0) return { samples: latent, denoised: latent };
  const { scale, channels } = model.latentFormat;
  const { shape } = noise;
  if (latent.shape[1] !== channels)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `the latent has ${latent.shape[1]} channels, the model works on ${channels}`,
      hint: 'Encode the picture with the VAE that belongs to the model.',
      input: 'latent_image',
    });
  const scaled = latent.data.some((value) => value !== 0) ? map(latent, (value) => value * Math.fround(scale)) : latent;
  const mask = o.noiseMask && prepareMask(o.noiseMask, shape);
  const predict = guider.prepare({ shape, latent: scaled, mask, allSides: sampler.usesUncond });
  if (sampler.gpuName) o.warn?.('the noise of a *_gpu sampler is made as the CPU makes it: pictures equal those of the name without _gpu');

  const total = sigmas.length - 1;
  let last: Vector | undefined;
  let step = 0;
  const predictFinite: SamplerRun['predict'] = async (x, sigma) => {
    checkAborted(o.signal);
    const { denoised, uncond } = await predict(tensor(shape, x), sigma);
    if (!allFinite(denoised.data))
      throw new DarkroomError('DR_SAMPLING_FAILED', {
        message: `step ${step + 1} of ${total} (sigma ${sigma}): the model's prediction is not a number`,
        hint: 'Lower the cfg, try another sampler or scheduler, or check that the model file is intact and fits the conditioning.',
      });
    return { denoised: denoised.data, uncond: uncond.data };
  };
  const samples = await runSampler({
    sampler,
    knobs: o.knobs,
    sampling: model.sampling,
    sigmas,
    predict: predictFinite,
    noise: noise.data,
    latent: scaled.data,
    mask,
    denoiseMask: model.patches?.denoiseMask,
    seed: o.seed,
    stepNoise: o.stepNoise,
    onStep: (index, _, denoised) => {
      step = index + 1;
      last = denoised;
      o.onStep?.(index, total, tensor(shape, denoised));
    },
  });
  const unscaled = (values: Vector): Tensor => map(tensor(shape, values), (value) => value / Math.fround(scale));
  const finished = unscaled(samples);
  return { samples: finished, denoised: last ? unscaled(last) : finished };
}

function allFinite(values: Vector): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
