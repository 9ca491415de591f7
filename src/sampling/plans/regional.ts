// A prompt per region, step by step (Impact Pack special_samplers.py: RegionalSampler, RegionalSamplerAdvanced): in each step the base sampler
// works outside of all regions, then every region's sampler in its own mask.
import { DarkroomError } from '../../errors.ts';
import { composite } from '../../image/compose/composite.ts';
import { erosionMask, squeezeMask } from '../../image/mask/impact-mask-morphology.ts';
import { resizeMask } from '../../image/resize/common-upscale.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import { type Keep, keeper } from '../memo.ts';
import { type Variation, varyNoise } from '../noise/variation.ts';
import type { Latent, SamplingHooks } from '../sampling-types.ts';
import { randomNoise } from './custom.ts';
import { withModelChannels } from './ksampler.ts';
import {
  aboveZero,
  type Recovery,
  type StepRange,
  type StepSampler,
  sampleWithRecovery,
} from './step-range.ts';

/** What a REGIONAL_PROMPTS socket carries a list of. */
export interface RegionalPrompt {
  /** Any shape that squeezes to [H,W]; all that is above 0 belongs to the region. */
  readonly mask: Tensor;
  readonly sampler: StepSampler;
  /** A change of the initial noise inside of the region. */
  readonly variation?: Variation;
}

/** A part of the run: in `step` of the whole schedule the base (part 0) or a region (1, 2 …). */
export interface RegionalPart {
  readonly step: number;
  readonly part: number;
}

export interface RegionalRun extends SamplingHooks {
  readonly base: StepSampler;
  readonly regions: readonly RegionalPrompt[];
  readonly seed: bigint;
  /** Steps of the whole schedule. */
  readonly steps: number;
  readonly latent: Latent;
  /** Cells that a region's mask grows by. */
  readonly overlap: number;
  /** Outside of its mask a region's work is undone; else the regions work on one after another. */
  readonly restoreLatent: boolean;
  readonly recovery: Recovery;
  /** Before each part; none for what is thrown away. */
  readonly beforePart?: (part: RegionalPart) => void;
  /** After each part, with the latent then. */
  readonly onPart?: (part: RegionalPart & { readonly latent: Latent }) => void;
  /** What the parts share; a keeper of the run's own unless given. */
  readonly keep?: Keep;
}

interface RegionalSteps {
  readonly start: number;
  readonly end: number;
  readonly addNoise: boolean;
  /** The base's noise: for its first step, or as RegionalSampler has it for every one. */
  readonly noise?: Tensor;
  readonly noiseEachStep?: boolean;
}

export interface AdvancedRegionalRun extends RegionalRun {
  readonly start: number;
  readonly end: number;
  readonly addNoise: boolean;
  readonly leftoverNoise: boolean;
}

/** RegionalSamplerAdvanced. With `restoreLatent` the last step is never seen in the result (the original makes it and throws it away).
 *  Throws DR_INPUT_INVALID, DR_SHAPE_MISMATCH for regions, and what sampleRange throws. */
export async function sampleRegionsAdvanced(given: AdvancedRegionalRun): Promise<Latent> {
  const run = { ...given, keep: given.keep ?? keeper() };
  const first = startOf(run);
  const outside = fitted(outsideMask(run.regions.map(({ mask }) => mask)), first);
  const end = Math.min(run.steps, run.end);
  const noise =
    run.addNoise && run.start < end - 1
      ? variedNoise(run.regions, randomNoise(run.seed).make(first))
      : undefined;
  const latent = await regionalSteps(run, first, outside, {
    start: run.start,
    end: end - 1,
    addNoise: run.addNoise,
    noise,
  });
  if (run.restoreLatent) return withoutMask(latent);
  run.beforePart?.({ step: end - 1, part: 0 });
  const last = { start: end - 1, end, leftoverNoise: run.leftoverNoise, addNoise: false };
  return withoutMask(await base(run, { ...latent, noise_mask: outside }, last));
}

/** What the second seed does, for RegionalSampler; the not yet implemented modes of the original are `fixed`. */
export const SECOND_SEED = [
  'ignore',
  'fixed',
  'seed+seed_2nd',
  'seed-seed_2nd',
  'increment',
  'decrement',
  'randomize',
] as const;
export type SecondSeed = (typeof SECOND_SEED)[number];

export interface DenoisingRegionalRun extends RegionalRun {
  /** Above 0, to 1. */
  readonly denoise: number;
  /** Steps that the base makes on the whole latent before the regions begin. */
  readonly baseOnlySteps: number;
  readonly secondSeed: bigint;
  readonly secondSeedMode: SecondSeed;
}

const SEED_SPAN = 1125899906842624n;

function secondSeedOf({ seed, secondSeed, secondSeedMode }: DenoisingRegionalRun): bigint {
  if (secondSeedMode === 'ignore') return seed;
  if (secondSeedMode === 'seed+seed_2nd')
    return seed + secondSeed > SEED_SPAN ? seed + secondSeed - SEED_SPAN : seed + secondSeed;
  if (secondSeedMode === 'seed-seed_2nd')
    return seed - secondSeed < 0n ? seed - secondSeed + SEED_SPAN : seed - secondSeed;
  return secondSeed;
}

/** RegionalSampler: the base alone for some steps, then base and regions for the rest. As in the original, where the regions' part begins with
 *  noise of its own, the base gets that noise again in each of its steps. Throws what sampleRegionsAdvanced throws. */
export async function sampleRegions(given: DenoisingRegionalRun): Promise<Latent> {
  const total = Math.trunc(given.steps / aboveZero(given.denoise));
  const start = total - given.steps;
  const begun = start + given.baseOnlySteps;
  const run = { ...given, steps: total, keep: given.keep ?? keeper() };
  let latent = startOf(run);
  const outside = fitted(outsideMask(run.regions.map(({ mask }) => mask)), latent);
  const noiseOf = (seed: bigint, like: Latent): Tensor =>
    variedNoise(run.regions, randomNoise(seed).make(like));

  const leftoverNoise = run.baseOnlySteps > 0 && run.secondSeedMode === 'ignore';
  if (run.baseOnlySteps > 0) {
    run.beforePart?.({ step: start, part: 0 });
    const first = {
      start,
      end: begun,
      addNoise: true,
      leftoverNoise,
      noise: noiseOf(run.seed, latent),
    };
    latent = await base({ ...run, recovery: { ...run.recovery, mode: 'DISABLE' } }, latent, first);
    run.onPart?.({ step: start, part: 0, latent });
  }
  const second = { ...run, seed: secondSeedOf(run) };
  const noise = leftoverNoise ? undefined : noiseOf(second.seed, latent);
  const rest = { start: begun, end: total, addNoise: !leftoverNoise, noise, noiseEachStep: true };
  const sampled = await regionalSteps(second, latent, outside, rest);
  if (run.restoreLatent) return withoutMask(sampled);
  const last = { start: total, end: total + 1, leftoverNoise: false, addNoise: false };
  return withoutMask(await base(second, { ...sampled, noise_mask: outside }, last));
}

const startOf = ({ latent, base: { model } }: RegionalRun): Latent => ({
  ...latent,
  samples: withModelChannels(latent.samples, model.latentFormat.channels),
});

/** A mask at the latent's size: what every call would make of it. */
const fitted = (mask: Tensor, { samples: { shape } }: Latent): Tensor =>
  resizeMask(mask, shape[3], shape[2]);

/** Steps of base and regions, all with the noise of the next step left over. */
async function regionalSteps(
  run: RegionalRun,
  first: Latent,
  outside: Tensor,
  { start, end, addNoise, noise, noiseEachStep }: RegionalSteps,
): Promise<Latent> {
  const masks = run.regions.map(({ mask }) => fitted(erosionMask(mask, run.overlap), first));
  const { seed, steps, signal, warn, onStep, keep } = run;
  let latent = first;
  for (let step = start; step < end; step++) {
    run.beforePart?.({ step, part: 0 });
    const begins = step === start;
    latent = await base(
      run,
      { ...latent, noise_mask: outside },
      {
        start: step,
        end: step + 1,
        leftoverNoise: true,
        addNoise: addNoise && begins,
        noise: begins || noiseEachStep ? noise : undefined,
      },
    );
    run.onPart?.({ step, part: 0, latent });
    for (const [i, region] of run.regions.entries()) {
      run.beforePart?.({ step, part: i + 1 });
      const sampled = await sampleWithRecovery(
        region.sampler,
        {
          seed,
          steps,
          latent: { ...latent, noise_mask: masks[i] },
          start: step,
          end: step + 1,
          addNoise: false,
          leftoverNoise: true,
          signal,
          warn,
          onStep,
          keep,
        },
        run.recovery,
      );
      run.onPart?.({ step, part: i + 1, latent: sampled });
      latent = run.restoreLatent
        ? { ...latent, samples: composite(latent.samples, sampled.samples, 0, 0, masks[i]) }
        : sampled;
    }
  }
  return latent;
}

type BaseRange = Pick<StepRange, 'start' | 'end' | 'leftoverNoise' | 'addNoise' | 'noise'>;

function base(run: RegionalRun, latent: Latent, range: BaseRange): Promise<Latent> {
  const { seed, steps, signal, warn, onStep, keep } = run;
  return sampleWithRecovery(
    run.base,
    { ...range, seed, steps, latent, signal, warn, onStep, keep },
    run.recovery,
  );
}

const variedNoise = (regions: readonly RegionalPrompt[], noise: Tensor): Tensor =>
  regions.reduce(
    (varied, { mask, variation }) => (variation ? varyNoise(varied, mask, variation) : varied),
    noise,
  );

/** 1 where no region is, [H,W]. Any value above 0 counts as a region's, soft edges too. Throws DR_INPUT_INVALID, DR_SHAPE_MISMATCH. */
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
        message: `the regions' masks are of different sizes: ${first.shape.join('x')} and ${shape.join('x')}`,
        hint: 'Make all masks of one size.',
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
