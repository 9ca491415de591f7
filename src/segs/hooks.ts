// The fixed points at which a detailer or an iterative upscaler calls other nodes' functions
// (Impact Pack hooks.py: PixelKSampleHook, DetailerHook). Every hook function is optional.
import type { StepSampler } from '../sampling/runs/step-range.ts';
import type { ConfiguredSampler } from '../sampling/samplers/sampler.ts';
import type { Latent, SamplingHooks } from '../sampling/sampling-types.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Region, Segs } from './segs.ts';

/**
 * The current cycle of a detailer or step of an upscaler, counted from 0, and their number. Both
 * are 0 before the first one.
 */
export interface Iteration extends Omit<SamplingHooks, 'onStep'> {
  readonly current: number;
  readonly total: number;
}

/** KSAMPLER: a sampler with its model, prompts, seed, steps and denoise. */
export interface DenoiseSampler extends StepSampler {
  readonly seed: bigint;
  readonly steps: number;
  readonly denoise: number;
}

type MaybePromise<T> = T | Promise<T>;

/** PK_HOOK */
export interface PixelHook {
  /** Returns the sampler that is used in place of `sampler`. */
  readonly preSample?: (
    sampler: DenoiseSampler,
    latent: Latent,
    iteration: Iteration,
  ) => MaybePromise<DenoiseSampler>;
  readonly preDecode?: (latent: Latent, iteration: Iteration) => MaybePromise<Latent>;
  readonly postDecode?: (pixels: Tensor, iteration: Iteration) => MaybePromise<Tensor>;
  readonly postUpscale?: (pixels: Tensor, iteration: Iteration) => MaybePromise<Tensor>;
  readonly postEncode?: (latent: Latent, iteration: Iteration) => MaybePromise<Latent>;
  readonly postCropRegion?: (
    width: number,
    height: number,
    bbox: Region,
    cropRegion: Region,
  ) => Region;
  readonly touchScaledSize?: (width: number, height: number) => [width: number, height: number];
}

/** DETAILER_HOOK; also UPSCALER_HOOK, of which only `postPaste` is called. */
export interface DetailerHook extends PixelHook {
  readonly cycleLatent?: (latent: Latent, iteration: Iteration) => MaybePromise<Latent>;
  readonly postDetection?: (segs: Segs) => Segs;
  readonly postPaste?: (image: Tensor) => MaybePromise<Tensor>;
  /**
   * Returns the noise for a latent of `shape`, in place of that of the seed. `previous`: the noise
   * that another hook returned.
   */
  readonly customNoise?: (
    seed: bigint,
    shape: readonly number[],
    previous?: Tensor,
  ) => Tensor | undefined;
  /** Replaces the detailer's named sampler, in all cycles. */
  readonly customSampler?: ConfiguredSampler;
  /** Whether a sampled segment [1,h,w,3] must be sampled again with another seed. */
  readonly shouldRetry?: (image: Tensor) => boolean;
}
