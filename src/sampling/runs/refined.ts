// The last part of a schedule, started by one model and finished by another (Impact Pack
// impact_sampling.py, ksampler_wrapper with a refiner).
import { compositeMasked } from '../../image/compose/composite.ts';
import type { Conditioning, Latent, Model } from '../sampling-types.ts';
import {
  type DenoiseRun,
  requirePositiveDenoise,
  type StepSampler,
  sampleDenoise,
  sampleRange,
} from './step-range.ts';

export interface Refiner {
  readonly model: Model;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  /** The refiner's share of the steps, 0..1. */
  readonly ratio: number;
}

/**
 * sampleDenoise whose last steps are the refiner's, if there is one. The refiner adds no noise;
 * outside the noise mask it starts from the run's own latent.
 */
export async function sampleRefined(
  sampler: StepSampler,
  run: DenoiseRun,
  refiner?: Refiner,
): Promise<Latent> {
  if (!refiner) return sampleDenoise(sampler, run);
  const { denoise, steps, noise, ...rest } = run;
  const wholeSteps = Math.floor(steps / requirePositiveDenoise(denoise));
  const firstStep = wholeSteps - steps;
  const firstRefinerStep = firstStep + Math.floor(steps * (1 - refiner.ratio));
  const shared = { ...rest, steps: wholeSteps, sigmaRatio: sampler.sigmaFactor };
  const unrefined = await sampleRange(sampler, {
    ...shared,
    noise,
    startAtStep: firstStep,
    endAtStep: firstRefinerStep,
    addNoise: true,
    returnWithLeftoverNoise: true,
  });
  const mask = run.latent.noise_mask;
  const latent = mask
    ? { ...run.latent, samples: compositeMasked(run.latent.samples, unrefined.samples, { mask }) }
    : unrefined;
  const { model, positive, negative } = refiner;
  return sampleRange(
    { ...sampler, model, positive, negative },
    {
      ...shared,
      latent,
      startAtStep: firstRefinerStep,
      endAtStep: wholeSteps + 1,
      addNoise: false,
      returnWithLeftoverNoise: false,
    },
  );
}
