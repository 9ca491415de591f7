// Where a detailer or an iterative upscaler lets others step in (Impact Pack hooks.py: PixelKSampleHook, DetailerHook). Every part is optional.
import type { StepSampler } from '../sampling/plans/step-range.ts';
import type { Latent, SamplingHooks } from '../sampling/sampling-types.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Region, Segs } from './segs.ts';

/** The cycle or upscaling step that runs (0-based), of how many. Before the first one both are 0. */
export interface Iteration extends Pick<SamplingHooks, 'signal' | 'warn'> {
  readonly current: number;
  readonly total: number;
}

/** A KSAMPLER: what samples a latent with a denoise of its own. */
export interface DenoiseSampler extends StepSampler {
  readonly seed: bigint;
  readonly steps: number;
  readonly denoise: number;
}

type Maybe<T> = T | Promise<T>;

/** PK_HOOK */
export interface PixelHook {
  /** Changes what a latent is about to be sampled with. */
  readonly preSample?: (
    sampler: DenoiseSampler,
    latent: Latent,
    iteration: Iteration,
  ) => Maybe<DenoiseSampler>;
  readonly preDecode?: (latent: Latent, iteration: Iteration) => Maybe<Latent>;
  readonly postDecode?: (pixels: Tensor, iteration: Iteration) => Maybe<Tensor>;
  readonly postUpscale?: (pixels: Tensor, iteration: Iteration) => Maybe<Tensor>;
  readonly postEncode?: (latent: Latent, iteration: Iteration) => Maybe<Latent>;
  readonly postCropRegion?: (
    width: number,
    height: number,
    bbox: Region,
    cropRegion: Region,
  ) => Region;
  readonly touchScaledSize?: (width: number, height: number) => [width: number, height: number];
}

/** DETAILER_HOOK, and UPSCALER_HOOK, of which only `postPaste` is asked. */
export interface DetailerHook extends PixelHook {
  readonly cycleLatent?: (latent: Latent, iteration: Iteration) => Maybe<Latent>;
  readonly postDetection?: (segs: Segs) => Segs;
  readonly postPaste?: (image: Tensor) => Maybe<Tensor>;
  /** Noise for a latent of `shape`, instead of the seed's; `drawn` is what a hook before this one made. */
  readonly customNoise?: (
    seed: bigint,
    shape: readonly number[],
    drawn?: Tensor,
  ) => Tensor | undefined;
}
