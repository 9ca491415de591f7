// The schedules of the Impact Pack's nodes: ComfyUI's, and some from tables (impact_sampling.py
// calculate_sigmas).
import { SAMPLER_KINDS } from '../samplers/index.ts';
import {
  calculateSigmas,
  type KSamplerSigmas,
  SCHEDULES,
  type Schedule,
  withoutPenultimate,
} from './schedules.ts';
import { alignedSigmas, gitsSigmas, ltxVideoSigmas, optimalSigmas } from './tabulated.ts';

/** Schedules by the pack's names, in its order. */
export const IMPACT_SCHEDULES: Readonly<Record<string, Schedule>> = {
  ...SCHEDULES,
  'AYS SDXL': (_, steps) => alignedSigmas('SDXL', steps),
  'AYS SD1': (_, steps) => alignedSigmas('SD1', steps),
  'AYS SVD': (_, steps) => alignedSigmas('SVD', steps),
  'GITS[coeff=1.2]': (_, steps) => gitsSigmas(1.2, steps),
  // for flow models; as in the original, always of 20 steps
  'LTXV[default]': () => ltxVideoSigmas(20),
  'OSS FLUX': (_, steps) => optimalSigmas('FLUX', steps),
  'OSS Wan': (_, steps) => optimalSigmas('Wan', steps),
  'OSS Chroma': (_, steps) => optimalSigmas('Chroma', steps),
};

export const IMPACT_SCHEDULERS: readonly string[] = Object.keys(IMPACT_SCHEDULES);

/**
 * Returns the sigmas of all steps. The sampler's name may be unknown or empty. Throws
 * DR_INPUT_INVALID for an unknown scheduler.
 */
export function impactSigmas({
  sampling,
  scheduler,
  samplerName,
  steps,
}: Omit<KSamplerSigmas, 'denoise'>): Float32Array {
  const discards =
    Object.hasOwn(SAMPLER_KINDS, samplerName) && SAMPLER_KINDS[samplerName].discardPenultimate;
  if (!discards) return calculateSigmas(sampling, scheduler, steps, IMPACT_SCHEDULES);
  return withoutPenultimate(calculateSigmas(sampling, scheduler, steps + 1, IMPACT_SCHEDULES));
}
