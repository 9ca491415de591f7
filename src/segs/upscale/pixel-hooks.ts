// Hooks of iterative upscaling (Impact Pack hooks.py): schedules over its steps, noise injection,
// unsampling; and the combination of two hooks.
import { injectNoise, noiseLatent, sameShape } from '../../sampling/noise/noise-injection.ts';
import { type UnsampleOptions, unsample } from '../../sampling/runs/unsample.ts';
import type { Latent, SamplingHooks } from '../../sampling/sampling-types.ts';
import type { DenoiseSampler, Iteration, PixelHook } from '../hooks.ts';

/** Pixels per latent cell, which the original assumes for every model. */
const PIXELS_PER_CELL = 8;

/** Returns a hook that calls both, `first` first. */
export const combinePixelHooks = (first: PixelHook, second: PixelHook): PixelHook => ({
  preSample: async (sampler, latent, iteration) => {
    const changed = (await first.preSample?.(sampler, latent, iteration)) ?? sampler;
    return (await second.preSample?.(changed, latent, iteration)) ?? changed;
  },
  preDecode: chained(first.preDecode, second.preDecode),
  postDecode: chained(first.postDecode, second.postDecode),
  postUpscale: chained(first.postUpscale, second.postUpscale),
  postEncode: chained(first.postEncode, second.postEncode),
  postCropRegion: (width, height, bbox, cropRegion) => {
    const region = first.postCropRegion?.(width, height, bbox, cropRegion) ?? cropRegion;
    return second.postCropRegion?.(width, height, bbox, region) ?? region;
  },
  touchScaledSize: (width, height) => {
    const size = first.touchScaledSize?.(width, height) ?? [width, height];
    return second.touchScaledSize?.(...size) ?? size;
  },
});

type Change<T> = (value: T, iteration: Iteration) => T | Promise<T>;

const chained =
  <T>(first: Change<T> | undefined, second: Change<T> | undefined): Change<T> =>
  async (value, iteration) => {
    const changed = first ? await first(value, iteration) : value;
    return second ? second(changed, iteration) : changed;
  };

/** Returns a value from `own` in the first iteration to `target` in the last or the only one. */
const scheduledValue = (own: number, target: number, { current, total }: Iteration): number =>
  total > 1 ? own + (target - own) * (current / (total - 1)) : target;

const preSampleHook = (
  change: (sampler: DenoiseSampler, iteration: Iteration) => Partial<DenoiseSampler>,
): PixelHook => ({
  preSample: (sampler, _latent, iteration) => ({ ...sampler, ...change(sampler, iteration) }),
});

/** Moves the cfg to `target`, in integers; a single iteration has the exact target. */
export const cfgScheduleHook = (target: number): PixelHook =>
  preSampleHook(({ cfg }, iteration) => ({
    cfg: iteration.total > 1 ? Math.trunc(scheduledValue(cfg, target, iteration)) : target,
  }));

/** Moves the denoise to `target`, 0..1. */
export const denoiseScheduleHook = (target: number): PixelHook =>
  preSampleHook(({ denoise }, iteration) => ({
    denoise: scheduledValue(denoise, target, iteration),
  }));

/** Moves the number of steps to `target`. */
export const stepsScheduleHook = (target: number): PixelHook =>
  preSampleHook(({ steps }, iteration) => ({
    steps: Math.trunc(scheduledValue(steps, target, iteration)),
  }));

/**
 * Returns a value that moves from `start` in the first iteration towards `end`, which it would
 * reach one iteration after the last.
 */
export const interpolatedTowards = (
  start: number,
  end: number,
  { current, total }: Iteration,
): number => start + ((end - start) * current) / total;

export interface NoiseInjection {
  readonly seed: bigint;
  /** Strength of the noise in the first iteration. */
  readonly start: number;
  /** The strength that the noise moves towards. */
  readonly end: number;
}

/**
 * Adds an iteration's noise to a latent, inside its noise mask. The original uses two nodes of
 * ComfyUI_Noise for this. Latents that do not have four channels are returned unchanged, with a
 * warning.
 */
export function injectIterationNoise(
  latent: Latent,
  { seed, start, end }: NoiseInjection,
  iteration: Iteration,
): Latent {
  const { samples, noise_mask } = latent;
  const [batch, , h, w] = samples.shape;
  const [width, height] = [w * PIXELS_PER_CELL, h * PIXELS_PER_CELL];
  const noise = noiseLatent(seed + 2n * BigInt(iteration.current), width, height, batch).samples;
  if (!sameShape(samples, noise)) {
    iteration.warn?.(
      `no noise is injected into the latent [${samples.shape}]: ` +
        'only latents of 4 channels are supported',
    );
    return latent;
  }
  const strength = interpolatedTowards(start, end, iteration);
  return { ...latent, samples: injectNoise(samples, noise, strength, noise_mask) };
}

/** Injects noise into each enlarged latent before it is sampled. */
export const noiseInjectionHook = (injection: NoiseInjection): PixelHook => ({
  postEncode: (latent, iteration) => injectIterationNoise(latent, injection, iteration),
});

export interface Unsampling
  extends Omit<UnsampleOptions, 'latent' | 'endAtStep' | keyof SamplingHooks> {
  /** The step to unsample to in the first iteration. */
  readonly start: number;
  /** The step that later iterations move towards. */
  readonly end: number;
}

/** Unsamples a latent to the step of an iteration. */
export const unsampleForIteration = (
  latent: Latent,
  { start, end, ...options }: Unsampling,
  iteration: Iteration,
): Promise<Latent> =>
  unsample({
    ...options,
    latent,
    endAtStep: Math.trunc(interpolatedTowards(start, end, iteration)),
    rules: iteration.rules,
    signal: iteration.signal,
    warn: iteration.warn,
  });

/** Unsamples each enlarged latent before it is sampled. */
export const unsamplingHook = (options: Unsampling): PixelHook => ({
  postEncode: (latent, iteration) => unsampleForIteration(latent, options, iteration),
});
