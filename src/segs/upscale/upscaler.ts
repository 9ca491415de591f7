// The step of an iterative upscale (Impact Pack core.py, UPSCALER), and sampling with its hooks.
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { sampleDenoise } from '../../sampling/runs/step-range.ts';
import type { Latent, SamplingHooks } from '../../sampling/sampling-types.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiseSampler, Iteration, PixelHook } from '../hooks.ts';

/** Functions that an upscaling step calls, beside those of its iteration. */
export interface UpscaleHooks extends Pick<SamplingHooks, 'onStep'> {
  /** Called with the image before it is enlarged. */
  readonly onDecoded?: (pixels: Tensor) => Promise<void> | void;
}

/** UPSCALER */
export interface Upscaler {
  readonly vae: Autoencoder;
  /** Enlarges the latent's image to `width` x `height` pixels (truncated) and samples it. */
  upscale(
    latent: Latent,
    width: number,
    height: number,
    iteration: Iteration,
    hooks: UpscaleHooks,
  ): Promise<Latent>;
}

/** KSAMPLER's sample: samples with `sampler` as changed by the hook's preSample. */
export async function sampleHooked(
  sampler: DenoiseSampler,
  latent: Latent,
  iteration: Iteration,
  { onStep }: UpscaleHooks,
  hook?: PixelHook,
): Promise<Latent> {
  const hooked = hook?.preSample ? await hook.preSample(sampler, latent, iteration) : sampler;
  const { seed, steps, denoise } = hooked;
  const { rules, signal, warn } = iteration;
  return sampleDenoise(hooked, { seed, steps, denoise, latent, rules, signal, onStep, warn });
}
