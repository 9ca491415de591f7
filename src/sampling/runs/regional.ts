// A prompt per region, step by step (Impact Pack special_samplers.py: RegionalSampler,
// RegionalSamplerAdvanced). In each step the base sampler works outside all regions, then each
// region's sampler works in its own mask.
import { DarkroomError } from '../../errors.ts';
import { compositeMasked } from '../../image/compose/composite.ts';
import { erosionMask } from '../../image/mask/impact-mask-morphology.ts';
import { squeezeMask } from '../../image/mask/mask-shape.ts';
import { resizeMask } from '../../image/resize/impact-resize.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import { createMemo, type Memo } from '../memo.ts';
import { fitEmptyLatent } from '../model/fit-empty-latent.ts';
import { type Variation, varyNoise } from '../noise/variation.ts';
import type { Latent, SamplingHooks } from '../sampling-types.ts';
import { randomNoise } from './custom.ts';
import { type Recovery, sampleWithRecovery } from './recovery.ts';
import { requirePositiveDenoise, type StepRange, type StepSampler } from './step-range.ts';

/** One entry of the list that a REGIONAL_PROMPTS socket carries. */
export interface RegionalPrompt {
  /** Any shape that squeezes to [H,W]; every value above 0 belongs to the region. */
  readonly mask: Tensor;
  readonly sampler: StepSampler;
  /** A change of the initial noise inside the region. */
  readonly variation?: Variation;
}

/**
 * One pass of a regional run: in `step` of the whole schedule, the base (pass 0) or a region (1, 2
 * …) is sampled.
 */
export interface RegionalPass {
  readonly step: number;
  readonly pass: number;
}

export interface RegionalRun extends SamplingHooks {
  readonly base: StepSampler;
  readonly regions: readonly RegionalPrompt[];
  readonly seed: bigint;
  /** Steps of the whole schedule. */
  readonly steps: number;
  readonly latent: Latent;
  /** Latent cells by which a region's mask grows. */
  readonly overlap: number;
  /**
   * Undoes a region's changes outside its mask; otherwise regions continue one another's latent.
   */
  readonly restoreLatent: boolean;
  readonly recovery: Recovery;
  /** Called before each pass whose result is used. */
  readonly beforePass?: (pass: RegionalPass) => void;
  /** Called after each pass with its latent. */
  readonly afterPass?: (pass: RegionalPass & { readonly latent: Latent }) => void;
  /** Work shared by the passes; each run has a memo of its own by default. */
  readonly memo?: Memo;
}

type StepRangeOptions = Pick<
  StepRange,
  'startAtStep' | 'endAtStep' | 'addNoise' | 'returnWithLeftoverNoise'
>;

type BaseRange = StepRangeOptions & Pick<StepRange, 'noise'>;

interface RegionalSteps extends Pick<StepRange, 'startAtStep' | 'endAtStep' | 'addNoise'> {
  /** The base's noise. */
  readonly noise?: Tensor;
  /** Adds `noise` to the base in each step (RegionalSampler), not only in the first one. */
  readonly noiseEachStep?: boolean;
}

export interface AdvancedRegionalRun extends RegionalRun, StepRangeOptions {}

/**
 * RegionalSamplerAdvanced. With `restoreLatent` the last step does not change the result: the
 * original runs it and discards it. Throws DR_INPUT_INVALID and DR_SHAPE_MISMATCH for regions, and
 * whatever sampleRange throws.
 */
export async function sampleRegionsAdvanced(options: AdvancedRegionalRun): Promise<Latent> {
  const run = { ...options, memo: options.memo ?? createMemo() };
  const { addNoise, startAtStep, returnWithLeftoverNoise } = run;
  const initial = initialLatent(run);
  const outside = resizeToLatent(outsideMask(run.regions.map(({ mask }) => mask)), initial);
  const endAtStep = Math.min(run.steps, run.endAtStep);
  const lastStep = endAtStep - 1;
  const noise =
    addNoise && startAtStep < lastStep
      ? variedNoise(run.regions, randomNoise(run.seed).generate(initial))
      : undefined;
  const steps: RegionalSteps = { startAtStep, endAtStep: lastStep, addNoise, noise };
  const latent = await sampleSteps(run, initial, outside, steps);
  if (run.restoreLatent) return withoutMask(latent);
  run.beforePass?.({ step: lastStep, pass: 0 });
  const last: BaseRange = {
    startAtStep: lastStep,
    endAtStep,
    addNoise: false,
    returnWithLeftoverNoise,
  };
  return withoutMask(await sampleBase(run, { ...latent, noise_mask: outside }, last));
}

/**
 * How RegionalSampler derives the seed of the steps with regions. The original has not implemented
 * increment, decrement and randomize: they act as `fixed`.
 */
export const SECOND_SEED_MODES = [
  'ignore',
  'fixed',
  'seed+seed_2nd',
  'seed-seed_2nd',
  'increment',
  'decrement',
  'randomize',
] as const;
export type SecondSeedMode = (typeof SECOND_SEED_MODES)[number];

export interface DenoisingRegionalRun extends RegionalRun {
  /** Above 0, at most 1. */
  readonly denoise: number;
  /** Steps of the base on the whole latent before the regions begin. */
  readonly baseOnlySteps: number;
  readonly secondSeed: bigint;
  readonly secondSeedMode: SecondSeedMode;
}

/** The original's largest seed; sums and differences of seeds wrap around there. */
const MAX_SEED = 1125899906842624n;

function secondSeedOf({ seed, secondSeed, secondSeedMode }: DenoisingRegionalRun): bigint {
  if (secondSeedMode === 'ignore') return seed;
  if (secondSeedMode === 'seed+seed_2nd')
    return seed + secondSeed > MAX_SEED ? seed + secondSeed - MAX_SEED : seed + secondSeed;
  if (secondSeedMode === 'seed-seed_2nd')
    return seed - secondSeed < 0n ? seed - secondSeed + MAX_SEED : seed - secondSeed;
  return secondSeed;
}

/**
 * RegionalSampler: the base alone for some steps, then base and regions for the rest. As in the
 * original, if the steps with regions begin with new noise, that noise is added to the base again
 * in each step. Throws whatever sampleRegionsAdvanced throws.
 */
export async function sampleRegions(options: DenoisingRegionalRun): Promise<Latent> {
  const wholeSteps = Math.trunc(options.steps / requirePositiveDenoise(options.denoise));
  const firstStep = wholeSteps - options.steps;
  const firstRegionalStep = firstStep + options.baseOnlySteps;
  const run = { ...options, steps: wholeSteps, memo: options.memo ?? createMemo() };
  let latent = initialLatent(run);
  const outside = resizeToLatent(outsideMask(run.regions.map(({ mask }) => mask)), latent);
  const noiseOf = (seed: bigint, like: Latent): Tensor =>
    variedNoise(run.regions, randomNoise(seed).generate(like));

  const continuesNoise = run.baseOnlySteps > 0 && run.secondSeedMode === 'ignore';
  if (run.baseOnlySteps > 0) {
    run.beforePass?.({ step: firstStep, pass: 0 });
    const baseOnly: BaseRange = {
      startAtStep: firstStep,
      endAtStep: firstRegionalStep,
      addNoise: true,
      returnWithLeftoverNoise: continuesNoise,
      noise: noiseOf(run.seed, latent),
    };
    const withoutRecovery = { ...run, recovery: { ...run.recovery, mode: 'DISABLE' } as const };
    latent = await sampleBase(withoutRecovery, latent, baseOnly);
    run.afterPass?.({ step: firstStep, pass: 0, latent });
  }
  const regional = { ...run, seed: secondSeedOf(run) };
  const steps: RegionalSteps = {
    startAtStep: firstRegionalStep,
    endAtStep: wholeSteps,
    addNoise: !continuesNoise,
    noise: continuesNoise ? undefined : noiseOf(regional.seed, latent),
    noiseEachStep: true,
  };
  const sampled = await sampleSteps(regional, latent, outside, steps);
  if (run.restoreLatent) return withoutMask(sampled);
  const last: BaseRange = {
    startAtStep: wholeSteps,
    endAtStep: wholeSteps + 1,
    addNoise: false,
    returnWithLeftoverNoise: false,
  };
  return withoutMask(await sampleBase(regional, { ...sampled, noise_mask: outside }, last));
}

const initialLatent = ({ latent, base: { model } }: RegionalRun): Latent =>
  fitEmptyLatent(latent, model.latentFormat);

/** Resizes a mask to the latent's size, so that the samplers need not do it in each step. */
const resizeToLatent = (mask: Tensor, { samples: { shape } }: Latent): Tensor =>
  resizeMask(mask, { width: shape.at(-1)!, height: shape.at(-2)! });

/** Samples the steps one by one: base, then regions. Returns the latent with leftover noise. */
async function sampleSteps(
  run: RegionalRun,
  initial: Latent,
  outside: Tensor,
  { startAtStep, endAtStep, addNoise, noise, noiseEachStep }: RegionalSteps,
): Promise<Latent> {
  const masks = run.regions.map(({ mask }) =>
    resizeToLatent(erosionMask(mask, run.overlap), initial),
  );
  const { seed, steps, rules, signal, warn, onStep, memo } = run;
  let latent = initial;
  for (let step = startAtStep; step < endAtStep; step++) {
    const range = { startAtStep: step, endAtStep: step + 1, returnWithLeftoverNoise: true };
    const isFirst = step === startAtStep;
    run.beforePass?.({ step, pass: 0 });
    latent = await sampleBase(
      run,
      { ...latent, noise_mask: outside },
      {
        ...range,
        addNoise: addNoise && isFirst,
        noise: isFirst || noiseEachStep ? noise : undefined,
      },
    );
    run.afterPass?.({ step, pass: 0, latent });
    for (const [i, region] of run.regions.entries()) {
      run.beforePass?.({ step, pass: i + 1 });
      const masked = { ...latent, noise_mask: masks[i] };
      const sampled = await sampleWithRecovery(
        region.sampler,
        {
          ...range,
          seed,
          steps,
          latent: masked,
          addNoise: false,
          rules,
          signal,
          warn,
          onStep,
          memo,
        },
        run.recovery,
      );
      run.afterPass?.({ step, pass: i + 1, latent: sampled });
      latent = run.restoreLatent
        ? {
            ...latent,
            samples: compositeMasked(latent.samples, sampled.samples, { mask: masks[i] }),
          }
        : sampled;
    }
  }
  return latent;
}

function sampleBase(run: RegionalRun, latent: Latent, range: BaseRange): Promise<Latent> {
  const { seed, steps, rules, signal, warn, onStep, memo } = run;
  return sampleWithRecovery(
    run.base,
    { ...range, seed, steps, latent, rules, signal, warn, onStep, memo },
    run.recovery,
  );
}

const variedNoise = (regions: readonly RegionalPrompt[], noise: Tensor): Tensor =>
  regions.reduce(
    (varied, { mask, variation }) => (variation ? varyNoise(varied, mask, variation) : varied),
    noise,
  );

/**
 * A mask [H,W] that is 1 outside all regions. Every value above 0 counts as a region's, soft edges
 * included. Throws DR_INPUT_INVALID without regions, DR_SHAPE_MISMATCH for masks of several sizes.
 */
export function outsideMask(regions: readonly Tensor[]): Tensor {
  const masks = regions.map(squeezeMask);
  if (masks.length === 0)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'there is no regional prompt',
      hint: 'Connect at least one RegionalPrompt.',
      input: 'regional_prompts',
    });
  const [first] = masks;
  for (const { shape } of masks)
    if (shape.join() !== first.shape.join())
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `the masks of regions differ in size: [${first.shape}] and [${shape}]`,
        hint: 'Make all masks the same size.',
        input: 'regional_prompts',
      });
  const outside = full(first.shape, 1);
  for (const { data } of masks)
    for (let i = 0; i < data.length; i++) if (Math.ceil(data[i]) !== 0) outside.data[i] = 0;
  return outside;
}

function withoutMask({ noise_mask: _, ...latent }: Latent): Latent {
  return latent;
}
