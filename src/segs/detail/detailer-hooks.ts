// Hooks of detailers (Impact Pack hooks.py, DetailerHook): schedules over the cycles, noise
// injection, unsampling, variation noise, samplers, filters, retries; and the combination of two.
import { mixNoise } from '../../sampling/noise/variation.ts';
import { randomNoise } from '../../sampling/runs/custom.ts';
import type { ConfiguredSampler } from '../../sampling/samplers/sampler.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { DetailerHook, Iteration } from '../hooks.ts';
import type { Segs } from '../segs.ts';
import {
  combinePixelHooks,
  injectIterationNoise,
  type NoiseInjection,
  type Unsampling,
  unsampleForIteration,
} from '../upscale/pixel-hooks.ts';

/**
 * Returns a hook that calls both, `first` first. As in the original, the noise is all zeros if one
 * of them has noise of its own.
 */
export const combineDetailerHooks = (first: DetailerHook, second: DetailerHook): DetailerHook => ({
  ...combinePixelHooks(first, second),
  cycleLatent: async (latent, iteration) => {
    const changed = (await first.cycleLatent?.(latent, iteration)) ?? latent;
    return (await second.cycleLatent?.(changed, iteration)) ?? changed;
  },
  postDetection: (segs) => {
    const changed = first.postDetection?.(segs) ?? segs;
    return second.postDetection?.(changed) ?? changed;
  },
  postPaste: async (image) => {
    const changed = (await first.postPaste?.(image)) ?? image;
    return (await second.postPaste?.(changed)) ?? changed;
  },
  customNoise: first.customNoise || second.customNoise ? zeroNoise(first, second) : undefined,
  customSampler: first.customSampler ?? second.customSampler,
  shouldRetry: (image) => [first, second].some((hook) => hook.shouldRetry?.(image) ?? false),
});

/** Zeros where one of the hooks returns noise. */
const zeroNoise =
  (...hooks: readonly DetailerHook[]) =>
  (seed: bigint, shape: readonly number[]): Tensor | undefined =>
    hooks.some((hook) => hook.customNoise?.(seed, shape)) ? zeros(shape) : undefined;

/**
 * The position of a cycle in a schedule, which starts with the second cycle unless `fromStart`.
 * Undefined for a cycle that the schedule does not change.
 */
const scheduledCycle = (iteration: Iteration, fromStart: boolean): Iteration | undefined => {
  if (fromStart) return iteration;
  return iteration.current === 0
    ? undefined
    : { ...iteration, current: iteration.current - 1, total: iteration.total - 1 };
};

/** Injects noise at the start of each cycle, from the second one on unless `fromStart`. */
export const cycleNoiseHook = (injection: NoiseInjection, fromStart: boolean): DetailerHook => ({
  cycleLatent: (latent, iteration) => {
    const cycle = scheduledCycle(iteration, fromStart);
    return cycle ? injectIterationNoise(latent, injection, cycle) : latent;
  },
});

/** Unsamples the latent at the start of each cycle, from the second one on unless `fromStart`. */
export const cycleUnsamplingHook = (options: Unsampling, fromStart: boolean): DetailerHook => ({
  cycleLatent: async (latent, iteration) => {
    const cycle = scheduledCycle(iteration, fromStart);
    return cycle ? unsampleForIteration(latent, options, cycle) : latent;
  },
});

/** Moves the denoise to `target` over the cycles. A single cycle is not changed. */
export const cycleDenoiseHook = (target: number): DetailerHook => ({
  preSample: (sampler, _latent, { current, total }) =>
    total > 1
      ? {
          ...sampler,
          denoise: sampler.denoise + (target - sampler.denoise) * (current / (total - 1)),
        }
      : sampler,
});

/** Mixes the noise of the run's seed with that of another seed; `strength` is 0..1. */
export const variationNoiseHook = (variationSeed: bigint, strength: number): DetailerHook => ({
  customNoise: (seed, shape, previous) => {
    const latent = { samples: zeros(shape) };
    return mixNoise(
      previous ?? randomNoise(seed).generate(latent),
      randomNoise(variationSeed).generate(latent),
      strength,
      'linear',
    );
  },
});

/** Replaces the segments that a detector returns by the result of `filter`. */
export const filterHook = (filter: (segs: Segs) => Segs): DetailerHook => ({
  postDetection: filter,
});

/** Samples with a sampler of its own settings. */
export const customSamplerHook = (sampler: ConfiguredSampler): DetailerHook => ({
  customSampler: sampler,
});

/**
 * Rejects segments that are almost black: mean and variance (unbiased) of their grey values are at
 * most `mean` and `variance`, both 0..255 as in the original, which divides both by 255.
 */
export const blackSegmentHook = (mean: number, variance: number): DetailerHook => ({
  shouldRetry: ({ shape, data }) => {
    const channels = shape[3];
    const count = data.length / channels;
    let [sum, squares] = [0, 0];
    for (let i = 0; i < count; i++) {
      let grey = 0;
      for (let c = 0; c < channels; c++) grey += data[i * channels + c];
      grey /= channels;
      sum += grey;
      squares += grey * grey;
    }
    const spread = (squares - (sum * sum) / count) / (count - 1);
    return sum / count <= mean / 255 && spread <= variance / 255;
  },
});
