// Base and refiner one after another, as in the samplers of SeargeSDXL: a list of KSampler
// runs over one schedule.

import type { Conditioning, Latent, Model, SamplingHooks } from '../sampling-types.ts';
import { commonKSampler, type KSamplerOptions } from './ksampler.ts';

/** One KSampler run of the plan. */
export interface Stage
  extends Required<
    Pick<
      KSamplerOptions,
      'seed' | 'denoise' | 'startAtStep' | 'endAtStep' | 'returnWithLeftoverNoise' | 'addNoise'
    >
  > {
  readonly model: 'base' | 'refiner';
}

export interface TwoStagePlan {
  readonly seed: bigint;
  readonly steps: number;
  /** The base model's share of the steps, 0..1. */
  readonly baseRatio: number;
  /** 0..1; below 0.01 nothing is sampled. */
  readonly denoise: number;
  /** Number of refiner steps, from fresh noise, before the base. */
  readonly prepSteps?: number;
  /** Added to the refiner's seed; 1 by default. */
  readonly noiseOffset?: number;
  /** Factor on the refiner's denoise, 0.01..1. */
  readonly refinerStrength?: number;
}

/**
 * Plans the runs, in order. Each adds noise; all but the refiner's first one end without leftover
 * noise.
 */
export function twoStagePlan({
  seed,
  steps,
  baseRatio,
  denoise,
  prepSteps = 0,
  noiseOffset = 1,
  refinerStrength = 1,
}: TwoStagePlan): Stage[] {
  if (denoise < 0.01) return [];
  const baseSteps = Math.trunc(steps * (baseRatio + 0.0001));
  const prep = Math.max(0, prepSteps >= baseSteps ? baseSteps - 1 : prepSteps);
  const stages: Stage[] = [];
  if (prep > 0)
    stages.push({
      model: 'refiner',
      seed: seed + 2n,
      denoise,
      startAtStep: steps - prep,
      endAtStep: steps,
      addNoise: true,
      returnWithLeftoverNoise: true,
    });
  const baseEnd = Math.min(baseSteps, steps);
  stages.push({
    model: 'base',
    seed,
    denoise,
    startAtStep: prep,
    endAtStep: baseEnd,
    addNoise: true,
    returnWithLeftoverNoise: false,
  });
  if (baseSteps < steps)
    stages.push({
      model: 'refiner',
      seed: seed + BigInt(noiseOffset),
      denoise: denoise * Math.max(refinerStrength, 0.01),
      startAtStep: baseSteps,
      endAtStep: steps,
      addNoise: true,
      returnWithLeftoverNoise: false,
    });
  return stages;
}

/** Plans the runs of SeargeSDXLSampler (v1): the refiner continues the base's leftover noise. */
export function handOverPlan({
  seed,
  steps,
  baseRatio,
  denoise,
}: Pick<TwoStagePlan, 'seed' | 'steps' | 'baseRatio' | 'denoise'>): Stage[] {
  if (denoise < 0.01) return [];
  const baseSteps = Math.trunc(steps * baseRatio);
  if (baseSteps >= steps)
    return [
      {
        model: 'base',
        seed,
        denoise,
        startAtStep: 0,
        endAtStep: steps,
        addNoise: true,
        returnWithLeftoverNoise: false,
      },
    ];
  return [
    {
      model: 'base',
      seed,
      denoise,
      startAtStep: 0,
      endAtStep: baseSteps,
      addNoise: true,
      returnWithLeftoverNoise: true,
    },
    {
      model: 'refiner',
      seed,
      denoise: 1,
      addNoise: false,
      startAtStep: baseSteps,
      endAtStep: steps,
      returnWithLeftoverNoise: false,
    },
  ];
}

export interface PromptedModel {
  readonly model: Model;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
}

export interface TwoStageRun
  extends Pick<KSamplerOptions, 'steps' | 'cfg' | 'samplerName' | 'scheduler'>,
    SamplingHooks {
  readonly base: PromptedModel;
  readonly refiner: PromptedModel;
  /** Called after each step; steps are counted over all stages. */
  readonly onStep?: KSamplerOptions['onStep'];
}

/** Runs the stages on a latent. Throws what commonKSampler throws. */
export async function runStages(
  stages: readonly Stage[],
  latent: Latent,
  run: TwoStageRun,
): Promise<Latent> {
  const total = stages.reduce(
    (sum, { startAtStep, endAtStep }) => sum + Math.max(0, endAtStep - startAtStep),
    0,
  );
  let result = latent;
  let finished = 0;
  for (const { model, ...stage } of stages) {
    const offset = finished;
    const onStep: KSamplerOptions['onStep'] = (step, _, denoised, used) =>
      run.onStep?.(offset + step, total, denoised, used);
    result = await commonKSampler({ ...run, ...run[model], ...stage, latent: result, onStep });
    finished += Math.max(0, stage.endAtStep - stage.startAtStep);
  }
  return result;
}
