// The last part of a schedule, begun by one model and finished by another (Impact Pack impact_sampling.py, ksampler_wrapper with a refiner).
import { composite } from '../../image/compose/composite.ts';
import type { Conditioning, Latent, Model } from '../sampling-types.ts';
import {
  aboveZero,
  type DenoiseRun,
  type StepSampler,
  sampleDenoise,
  sampleRange,
} from './step-range.ts';

export interface Refiner {
  readonly model: Model;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  /** Share of the steps that are the refiner's, 0..1. */
  readonly ratio: number;
}

/** sampleDenoise; with a refiner the last steps are its own, without noise of their own and outside of the mask from the latent as it came. */
export async function sampleRefined(
  sampler: StepSampler,
  run: DenoiseRun,
  refiner?: Refiner,
): Promise<Latent> {
  if (!refiner) return sampleDenoise(sampler, run);
  const { denoise, steps, noise, ...rest } = run;
  const whole = Math.floor(steps / aboveZero(denoise));
  const start = whole - steps;
  const turn = start + Math.floor(steps * (1 - refiner.ratio));
  const shared = { ...rest, steps: whole, sigmaRatio: sampler.sigmaFactor };
  const begun = await sampleRange(sampler, {
    ...shared,
    noise,
    start,
    end: turn,
    addNoise: true,
    leftoverNoise: true,
  });
  const mask = run.latent.noise_mask;
  const latent = mask
    ? { ...run.latent, samples: composite(run.latent.samples, begun.samples, 0, 0, mask) }
    : begun;
  const { model, positive, negative } = refiner;
  return sampleRange(
    { ...sampler, model, positive, negative },
    { ...shared, latent, start: turn, end: whole + 1, addNoise: false, leftoverNoise: false },
  );
}
