// Samplers and schedules as values, for nodes that sample with them. Source: Impact Pack
// special_samplers.py, impact_pack.py (ImpactSchedulerAdapter).

import { NO_NEGATIVE, type StepSampler } from '../../../../sampling/runs/step-range.ts';
import { SAMPLER_NAMES } from '../../../../sampling/samplers/index.ts';
import { IMPACT_SCHEDULERS } from '../../../../sampling/schedules/impact-schedules.ts';
import { SCHEDULERS } from '../../../../sampling/schedules/schedules.ts';
import { gitsSigmas } from '../../../../sampling/schedules/tabulated.ts';
import type { DenoiseSampler } from '../../../../segs/hooks.ts';
import { combo, defineNode, float, int, output, outputs, seed, socket } from '../../../declare.ts';
import { schedulerFunc } from '../impact-inputs.ts';

const STEPS = { default: 20, min: 1, max: 10000 } as const;
const CFG = { default: 8, min: 0, max: 100 } as const;
const tips = {
  seed: 'The seed of the noise.',
  steps: 'Number of steps of the whole schedule.',
  cfg: 'How closely the image follows the prompt.',
  sampler: 'The sampling algorithm.',
  scheduler: 'How the noise level falls from step to step.',
  pipe: 'The model and the prompts.',
} as const;

const KSamplerProvider = defineNode({
  type: 'KSamplerProvider',
  display: 'KSamplerProvider',
  category: 'ImpactPack/Sampler',
  description:
    'A sampler with its model, prompts, seed and denoise, for nodes that sample a whole latent.',
  inputs: {
    seed: seed({ tooltip: tips.seed }),
    steps: int({ ...STEPS, tooltip: tips.steps }),
    cfg: float({ ...CFG, tooltip: tips.cfg }),
    sampler_name: combo(SAMPLER_NAMES, { tooltip: tips.sampler }),
    scheduler: combo(IMPACT_SCHEDULERS, { tooltip: tips.scheduler }),
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Share of the schedule that is run; below 1, the latent keeps some of its content.',
    }),
    basic_pipe: socket('BASIC_PIPE', { tooltip: tips.pipe }),
    ...schedulerFunc,
  },
  outputs: [{ ...output('KSAMPLER'), tooltip: 'The sampler.' }],
  run: ({
    basic_pipe: { model, positive, negative },
    sampler_name,
    scheduler_func_opt,
    ...settings
  }) =>
    outputs({
      ...settings,
      model,
      positive,
      negative,
      samplerName: sampler_name,
      schedulerFunc: scheduler_func_opt,
    } satisfies DenoiseSampler),
});

const KSamplerAdvancedProvider = defineNode({
  type: 'KSamplerAdvancedProvider',
  display: 'KSamplerAdvancedProvider',
  category: 'ImpactPack/Sampler',
  description:
    'A sampler with its model and prompts, for nodes that sample step by step and set the seed ' +
    'and the steps.',
  inputs: {
    cfg: float({ ...CFG, tooltip: tips.cfg }),
    sampler_name: combo(SAMPLER_NAMES, { tooltip: tips.sampler }),
    scheduler: combo(IMPACT_SCHEDULERS, { tooltip: tips.scheduler }),
    sigma_factor: float({
      default: 1,
      min: 0,
      max: 10,
      step: 0.01,
      tooltip: 'Factor on all sigmas.',
    }),
    basic_pipe: socket('BASIC_PIPE', { tooltip: tips.pipe }),
    sampler_opt: socket('SAMPLER', {
      optional: true,
      tooltip: 'A sampler with its options, which replaces the named one.',
    }),
    ...schedulerFunc,
  },
  outputs: [{ ...output('KSAMPLER_ADVANCED'), tooltip: 'The sampler, also for a RegionalPrompt.' }],
  run: ({
    basic_pipe: { model, positive, negative },
    cfg,
    scheduler,
    sampler_name,
    sigma_factor,
    sampler_opt,
    scheduler_func_opt,
  }) =>
    outputs({
      model,
      positive,
      negative,
      cfg,
      scheduler,
      samplerName: sampler_name,
      sigmaFactor: sigma_factor,
      configuredSampler: sampler_opt,
      schedulerFunc: scheduler_func_opt,
    } satisfies StepSampler),
});

const GITSSchedulerFuncProvider = defineNode({
  type: 'GITSSchedulerFuncProvider',
  display: 'GITSScheduler Func Provider',
  category: 'ImpactPack/sampling',
  description: 'The GITS schedule, for any number of steps.',
  inputs: {
    coeff: float({
      default: 1.2,
      min: 0.8,
      max: 1.5,
      step: 0.05,
      tooltip: 'Larger values place more small steps at the end.',
    }),
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Share of the steps that is run, at the end of the schedule.',
    }),
  },
  outputs: [{ ...output('SCHEDULER_FUNC'), tooltip: 'Replaces a named schedule.' }],
  run: ({ coeff, denoise }) =>
    outputs((_model: unknown, _sampler: string, steps: number) =>
      gitsSigmas(coeff, steps, denoise),
    ),
});

/** The option of extra_scheduler that selects `scheduler`. */
const NO_EXTRA = 'None';

const ImpactSchedulerAdapter = defineNode({
  type: 'ImpactSchedulerAdapter',
  display: 'Impact Scheduler Adapter',
  category: 'ImpactPack/Util',
  description:
    "A scheduler's name for nodes of the Impact Pack: one of ComfyUI's, or one of the pack's own.",
  inputs: {
    scheduler: combo(SCHEDULERS),
    extra_scheduler: combo(
      [NO_EXTRA, ...IMPACT_SCHEDULERS.filter((name) => !SCHEDULERS.includes(name))],
      {
        tooltip: 'Replaces the scheduler unless it is None.',
      },
    ),
  },
  outputs: [output('COMBO', 'scheduler')],
  run: ({ scheduler, extra_scheduler }) =>
    outputs(extra_scheduler === NO_EXTRA ? scheduler : extra_scheduler),
});

const ImpactNegativeConditioningPlaceholder = defineNode({
  type: 'ImpactNegativeConditioningPlaceholder',
  display: 'Negative Cond Placeholder',
  category: 'ImpactPack/sampling',
  description: 'A placeholder for a missing negative prompt: only the positive side is evaluated.',
  inputs: {},
  outputs: [output('CONDITIONING')],
  run: () => outputs(NO_NEGATIVE),
});

export const PROVIDER_NODES = [
  KSamplerProvider,
  KSamplerAdvancedProvider,
  GITSSchedulerFuncProvider,
  ImpactSchedulerAdapter,
  ImpactNegativeConditioningPlaceholder,
];
