// Sampling from parts (comfy_extras/nodes_custom_sampler.py): a sampler with its knobs, sigmas, noise and a guider of one's own choice.
import { prepareNoise } from '../../random/prepare-noise.ts';
import { map, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { Guider } from '../guiders/guider.ts';
import { fromModelLatent, isEmptyLatent, toModelLatent } from '../model/latent-format.ts';
import type { SamplerKind, SamplerKnobs } from '../samplers/sampler.ts';
import type { Latent, Model, SamplingHooks } from '../sampling-types.ts';
import { withModelChannels } from './ksampler.ts';
import { sampleCustom } from './sample.ts';

/** What a SAMPLER socket carries. */
export interface ChosenSampler {
  readonly kind: SamplerKind;
  readonly knobs?: SamplerKnobs;
}

/** What a NOISE socket carries: unit noise for a latent, and the seed that a stochastic sampler goes on with. */
export interface NoiseMaker {
  readonly seed: bigint;
  make(latent: Latent): Tensor;
}

export const randomNoise = (seed: bigint): NoiseMaker => ({
  seed,
  make: ({ samples, batch_index }) => prepareNoise(samples.shape, seed, batch_index),
});

/** No noise; `seed` is what a stochastic sampler goes on with. */
export const emptyNoise = (seed = 0n): NoiseMaker => ({
  seed,
  make: ({ samples }) => zeros(samples.shape),
});

export interface PartsRun extends SamplingHooks {
  readonly guider: Guider;
  readonly sampler: ChosenSampler;
  readonly sigmas: Float32Array;
  readonly noise: NoiseMaker;
  readonly latent: Latent;
}

/** The latent at the last sigma, and what the model last denoised it to; the latent's other keys stay. Throws what sampleCustom throws. */
export async function sampleParts(o: PartsRun): Promise<{ output: Latent; denoised: Latent }> {
  const { guider, sampler, sigmas, noise, signal, onStep, warn } = o;
  const latent = {
    ...o.latent,
    samples: withModelChannels(o.latent.samples, guider.model.latentFormat.channels),
  };
  const { samples, denoised } = await sampleCustom({
    guider,
    sampler: sampler.kind,
    knobs: sampler.knobs,
    sigmas,
    noise: noise.make(latent),
    latent: latent.samples,
    noiseMask: latent.noise_mask,
    seed: noise.seed,
    signal,
    onStep,
    warn,
  });
  return { output: { ...latent, samples }, denoised: { ...latent, samples: denoised } };
}

/** Noise at the distance of the first from the last sigma on a latent; without sigmas the latent as it is. */
export function addNoise(
  { sampling, latentFormat }: Model,
  noise: NoiseMaker,
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
    sampling.noiseScaling(amount, noise.make(latent).data, start.data),
  );
  return {
    ...latent,
    samples: map(fromModelLatent(latentFormat, noisy), (value) =>
      Number.isFinite(value) ? value : 0,
    ),
  };
}
