// Hooks of iterative upscaling (Impact Pack hooks.py): schedules over its steps, noise put in, the latent unsampled; and two hooks as one.
import { injectNoise, noiseLatent, sameShape } from '../../sampling/noise/noise-injection.ts';
import { type UnsampleOptions, unsample } from '../../sampling/runs/unsample.ts';
import type { Latent } from '../../sampling/sampling-types.ts';
import type { DenoiseSampler, Iteration, PixelHook } from '../hooks.ts';

/** Both hooks, the first one first. */
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

/** From `own` in the first iteration to `target` in the last; `target` where there is but one. */
const scheduledValue = (own: number, target: number, { current, total }: Iteration): number =>
  total > 1 ? own + (target - own) * (current / (total - 1)) : target;

const preSampleHook = (
  change: (sampler: DenoiseSampler, iteration: Iteration) => Partial<DenoiseSampler>,
): PixelHook => ({
  preSample: (sampler, _latent, iteration) => ({ ...sampler, ...change(sampler, iteration) }),
});

/** The cfg moves to `target`, in whole numbers; only a single iteration gets the target as it is. */
export const cfgScheduleHook = (target: number): PixelHook =>
  preSampleHook(({ cfg }, iteration) => ({
    cfg: iteration.total > 1 ? Math.trunc(scheduledValue(cfg, target, iteration)) : target,
  }));

/** The denoise moves to `target`, 0..1. */
export const denoiseScheduleHook = (target: number): PixelHook =>
  preSampleHook(({ denoise }, iteration) => ({
    denoise: scheduledValue(denoise, target, iteration),
  }));

/** The number of steps moves to `target`. */
export const stepsScheduleHook = (target: number): PixelHook =>
  preSampleHook(({ steps }, iteration) => ({
    steps: Math.trunc(scheduledValue(steps, target, iteration)),
  }));

/** From `start` in the first iteration towards `end`, which would be reached in the iteration after the last. */
export const interpolatedTowards = (
  start: number,
  end: number,
  { current, total }: Iteration,
): number => start + ((end - start) * current) / total;

export interface NoiseInjection {
  readonly seed: bigint;
  /** Factor on the noise in the first iteration, and the one it moves to. */
  readonly start: number;
  readonly end: number;
}

/** A latent with the noise of a iteration put in, inside of its noise mask. The original reaches for two nodes of ComfyUI_Noise. */
export function injectIterationNoise(
  latent: Latent,
  { seed, start, end }: NoiseInjection,
  iteration: Iteration,
): Latent {
  const { samples, noise_mask } = latent;
  const [batch, , height, width] = samples.shape;
  const noise = noiseLatent(
    seed + 2n * BigInt(iteration.current),
    width * 8,
    height * 8,
    batch,
  ).samples;
  if (sameShape(samples, noise))
    return {
      ...latent,
      samples: injectNoise(samples, noise, interpolatedTowards(start, end, iteration), noise_mask),
    };
  iteration.warn?.(
    `the latent [${samples.shape}] gets no noise: noise is made for latents of 4 channels`,
  );
  return latent;
}

/** Noise is put into each enlarged latent before it is sampled. */
export const noiseInjectionHook = (o: NoiseInjection): PixelHook => ({
  postEncode: (latent, iteration) => injectIterationNoise(latent, o, iteration),
});

export interface Unsampling
  extends Omit<UnsampleOptions, 'latent' | 'endAtStep' | 'signal' | 'onStep' | 'warn'> {
  /** The step to unsample to in the first iteration, and the one it moves to. */
  readonly start: number;
  readonly end: number;
}

/** A latent sampled backwards to the step of a iteration. */
export const unsampleForIteration = (
  latent: Latent,
  { start, end, ...run }: Unsampling,
  iteration: Iteration,
): Promise<Latent> =>
  unsample({
    ...run,
    latent,
    endAtStep: Math.trunc(interpolatedTowards(start, end, iteration)),
    signal: iteration.signal,
    warn: iteration.warn,
  });

/** Each enlarged latent is sampled backwards before it is sampled. */
export const unsamplingHook = (o: Unsampling): PixelHook => ({
  postEncode: (latent, iteration) => unsampleForIteration(latent, o, iteration),
});
