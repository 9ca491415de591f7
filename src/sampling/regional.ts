// A prompt per region, step by step (Impact Pack special_samplers.py: RegionalSampler, RegionalSamplerAdvanced): in each step the base sampler
// works outside of all regions, then every region's sampler in its own mask.
import { DarkroomError } from '../errors.ts';
import { composite } from '../image/composite.ts';
import { erosionMask, squeezeMask } from '../image/morphology.ts';
import { full, type Tensor } from '../tensor/tensor.ts';
import { randomNoise } from './custom.ts';
import { withModelChannels } from './ksampler.ts';
import { type Recovery, type StepSampler, sampleWithRecovery } from './step-range.ts';
import type { Latent, SamplingHooks } from './types.ts';
import { type Variation, varyNoise } from './variation.ts';

/** What a REGIONAL_PROMPTS socket carries a list of. */
export interface RegionalPrompt {
  /** Any shape that squeezes to [H,W]; all that is above 0 belongs to the region. */
  readonly mask: Tensor;
  readonly sampler: StepSampler;
  /** A change of the initial noise inside of the region. */
  readonly variation?: Variation;
}

/** A part of the run that is done: in `step` the base (part 0) or a region (1, 2 …); with the latent then. */
export interface RegionalPart {
  readonly step: number;
  readonly part: number;
  readonly latent: Latent;
}

export interface RegionalRun extends Pick<SamplingHooks, 'signal' | 'warn'> {
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
  readonly onPart?: (part: RegionalPart) => void;
}

interface RegionalSteps {
  readonly start: number;
  readonly end: number;
  readonly addNoise: boolean;
  /** Draws the noise of the first step. */
  readonly noise?: (latent: Latent) => Tensor;
}

export interface AdvancedRegionalRun extends RegionalRun {
  readonly start: number;
  readonly end: number;
  readonly addNoise: boolean;
  readonly leftoverNoise: boolean;
}

/** RegionalSamplerAdvanced. With `restoreLatent` the last step is never seen in the result (the original makes it and throws it away). */
export async function sampleRegionsAdvanced(run: AdvancedRegionalRun): Promise<Latent> {
  const outside = outsideMask(run.regions.map(({ mask }) => mask));
  const end = Math.min(run.steps, run.end);
  const first = { ...run.latent, samples: withModelChannels(run.latent.samples, run.base.model.latentFormat.channels) };
  const latent = await regionalSteps(run, first, outside, { start: run.start, end: end - 1, addNoise: run.addNoise });
  if (run.restoreLatent) return withoutMask(latent);
  const last = await base(run, { ...latent, noise_mask: outside }, end - 1, end, { leftoverNoise: run.leftoverNoise });
  return withoutMask(last);
}

/** What the second seed does, for RegionalSampler; the not yet implemented modes of the original are `fixed`. */
export const SECOND_SEED = ['ignore', 'fixed', 'seed+seed_2nd', 'seed-seed_2nd', 'increment', 'decrement', 'randomize'] as const;
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
  if (secondSeedMode === 'seed+seed_2nd') return seed + secondSeed > SEED_SPAN ? seed + secondSeed - SEED_SPAN : seed + secondSeed;
  if (secondSeedMode === 'seed-seed_2nd') return seed - secondSeed < 0n ? seed - secondSeed + SEED_SPAN : seed - secondSeed;
  return secondSeed;
}

/** RegionalSampler: the base alone for some steps, then base and regions for the rest. */
export async function sampleRegions(run: DenoisingRegionalRun): Promise<Latent> {
  const outside = outsideMask(run.regions.map(({ mask }) => mask));
  const total = Math.trunc(run.steps / run.denoise);
  const start = total - run.steps;
  const begun = start + run.baseOnlySteps;
  const whole = { ...run, steps: total };
  const noiseOf = (seed: bigint) => (latent: Latent) => variedNoise(run.regions, randomNoise(seed).make(latent));

  let latent: Latent = { ...run.latent, samples: withModelChannels(run.latent.samples, run.base.model.latentFormat.channels) };
  const leftoverNoise = run.baseOnlySteps > 0 && run.secondSeedMode === 'ignore';
  if (run.baseOnlySteps > 0)
    latent = await sampleWithRecovery(
      run.base,
      {
        seed: run.seed,
        steps: total,
        latent,
        start,
        end: begun,
        addNoise: true,
        leftoverNoise,
        noise: noiseOf(run.seed)(latent),
        signal: run.signal,
        warn: run.warn,
      },
      { ...run.recovery, mode: 'DISABLE' },
    );
  const seed = secondSeedOf(run);
  const rest = { start: begun, end: total, addNoise: !leftoverNoise, noise: leftoverNoise ? undefined : noiseOf(seed) };
  const sampled = await regionalSteps({ ...whole, seed }, latent, outside, rest);
  if (run.restoreLatent) return withoutMask(sampled);
  return withoutMask(await base({ ...whole, seed }, { ...sampled, noise_mask: outside }, total, total + 1, { leftoverNoise: false }));
}

/** Steps of base and regions, all with the noise of the next step left over. */
async function regionalSteps(
  run: RegionalRun,
  first: Latent,
  outside: Tensor,
  { start, end, addNoise, noise }: RegionalSteps,
): Promise<Latent> {
  const masks = run.regions.map(({ mask }) => erosionMask(mask, run.overlap));
  const drawn = noise ?? ((latent: Latent) => variedNoise(run.regions, randomNoise(run.seed).make(latent)));
  let latent = first;
  for (let step = start; step < end; step++) {
    const noisy = addNoise && step === start;
    latent = await base(run, { ...latent, noise_mask: outside }, step, step + 1, {
      leftoverNoise: true,
      addNoise: noisy,
      noise: noisy ? drawn(latent) : undefined,
    });
    run.onPart?.({ step, part: 0, latent });
    for (const [i, region] of run.regions.entries()) {
      const sampled = await sampleWithRecovery(
        region.sampler,
        {
          seed: run.seed,
          steps: run.steps,
          latent: { ...latent, noise_mask: masks[i] },
          start: step,
          end: step + 1,
          addNoise: false,
          leftoverNoise: true,
          signal: run.signal,
          warn: run.warn,
        },
        run.recovery,
      );
      run.onPart?.({ step, part: i + 1, latent: sampled });
      latent = run.restoreLatent ? { ...latent, samples: composite(latent.samples, sampled.samples, 0, 0, masks[i]) } : sampled;
    }
  }
  return latent;
}

function base(
  run: RegionalRun,
  latent: Latent,
  start: number,
  end: number,
  { leftoverNoise, addNoise = false, noise }: { leftoverNoise: boolean; addNoise?: boolean; noise?: Tensor },
): Promise<Latent> {
  const { seed, steps, signal, warn } = run;
  return sampleWithRecovery(run.base, { seed, steps, latent, start, end, addNoise, leftoverNoise, noise, signal, warn }, run.recovery);
}

const variedNoise = (regions: readonly RegionalPrompt[], noise: Tensor): Tensor =>
  regions.reduce((varied, { mask, variation }) => (variation ? varyNoise(varied, mask, variation) : varied), noise);

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
  for (const { data } of masks) for (let i = 0; i < data.length; i++) if (Math.ceil(data[i]) !== 0) outside.data[i] = 0;
  return outside;
}

/** Says once that a region's mask has soft edges, which count as inside. */
export const isSoft = (mask: Tensor): boolean => mask.data.some((value) => value > 0 && value < 1);

function withoutMask({ noise_mask: _, ...latent }: Latent): Latent {
  return latent;
}
