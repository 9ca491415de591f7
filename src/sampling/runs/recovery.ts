// Recovery after SDE and UniPC samplers, which leave a masked region noisy: a second sampler
// repeats their steps at lower sigmas (Impact Pack impact_sampling.py,
// KSamplerAdvancedWrapper.sample_advanced).
import { DarkroomError } from '../../errors.ts';
import { compositeMasked } from '../../image/compose/composite.ts';
import { SAMPLER_KINDS } from '../samplers/index.ts';
import type { Latent } from '../sampling-types.ts';
import { type StepRange, type StepSampler, sampleRange } from './step-range.ts';

export const RECOVERY_MODES = ['DISABLE', 'ratio additional', 'ratio between'] as const;
export type RecoveryMode = (typeof RECOVERY_MODES)[number];

/** How a second sampler makes up for one that leaves a masked region noisy. */
export interface Recovery {
  readonly mode: RecoveryMode;
  /** The second sampler, or AUTO for the first one's `recoveredBy`. */
  readonly samplerName: string;
  /** The second sampler's share of each sigma, 0..1. */
  readonly ratio: number;
}

/**
 * Samples the range and, where its sampler has a `recoveredBy`, samples the same steps again with
 * the recovery's sampler. A step whose sampler throws DR_SIGMA_ZERO is skipped with a warning.
 */
export async function sampleWithRecovery(
  sampler: StepSampler,
  range: StepRange,
  recovery: Recovery,
): Promise<Latent> {
  const { samplerName, sigmaFactor = 1 } = sampler;
  const recoveredBy = recovery.mode === 'DISABLE' ? undefined : recoveredByOf(samplerName);
  const ratio = recoveredBy && recovery.mode === 'ratio between' ? 1 - recovery.ratio : 1;
  let { latent } = range;
  try {
    if (ratio > 0)
      latent = await sampleRange(sampler, { ...range, sigmaRatio: ratio * sigmaFactor });
  } catch (error) {
    return skipZeroSigma(error, range, latent);
  }
  if (!recoveredBy || recovery.ratio <= 0) return latent;
  const mask = latent.noise_mask;
  if (!mask)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the recovery after '${samplerName}' needs a noise mask, and the latent has none`,
      hint: "Set additional_mode to 'DISABLE', or give the latent a noise mask.",
    });
  const samples = compositeMasked(range.latent.samples, latent.samples, { mask });
  const merged = { ...range.latent, samples };
  const second = {
    ...sampler,
    samplerName: recovery.samplerName === 'AUTO' ? recoveredBy : recovery.samplerName,
  };
  const sigmaRatio = recovery.ratio * sigmaFactor;
  try {
    return await sampleRange(second, { ...range, noise: undefined, latent: merged, sigmaRatio });
  } catch (error) {
    return skipZeroSigma(error, range, merged);
  }
}

function recoveredByOf(samplerName: string): string | undefined {
  return Object.hasOwn(SAMPLER_KINDS, samplerName)
    ? SAMPLER_KINDS[samplerName].recoveredBy
    : undefined;
}

function skipZeroSigma(error: unknown, { warn }: StepRange, latent: Latent): Latent {
  if (!(error instanceof DarkroomError) || error.code !== 'DR_SIGMA_ZERO') throw error;
  warn?.(`a step was skipped: ${error.message}`);
  return latent;
}
