// An upscaling step with one sampler outside and one inside a mask (Impact Pack core.py,
// TwoSamplersForMaskUpscaler).
import { squeezeMask } from '../../image/mask/mask-shape.ts';
import type { Latent } from '../../sampling/sampling-types.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import type { DenoiseSampler, PixelHook } from '../hooks.ts';
import { maskAtLatentSize } from './latent-size-mask.ts';
import { type PixelScaling, scaleOnPixels } from './scale-on-pixels.ts';
import { sampleHooked, type Upscaler } from './upscaler.ts';

type IsFullStep = (step: number, steps: number) => boolean;

/** All three "+last1" schedules are this one in the original. */
const everySecondAndLast: IsFullStep = (step, steps) => step % 2 === 0 || step >= steps;

/**
 * The schedules: whether a step, counted from 1, samples the whole image instead of the outside and
 * the inside of the mask.
 */
export const FULL_SAMPLE_SCHEDULES = {
  none: () => false,
  interleave1: (step: number) => step % 2 === 0,
  interleave2: (step: number) => step % 3 === 0,
  interleave3: (step: number) => step % 4 === 0,
  // the original counts one step too many
  last1: () => false,
  last2: (step: number, steps: number) => step >= steps,
  'interleave1+last1': everySecondAndLast,
  'interleave2+last1': everySecondAndLast,
  'interleave3+last1': everySecondAndLast,
} satisfies Record<string, IsFullStep>;

export type FullSampleSchedule = keyof typeof FULL_SAMPLE_SCHEDULES;

export interface MaskUpscalerSettings extends PixelScaling {
  readonly schedule: FullSampleSchedule;
  /** Samples outside the mask. */
  readonly base: DenoiseSampler;
  readonly inside: DenoiseSampler;
  /** Samples after `base` in steps that sample the whole image; `base` by default. */
  readonly full?: DenoiseSampler;
  readonly mask: Tensor;
  readonly hooks: {
    readonly base?: PixelHook;
    readonly mask?: PixelHook;
    readonly full?: PixelHook;
  };
}

/**
 * TwoSamplersForMaskUpscaler: one sampler outside and one inside the mask, or both in a row on the
 * whole image.
 */
export const createMaskUpscaler = (settings: MaskUpscalerSettings): Upscaler => ({
  vae: settings.vae,
  async upscale(latent, width, height, iteration, run) {
    const { base, inside, full, hooks, model, schedule } = settings;
    const { latent: scaled } = await scaleOnPixels(latent, () => [width, height], settings, {
      hook: model ? hooks.mask : hooks.base,
      iteration,
      ...run,
    });
    if (FULL_SAMPLE_SCHEDULES[schedule](iteration.current + 1, iteration.total)) {
      const sampled = await sampleHooked(base, scaled, iteration, run, hooks.base);
      return sampleHooked(full ?? base, sampled, iteration, run, hooks.full);
    }
    const mask = maskAtLatentSize(squeezeMask(settings.mask), scaled.samples.shape);
    return sampleTwoForMask(
      scaled,
      { base, inside },
      { outside: maskWhereNotOne(mask), inside: mask },
      (sampler, current, side) =>
        sampleHooked(sampler, current, iteration, run, side === 'base' ? hooks.base : hooks.mask),
    );
  },
});

/** 1 where a mask is not exactly 1, 0 elsewhere. */
export const maskWhereNotOne = (mask: Tensor): Tensor =>
  map(mask, (value) => (value === 1 ? 0 : 1));

/**
 * TwoSamplersForMask: the base inside `masks.outside`, then the other sampler inside
 * `masks.inside`. The result has no noise mask.
 */
export async function sampleTwoForMask(
  latent: Latent,
  { base, inside }: { readonly base: DenoiseSampler; readonly inside: DenoiseSampler },
  masks: { readonly outside: Tensor; readonly inside: Tensor },
  sample: (sampler: DenoiseSampler, latent: Latent, side: 'base' | 'inside') => Promise<Latent>,
): Promise<Latent> {
  const first = await sample(base, { ...latent, noise_mask: masks.outside }, 'base');
  const { noise_mask: _, ...second } = await sample(
    inside,
    { ...first, noise_mask: masks.inside },
    'inside',
  );
  return second;
}
