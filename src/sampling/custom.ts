// Sampling from parts (comfy_extras/nodes_custom_sampler.py): a sampler with its knobs, sigmas, noise and a guider of one's own choice.
import { prepareNoise } from '../random/noise.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';
import type { SamplerKind, SamplerKnobs } from './samplers/sampler.ts';
import type { Latent } from './types.ts';

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
export const emptyNoise = (seed = 0n): NoiseMaker => ({ seed, make: ({ samples }) => zeros(samples.shape) });
