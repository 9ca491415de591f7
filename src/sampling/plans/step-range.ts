// A part of a schedule's steps, as the Impact Pack samples it (impact_sampling.py: separated_sample, KSamplerAdvancedWrapper). Its regional
// samplers call it step by step: multistep samplers forget what they saw, and the SDE ones walk one Brownian path over the whole schedule.
import { DarkroomError } from '../../errors.ts';
import { composite } from '../../image/compose/composite.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import { basicGuider, cfgGuider, type GuidedRun, type Guider } from '../guiders/guider.ts';
import { type Keep, makeAnew } from '../memo.ts';
import { samplerKind } from '../samplers/index.ts';
import type { Conditioning, Latent, Model, SamplingHooks } from '../sampling-types.ts';
import { impactSigmas } from '../schedules/impact-schedules.ts';
import { type ChosenSampler, emptyNoise, randomNoise } from './custom.ts';
import { withModelChannels } from './ksampler.ts';
import { sampleCustom } from './sample.ts';

/** A schedule of one's own (SCHEDULER_FUNC): the sigmas of `steps` steps. */
export type SchedulerFunc = (model: Model, sampler: string, steps: number) => Float32Array;

/** Stands for a negative side that is left out (ImpactNegativeConditioningPlaceholder). */
export const NO_NEGATIVE: Conditioning = Object.freeze([]);

/** What samples a range of steps: the KSAMPLER_ADVANCED of the Impact Pack. */
export interface StepSampler {
  readonly model: Model;
  readonly cfg: number;
  readonly sampler: string;
  readonly scheduler: string;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  /** Samples instead of the named sampler; then no schedule loses its second last sigma. */
  readonly chosen?: ChosenSampler;
  /** Factor on all sigmas, 1 unless given. */
  readonly sigmaFactor?: number;
  readonly schedulerFunc?: SchedulerFunc;
}

export interface StepRange extends SamplingHooks {
  readonly seed: bigint;
  /** Steps of the whole schedule. */
  readonly steps: number;
  readonly latent: Latent;
  readonly start: number;
  /** The range ends before this step. */
  readonly end: number;
  readonly addNoise: boolean;
  /** Gives the latent as the sampler leaves it; else what the model last denoised it to. */
  readonly leftoverNoise: boolean;
  /** Noise to add instead of the seed's. */
  readonly noise?: Tensor;
  readonly sigmaRatio?: number;
  /** What calls with the same seed share: sigmas, prepared conditionings, the Brownian path. Nothing is shared unless given. */
  readonly keep?: Keep;
}

/** Samplers whose noise is one path over the whole schedule, however few of its steps are sampled. */
const WHOLE_PATH: ReadonlySet<string> = new Set(
  ['dpmpp_sde', 'dpmpp_2m_sde', 'dpmpp_3m_sde'].flatMap((name) => [name, `${name}_gpu`]),
);

/** Samples the range; the latent's other keys stay. It comes back as it is when the range has no step. */
export async function sampleRange(sampler: StepSampler, range: StepRange): Promise<Latent> {
  const { model, chosen } = sampler;
  const {
    latent,
    seed,
    start,
    end,
    addNoise,
    leftoverNoise,
    sigmaRatio = 1,
    keep = makeAnew,
  } = range;
  const whole = wholeSchedule(sampler, range.steps, keep);
  // a cut that leaves no noise writes its 0 into the whole schedule, and so moves the end of the Brownian path
  const total =
    end < whole.length - 1 && !leftoverNoise
      ? whole.map((sigma, i) => (i === end ? 0 : sigma))
      : whole;
  const cut = total.subarray(0, end < total.length - 1 ? end + 1 : total.length);
  if (start >= cut.length - 1) return latent;
  const ratio = f32(sigmaRatio);
  const sigmas = cut.slice(start).map((sigma) => sigma * ratio);

  const kind = chosen?.kind ?? samplerKind(sampler.sampler);
  const samples = withModelChannels(latent.samples, model.latentFormat.channels);
  const noise =
    range.noise ?? (addNoise ? randomNoise(seed) : emptyNoise()).make({ ...latent, samples });
  const count = noise.data.length;
  const wholePath = !chosen && WHOLE_PATH.has(sampler.sampler);
  const result = await sampleCustom({
    guider: guiderOf(sampler, keep),
    sampler: kind,
    knobs: chosen?.knobs,
    sigmas,
    noise,
    latent: samples,
    noiseMask: latent.noise_mask,
    seed,
    stepNoise: wholePath
      ? keep('path', [kind, seed, count, total], () => kind.noise?.({ seed, count, sigmas: total }))
      : undefined,
    signal: range.signal,
    onStep: range.onStep,
    warn: range.warn,
  });
  return { ...latent, samples: leftoverNoise ? result.samples : result.denoised };
}

function wholeSchedule(
  { model, sampler, scheduler, chosen, schedulerFunc }: StepSampler,
  steps: number,
  keep: Keep,
): Float32Array {
  const { sampling } = model;
  if (schedulerFunc)
    return keep('own sigmas', [schedulerFunc, model, sampler, steps], () =>
      schedulerFunc(model, sampler, steps),
    );
  const name = chosen ? '' : sampler;
  return keep('sigmas', [sampling, name, scheduler, steps], () =>
    impactSigmas({ sampling, sampler: name, scheduler, steps }),
  );
}

function guiderOf({ model, positive, negative, cfg }: StepSampler, keep: Keep): Guider {
  const make = (): Guider =>
    negative === NO_NEGATIVE
      ? basicGuider(model, positive)
      : cfgGuider(model, positive, negative, cfg);
  // what a network sees beside the latent depends on the latent and its mask
  if (model.unet.inChannels !== model.latentFormat.channels) return make();
  return keep('guider', [model, positive, negative, cfg], () => {
    const guider = make();
    const prepare = ({ shape, allSides }: GuidedRun) =>
      keep('conditions', [guider, shape.join(), allSides], () =>
        guider.prepare({ shape, allSides }),
      );
    return { model, prepare };
  });
}

/** How a second sampler makes up for one that leaves a masked region noisy. */
export interface Recovery {
  readonly mode: RecoveryMode;
  /** A sampler's name, or AUTO. */
  readonly sampler: string;
  /** Share of each sigma that is the second sampler's, 0..1. */
  readonly ratio: number;
}

export const RECOVERY_MODES = ['DISABLE', 'ratio additional', 'ratio between'] as const;
export type RecoveryMode = (typeof RECOVERY_MODES)[number];

/** The samplers that are made up for, and what does it when nothing else is chosen. */
const RECOVERED: ReadonlyMap<string, string> = new Map([
  ['uni_pc', 'dpm_fast'],
  ['uni_pc_bh2', 'dpm_fast'],
  ['dpmpp_sde', 'dpm_fast'],
  ['dpmpp_sde_gpu', 'dpm_fast'],
  ['dpmpp_2m_sde', 'dpmpp_2m'],
  ['dpmpp_2m_sde_gpu', 'dpmpp_2m'],
  ['dpmpp_3m_sde', 'dpmpp_2m'],
  ['dpmpp_3m_sde_gpu', 'dpmpp_2m'],
]);

/** KSAMPLER_ADVANCED's sample_advanced: the range, and where its sampler needs it the recovery, which takes the same steps at lower sigmas. */
export async function sampleWithRecovery(
  sampler: StepSampler,
  range: StepRange,
  recovery: Recovery,
): Promise<Latent> {
  const { sigmaFactor = 1 } = sampler;
  const automatic = recovery.mode === 'DISABLE' ? undefined : RECOVERED.get(sampler.sampler);
  const ratio = automatic && recovery.mode === 'ratio between' ? 1 - recovery.ratio : 1;
  let { latent } = range;
  try {
    if (ratio > 0)
      latent = await sampleRange(sampler, { ...range, sigmaRatio: ratio * sigmaFactor });
  } catch (error) {
    return skipZeroSigma(error, range, latent);
  }
  if (!automatic || recovery.ratio <= 0) return latent;
  const mask = latent.noise_mask;
  if (!mask)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the recovery after '${sampler.sampler}' works in the latent's noise mask, and the latent has none`,
      hint: "Set additional_mode to 'DISABLE', or give the latent a noise mask.",
    });
  const merged = {
    ...range.latent,
    samples: composite(range.latent.samples, latent.samples, 0, 0, mask),
  };
  const second = {
    ...sampler,
    sampler: recovery.sampler === 'AUTO' ? automatic : recovery.sampler,
  };
  try {
    return await sampleRange(second, {
      ...range,
      noise: undefined,
      latent: merged,
      sigmaRatio: recovery.ratio * sigmaFactor,
    });
  } catch (error) {
    return skipZeroSigma(error, range, merged);
  }
}

function skipZeroSigma(error: unknown, { warn }: StepRange, latent: Latent): Latent {
  if (!(error instanceof DarkroomError) || error.code !== 'DR_SIGMA_ZERO') throw error;
  warn?.(`a step was left out: ${error.message}`);
  return latent;
}

export interface DenoiseRun
  extends Pick<StepRange, 'seed' | 'steps' | 'latent' | 'noise' | 'signal' | 'onStep' | 'warn'> {
  /** Above 0, to 1; d < 1 takes the last `steps` of steps / d. */
  readonly denoise: number;
}

/** Impact's KSampler (ksampler_wrapper, impact_sample): the last part of a longer schedule, without noise left over. Throws
 *  DR_INPUT_INVALID for denoise 0. */
export async function sampleDenoise(
  sampler: StepSampler,
  { denoise, steps, ...run }: DenoiseRun,
): Promise<Latent> {
  const longer = Math.floor(steps / aboveZero(denoise));
  const range = {
    ...run,
    steps: longer,
    start: longer - steps,
    end: longer,
    addNoise: true,
    leftoverNoise: false,
  };
  return sampleRange(sampler, { ...range, sigmaRatio: sampler.sigmaFactor });
}

/** The denoise of a sampler that divides by it. Throws DR_INPUT_INVALID for 0. */
export function aboveZero(denoise: number): number {
  if (denoise > 0) return denoise;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: 'a denoise of 0 leaves nothing to sample',
    hint: 'Use a denoise above 0, or leave the sampler out.',
    input: 'denoise',
  });
}
