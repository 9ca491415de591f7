// Sampling with a given guider, configured sampler, sigmas and noise (comfy_extras/
// nodes_custom_sampler.py).

import type { Draws } from '../../models/unet/unet-patch.ts';
import { generatorAfter, prepareNoise } from '../../random/prepare-noise.ts';
import { map, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { Guider } from '../guiders/guider.ts';
import { fitEmptyLatent } from '../model/fit-empty-latent.ts';
import { fromModelLatent, isEmptyLatent, toModelLatent } from '../model/latent-format.ts';
import type { ConfiguredSampler } from '../samplers/sampler.ts';
import type { Latent, Model, SamplingHooks } from '../sampling-types.ts';
import { sampleWithGuider } from './sample.ts';

/** The value of a NOISE socket: generates unit noise, and has the seed for stochastic samplers. */
export interface NoiseGenerator {
  readonly seed: bigint;
  generate(latent: Latent): Tensor;
  /** torch's global generator as `generate` leaves it; absent if that draws nothing. */
  draws?(latent: Latent): Draws;
}

export const randomNoise = (seed: bigint): NoiseGenerator => ({
  seed,
  generate: ({ samples, batch_index }) => prepareNoise(samples.shape, seed, batch_index),
  draws: ({ samples, batch_index }) => generatorAfter(seed, samples.shape, batch_index),
});

/** No noise; `seed` is for a stochastic sampler. */
export const emptyNoise = (seed = 0n): NoiseGenerator => ({
  seed,
  generate: ({ samples }) => zeros(samples.shape),
});

export interface CustomRun extends SamplingHooks {
  readonly guider: Guider;
  readonly sampler: ConfiguredSampler;
  readonly sigmas: Float32Array;
  readonly noise: NoiseGenerator;
  readonly latent: Latent;
}

/**
 * Returns the latent at the last sigma, and the last denoised latent; other fields are copied.
 * Throws what sampleWithGuider throws.
 */
export async function sampleCustom(run: CustomRun): Promise<{ output: Latent; denoised: Latent }> {
  const { guider, sampler, sigmas, noise, rules, signal, onStep, warn } = run;
  const latent = fitEmptyLatent(run.latent, guider.model.latentFormat);
  const { samples, denoised } = await sampleWithGuider({
    guider,
    sampler,
    sigmas,
    noise: noise.generate(latent),
    latent: latent.samples,
    noiseMask: latent.noise_mask,
    seed: noise.seed,
    draws: noise.draws && (() => noise.draws!(latent)),
    rules,
    signal,
    onStep,
    warn,
  });
  return { output: { ...latent, samples }, denoised: { ...latent, samples: denoised } };
}

/**
 * Adds noise of the first sigma minus the last to a latent; without sigmas, returns it unchanged.
 */
export function addNoiseToLatent(
  { sampling, latentFormat }: Model,
  noise: NoiseGenerator,
  sigmas: Float32Array,
  latent: Latent,
): Latent {
  if (sigmas.length === 0) return latent;
  const { samples } = latent;
  const amount =
    sigmas.length > 1 ? Math.abs(f32(sigmas[0] - sigmas[sigmas.length - 1])) : sigmas[0];
  const start = isEmptyLatent(samples) ? samples : toModelLatent(latentFormat, samples);
  const noisy = tensor(
    samples.shape,
    sampling.noiseScaling(amount, noise.generate(latent).data, start.data),
  );
  return {
    ...latent,
    samples: map(fromModelLatent(latentFormat, noisy), (value) =>
      Number.isFinite(value) ? value : 0,
    ),
  };
}
