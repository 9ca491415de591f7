// A range of a schedule's steps, as the Impact Pack samples it (impact_sampling.py:
// separated_sample, KSamplerAdvancedWrapper). Its regional samplers sample one step per call, so
// multistep samplers start without a history each time, and the SDE samplers walk one Brownian path
// over the whole schedule.
import { DarkroomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LastSigmas } from '../conditioning/keyframe-progress.ts';
import { f32 } from '../float32.ts';
import { basicGuider, cfgGuider, type Guider } from '../guiders/guider.ts';
import type { GuidedRun } from '../guiders/run-evaluations.ts';
import { type Memo, noMemo } from '../memo.ts';
import { fitEmptyLatent } from '../model/fit-empty-latent.ts';
import { samplerKind } from '../samplers/index.ts';
import type { ConfiguredSampler } from '../samplers/sampler.ts';
import type { Conditioning, Latent, Model, SamplingHooks } from '../sampling-types.ts';
import { impactSigmas } from '../schedules/impact-schedules.ts';
import { emptyNoise, randomNoise } from './custom.ts';
import { sampleWithGuider } from './sample.ts';

/** A user-defined schedule (SCHEDULER_FUNC): the sigmas of `steps` steps. */
export type SchedulerFunc = (model: Model, samplerName: string, steps: number) => Float32Array;

/** Placeholder for a missing negative side (ImpactNegativeConditioningPlaceholder). */
export const NO_NEGATIVE: Conditioning = Object.freeze([]);

/** A sampler with its model and prompts: the KSAMPLER_ADVANCED of the Impact Pack. */
export interface StepSampler {
  readonly model: Model;
  readonly cfg: number;
  readonly samplerName: string;
  readonly scheduler: string;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  /** Replaces the named sampler; no schedule then loses its second last sigma. */
  readonly configuredSampler?: ConfiguredSampler;
  /** Factor on all sigmas; 1 by default. */
  readonly sigmaFactor?: number;
  readonly schedulerFunc?: SchedulerFunc;
}

export interface StepRange extends SamplingHooks {
  readonly seed: bigint;
  /** Steps of the whole schedule. */
  readonly steps: number;
  readonly latent: Latent;
  readonly startAtStep: number;
  /** The range ends before this step. */
  readonly endAtStep: number;
  readonly addNoise: boolean;
  /** Returns the sampler's latent; otherwise the last denoised latent. */
  readonly returnWithLeftoverNoise: boolean;
  /** Noise to add instead of the seed's. */
  readonly noise?: Tensor;
  readonly sigmaRatio?: number;
  /** Shares sigmas, prepared conditionings and the Brownian path between calls; none by default. */
  readonly memo?: Memo;
}

/** Samples the range; copies the latent's other fields. Without steps, returns it unchanged. */
export async function sampleRange(sampler: StepSampler, range: StepRange): Promise<Latent> {
  const { model, configuredSampler } = sampler;
  const { latent, seed, endAtStep, returnWithLeftoverNoise, rules, memo = noMemo } = range;
  const schedule = wholeSchedule(sampler, range.steps, memo);
  // Without leftover noise, the final 0 is written into the whole schedule, as in the original:
  // this moves the end of the Brownian path.
  const whole =
    endAtStep < schedule.length - 1 && !returnWithLeftoverNoise
      ? schedule.map((sigma, i) => (i === endAtStep ? 0 : sigma))
      : schedule;
  const cut = whole.subarray(0, endAtStep < whole.length - 1 ? endAtStep + 1 : whole.length);
  if (range.startAtStep >= cut.length - 1) return latent;
  const ratio = f32(range.sigmaRatio ?? 1);
  const sigmas = cut.slice(range.startAtStep).map((sigma) => sigma * ratio);

  const kind = configuredSampler?.kind ?? samplerKind(sampler.samplerName);
  const noiseGenerator = range.addNoise ? randomNoise(seed) : emptyNoise();
  const start = fitEmptyLatent(latent, model.latentFormat);
  const noise = range.noise ?? noiseGenerator.generate(start);
  const count = noise.data.length;
  const usesWholePath = !configuredSampler && kind.wholePath;
  const result = await sampleWithGuider({
    guider: memoizedGuider(sampler, memo),
    sampler: { kind, options: configuredSampler?.options },
    sigmas,
    noise,
    latent: start.samples,
    noiseMask: latent.noise_mask,
    seed,
    stepNoise: usesWholePath
      ? memo('path', [kind, seed, count, whole], () =>
          kind.noise?.({ seed, count, sigmas: whole, rules }),
        )
      : undefined,
    draws: range.noise || !noiseGenerator.draws ? undefined : () => noiseGenerator.draws!(start),
    rules,
    signal: range.signal,
    onStep: range.onStep,
    warn: range.warn,
    lastSigmas: memo('last sigmas', [], (): LastSigmas => new WeakMap()),
  });
  return { ...start, samples: returnWithLeftoverNoise ? result.samples : result.denoised };
}

function wholeSchedule(sampler: StepSampler, steps: number, memo: Memo): Float32Array {
  const { model, samplerName, scheduler, configuredSampler, schedulerFunc } = sampler;
  const { sampling } = model;
  if (schedulerFunc)
    return memo('custom sigmas', [schedulerFunc, model, samplerName, steps], () =>
      schedulerFunc(model, samplerName, steps),
    );
  const name = configuredSampler ? '' : samplerName;
  return memo('sigmas', [sampling, name, scheduler, steps], () =>
    impactSigmas({ sampling, samplerName: name, scheduler, steps }),
  );
}

/** The sampler's guider; its prepared conditionings are shared by runs of the same shape. */
function memoizedGuider({ model, positive, negative, cfg }: StepSampler, memo: Memo): Guider {
  const create = (): Guider =>
    negative === NO_NEGATIVE
      ? basicGuider(model, positive)
      : cfgGuider(model, positive, negative, cfg);
  // The concatenated channels of inpainting models depend on the latent and its mask, keyframes of
  // hooks on the sigmas.
  const hasHooks = [...positive, ...negative].some(({ hooks }) => hooks);
  if (model.denoiser.inChannels !== model.latentFormat.channels || hasHooks) return create();
  return memo('guider', [model, positive, negative, cfg], () => {
    const guider = create();
    const prepare = ({ shape, allSides }: GuidedRun) =>
      memo('conditions', [guider, shape.join(), allSides], () =>
        guider.prepare({ shape, allSides }),
      );
    return { model, prepare };
  });
}

export interface DenoiseRun
  extends Pick<StepRange, 'seed' | 'steps' | 'latent' | 'noise'>,
    SamplingHooks {
  /** Above 0, at most 1; below 1, the last `steps` of steps / denoise. */
  readonly denoise: number;
}

/**
 * Impact's KSampler (ksampler_wrapper, impact_sample): the last part of a longer schedule, without
 * leftover noise. Throws DR_INPUT_INVALID for denoise 0.
 */
export async function sampleDenoise(
  sampler: StepSampler,
  { denoise, steps, ...run }: DenoiseRun,
): Promise<Latent> {
  const wholeSteps = Math.floor(steps / requirePositiveDenoise(denoise));
  return sampleRange(sampler, {
    ...run,
    steps: wholeSteps,
    startAtStep: wholeSteps - steps,
    endAtStep: wholeSteps,
    addNoise: true,
    returnWithLeftoverNoise: false,
    sigmaRatio: sampler.sigmaFactor,
  });
}

/** Returns `denoise`, for a sampler that divides by it. Throws DR_INPUT_INVALID for 0. */
export function requirePositiveDenoise(denoise: number): number {
  if (denoise > 0) return denoise;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: 'a denoise of 0 leaves nothing to sample',
    hint: 'Use a denoise above 0, or leave the sampler out.',
    input: 'denoise',
  });
}
