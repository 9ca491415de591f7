// Hooks of detailers (Impact Pack hooks.py, DetailerHook): schedules over the cycles, noise put in, latents unsampled, other noise, parts
// chosen; and two hooks as one.

import { mixNoise } from '../../sampling/noise/variation.ts';
import { randomNoise } from '../../sampling/runs/custom.ts';
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

/** Both hooks, the first one first. As in the original there is no noise at all where one of them makes its own. */
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
});

const zeroNoise =
  (...hooks: readonly DetailerHook[]) =>
  (seed: bigint, shape: readonly number[]): Tensor | undefined =>
    hooks.some((hook) => hook.customNoise?.(seed, shape)) ? zeros(shape) : undefined;

/** The cycle as a schedule counts it that begins with the second one; undefined in the first, where nothing is done. */
const scheduledCycle = (iteration: Iteration, fromStart: boolean): Iteration | undefined => {
  if (fromStart) return iteration;
  return iteration.current === 0
    ? undefined
    : { ...iteration, current: iteration.current - 1, total: iteration.total - 1 };
};

/** Noise is put into the latent at the beginning of the cycles; from the second one on unless `fromStart`. */
export const cycleNoiseHook = (o: NoiseInjection, fromStart: boolean): DetailerHook => ({
  cycleLatent: (latent, iteration) => {
    const cycle = scheduledCycle(iteration, fromStart);
    return cycle ? injectIterationNoise(latent, o, cycle) : latent;
  },
});

/** The latent is sampled backwards at the beginning of the cycles; from the second one on unless `fromStart`. */
export const cycleUnsamplingHook = (o: Unsampling, fromStart: boolean): DetailerHook => ({
  cycleLatent: async (latent, iteration) => {
    const cycle = scheduledCycle(iteration, fromStart);
    return cycle ? unsampleForIteration(latent, o, cycle) : latent;
  },
});

/** The denoise moves to `target` over the cycles; a single cycle keeps its own. */
export const cycleDenoiseHook = (target: number): DetailerHook => ({
  preSample: (sampler, _latent, { current, total }) =>
    total > 1
      ? {
          ...sampler,
          denoise: sampler.denoise + (target - sampler.denoise) * (current / (total - 1)),
        }
      : sampler,
});

/** Noise of the run's seed mixed with that of another seed, by `strength` 0..1. */
export const variationNoiseHook = (seed: bigint, strength: number): DetailerHook => ({
  customNoise: (own, shape, drawn) => {
    const latent = { samples: zeros(shape) };
    return mixNoise(
      drawn ?? randomNoise(own).generate(latent),
      randomNoise(seed).generate(latent),
      strength,
      'linear',
    );
  },
});

/** Goes on with the parts that `choose` keeps of what a detector found. */
export const filterHook = (choose: (segs: Segs) => Segs): DetailerHook => ({
  postDetection: choose,
});
