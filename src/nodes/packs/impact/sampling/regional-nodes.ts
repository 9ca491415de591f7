// Prompts for regions. Source: Impact Pack special_samplers.py (RegionalPrompt, RegionalSampler,
// RegionalSamplerAdvanced, TwoAdvancedSamplersForMask).

import { VARIATION_METHODS } from '../../../../sampling/noise/variation.ts';
import { RECOVERY_MODES } from '../../../../sampling/runs/recovery.ts';
import {
  type RegionalPrompt as RegionalPromptValue,
  type RegionalRun,
  SECOND_SEED_MODES,
  sampleRegions,
  sampleRegionsAdvanced,
} from '../../../../sampling/runs/regional.ts';
import type { Latent, SamplingHooks } from '../../../../sampling/sampling-types.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  numberedInputs,
  output,
  outputs,
  seed,
  socket,
} from '../../../declare.ts';
import type { InputValues } from '../../../input-types.ts';
import { regionalProgress, reportRegionalEnd, warnAboutSoftMasks } from './regional-progress.ts';

const CATEGORY = 'ImpactPack/Regional';
const PLAIN_SEED = { control_after_generate: false } as const;

const RegionalPrompt = defineNode({
  type: 'RegionalPrompt',
  display: 'RegionalPrompt',
  category: CATEGORY,
  description: 'A region of the image with its own sampler and prompts.',
  inputs: {
    mask: socket('MASK', { tooltip: 'The region.' }),
    advanced_sampler: socket('KSAMPLER_ADVANCED', { tooltip: 'Samples the region.' }),
    variation_seed: seed({
      ...PLAIN_SEED,
      optional: true,
      tooltip: 'Seed of the variation noise for the region.',
    }),
    variation_strength: float({
      default: 0,
      min: 0,
      max: 1,
      step: 0.01,
      optional: true,
      tooltip: 'Share of the variation noise.',
    }),
    variation_method: combo(VARIATION_METHODS, {
      optional: true,
      tooltip: 'How the two noises are blended.',
    }),
  },
  outputs: [
    { ...output('REGIONAL_PROMPTS'), tooltip: 'For RegionalSampler and CombineRegionalPrompts.' },
  ],
  run({
    mask,
    advanced_sampler,
    variation_seed = 0n,
    variation_strength = 0,
    variation_method = 'linear',
  }) {
    const variation = {
      seed: variation_seed,
      strength: variation_strength,
      method: variation_method,
    };
    return outputs([
      { mask, sampler: advanced_sampler, variation },
    ] satisfies RegionalPromptValue[]);
  },
});

const CombineRegionalPrompts = defineNode({
  type: 'CombineRegionalPrompts',
  display: 'CombineRegionalPrompts',
  category: CATEGORY,
  inputs: {
    regional_prompts1: socket('REGIONAL_PROMPTS', {
      tooltip: 'A region. Each connection adds another input.',
    }),
  },
  dynamicInputs: { pattern: /^regional_prompts\d+$/, input: socket('REGIONAL_PROMPTS') },
  outputs: [
    {
      ...output('REGIONAL_PROMPTS'),
      tooltip: 'All regions; later ones are sampled after earlier ones.',
    },
  ],
  run: (inputs) =>
    outputs(
      numberedInputs<readonly RegionalPromptValue[]>(inputs, 'regional_prompts').flatMap(
        ([, regions]) => regions,
      ),
    ),
});

const overlapFactor = int({
  default: 10,
  min: 0,
  max: 10000,
  tooltip: 'Latent cells by which each region grows, so that seams blend.',
});
const restoreLatent = boolean({
  default: true,
  label_on: 'enabled',
  label_off: 'disabled',
  tooltip:
    'Restores the latent outside of a region after each of its steps. Otherwise the regions ' +
    'build on each other.',
});

const RECOVERY_SAMPLERS = [
  'AUTO',
  'euler',
  'heun',
  'heunpp2',
  'dpm_2',
  'dpm_fast',
  'dpmpp_2m',
  'ddpm',
] as const;

const recoveryInputs = {
  additional_mode: combo(RECOVERY_MODES, {
    default: 'ratio between',
    tooltip:
      'SDE samplers and uni_pc leave a masked region noisy, which a second sampler corrects in ' +
      'each step. DISABLE: no correction. ratio additional: after the step. ratio between: both ' +
      'share the sigmas of the step.',
  }),
  additional_sampler: combo(RECOVERY_SAMPLERS, {
    tooltip: 'The second sampler. AUTO: dpm_fast or dpmpp_2m, depending on the first one.',
  }),
  additional_sigma_ratio: float({
    default: 0.3,
    min: 0,
    max: 1,
    step: 0.01,
    tooltip: "The second sampler's share of each sigma.",
  }),
};

const recoveryOf = (inputs: InputValues<typeof recoveryInputs>): RegionalRun['recovery'] => ({
  mode: inputs.additional_mode,
  samplerName: inputs.additional_sampler,
  ratio: inputs.additional_sigma_ratio,
});

/** The settings of a regional run without the sampling hooks. */
type RegionalSettings = Omit<
  Parameters<typeof sampleRegions>[0],
  keyof SamplingHooks | 'beforePass' | 'afterPass'
>;

async function sampleInRegions(settings: RegionalSettings, context: NodeContext): Promise<Latent> {
  const { regions, steps, denoise, baseOnlySteps } = settings;
  const start = Math.trunc(steps / denoise) - steps;
  const passes =
    (baseOnlySteps > 0 ? 1 : 0) + Math.max(0, steps - baseOnlySteps) * (regions.length + 1);
  warnAboutSoftMasks(regions, context);
  const hooks = regionalProgress(context, {
    regions,
    start,
    count: steps,
    shownStep: (step) => step,
    shownTotal: steps,
    passes,
  });
  const latent = await sampleRegions({ ...settings, ...hooks });
  reportRegionalEnd(context, steps);
  return latent;
}

const RegionalSampler = defineNode({
  type: 'RegionalSampler',
  display: 'RegionalSampler',
  category: CATEGORY,
  description:
    'Samples a latent with the base sampler alone for some steps, then with the base outside all ' +
    'regions and with each region inside its mask.',
  inputs: {
    seed: seed({ tooltip: 'The seed of the noise.' }),
    seed_2nd: seed({
      ...PLAIN_SEED,
      tooltip: 'Seed of new noise for the regions, depending on seed_2nd_mode.',
    }),
    seed_2nd_mode: combo(SECOND_SEED_MODES, {
      tooltip:
        'ignore: the regions continue with the noise that the base left. Otherwise the base ' +
        'removes all noise, and new noise is added: of seed_2nd (fixed, and also increment, ' +
        'decrement and randomize), or of the sum or the difference of both seeds.',
    }),
    steps: int({ default: 20, min: 1, max: 10000, tooltip: 'Number of steps.' }),
    base_only_steps: int({
      default: 2,
      min: 0,
      max: 10000,
      tooltip: 'Steps of the base sampler before the regions start.',
    }),
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Share of the schedule that is run; below 1, the latent keeps some of its content.',
    }),
    samples: socket('LATENT', { tooltip: 'The latent to start from.' }),
    base_sampler: socket('KSAMPLER_ADVANCED', { tooltip: 'Samples outside all regions.' }),
    regional_prompts: socket('REGIONAL_PROMPTS', { tooltip: 'The regions.' }),
    overlap_factor: overlapFactor,
    restore_latent: restoreLatent,
    ...recoveryInputs,
  },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [{ ...output('LATENT'), tooltip: 'The sampled latent.' }],
  run: async (
    { seed, steps, denoise, samples, base_sampler, regional_prompts, ...inputs },
    context,
  ) =>
    outputs(
      await sampleInRegions(
        {
          seed,
          steps,
          denoise,
          latent: samples,
          base: base_sampler,
          regions: regional_prompts,
          secondSeed: inputs.seed_2nd,
          secondSeedMode: inputs.seed_2nd_mode,
          baseOnlySteps: inputs.base_only_steps,
          overlap: inputs.overlap_factor,
          restoreLatent: inputs.restore_latent,
          recovery: recoveryOf(inputs),
        },
        context,
      ),
    ),
});

const switched = { label_on: 'enabled', label_off: 'disabled' } as const;

const RegionalSamplerAdvanced = defineNode({
  type: 'RegionalSamplerAdvanced',
  display: 'RegionalSamplerAdvanced',
  category: CATEGORY,
  description:
    'In each step of a range, samples with the base outside all regions, then with each region ' +
    'inside its mask.',
  inputs: {
    add_noise: boolean({
      default: true,
      ...switched,
      tooltip: 'Adds noise of the seed before the first step.',
    }),
    noise_seed: seed({ tooltip: 'The seed of the noise.' }),
    steps: int({
      default: 20,
      min: 1,
      max: 10000,
      tooltip: 'Number of steps of the whole schedule.',
    }),
    start_at_step: int({ default: 0, min: 0, max: 10000, tooltip: 'The first step.' }),
    end_at_step: int({
      default: 10000,
      min: 0,
      max: 10000,
      tooltip: 'Sampling stops before this step.',
    }),
    overlap_factor: overlapFactor,
    restore_latent: restoreLatent,
    return_with_leftover_noise: boolean({
      default: false,
      ...switched,
      tooltip: 'Keeps the noise that later steps would remove.',
    }),
    latent_image: socket('LATENT', { tooltip: 'The latent to start from.' }),
    base_sampler: socket('KSAMPLER_ADVANCED', { tooltip: 'Samples outside all regions.' }),
    regional_prompts: socket('REGIONAL_PROMPTS', { tooltip: 'The regions.' }),
    ...recoveryInputs,
  },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [{ ...output('LATENT'), tooltip: 'The sampled latent.' }],
  async run({ steps, start_at_step: start, regional_prompts: regions, ...inputs }, context) {
    const end = Math.min(steps, inputs.end_at_step);
    const passes = Math.max(0, end - 1 - start) * (regions.length + 1);
    // as in the original, which adds the first step twice
    const shownStep = (step: number): number => start + step;
    warnAboutSoftMasks(regions, context);
    const latent = await sampleRegionsAdvanced({
      steps,
      startAtStep: start,
      endAtStep: end,
      regions,
      seed: inputs.noise_seed,
      base: inputs.base_sampler,
      latent: inputs.latent_image,
      addNoise: inputs.add_noise,
      returnWithLeftoverNoise: inputs.return_with_leftover_noise,
      overlap: inputs.overlap_factor,
      restoreLatent: inputs.restore_latent,
      recovery: recoveryOf(inputs),
      ...regionalProgress(context, {
        regions,
        start,
        count: end - start,
        shownStep,
        shownTotal: end,
        passes,
      }),
    });
    reportRegionalEnd(context, end);
    return outputs(latent);
  },
});

const TwoAdvancedSamplersForMask = defineNode({
  type: 'TwoAdvancedSamplersForMask',
  display: 'TwoAdvancedSamplersForMask',
  category: 'ImpactPack/Sampler',
  description:
    'A RegionalSampler with the mask as its only region: one step of the base alone, ' +
    'then both in each step.',
  inputs: {
    seed: seed({ tooltip: 'The seed of the noise.' }),
    steps: int({ default: 20, min: 1, max: 10000, tooltip: 'Number of steps.' }),
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Share of the schedule that is run; below 1, the latent keeps some of its content.',
    }),
    samples: socket('LATENT', { tooltip: 'The latent to start from.' }),
    base_sampler: socket('KSAMPLER_ADVANCED', { tooltip: 'Samples outside the mask.' }),
    mask_sampler: socket('KSAMPLER_ADVANCED', { tooltip: 'Samples inside the mask.' }),
    mask: socket('MASK', { tooltip: 'The region.' }),
    overlap_factor: overlapFactor,
  },
  outputs: [{ ...output('LATENT'), tooltip: 'The sampled latent.' }],
  run: async (
    { seed, steps, denoise, samples, base_sampler, mask_sampler, mask, overlap_factor },
    context,
  ) =>
    outputs(
      await sampleInRegions(
        {
          seed,
          steps,
          denoise,
          latent: samples,
          base: base_sampler,
          regions: [{ mask, sampler: mask_sampler }],
          secondSeed: 0n,
          secondSeedMode: 'ignore',
          baseOnlySteps: 1,
          overlap: overlap_factor,
          restoreLatent: true,
          recovery: { mode: 'ratio between', samplerName: 'AUTO', ratio: 0.3 },
        },
        context,
      ),
    ),
});

export const REGIONAL_NODES = [
  RegionalPrompt,
  CombineRegionalPrompts,
  RegionalSampler,
  RegionalSamplerAdvanced,
  TwoAdvancedSamplersForMask,
];
